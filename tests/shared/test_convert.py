"""Every sound vector, converted to other formats and read back."""

from __future__ import annotations

import pytest
from support.checks import assert_same_events

import aestream
from aestream.convert import convert

from .manifest import exact_rows, options, params, shape, vector


@pytest.mark.parametrize("target", ["aedat4", "evt2", "npz"])
@pytest.mark.parametrize("row", params(exact_rows()))
def test_converted_vector_holds_the_same_events(tmp_path, row, target):
    file = aestream.FileInput(vector(row), cache_index=False, **options(row))
    if file.shape is None:
        file = aestream.FileInput(vector(row), shape(row) or (1280, 720), cache_index=False, **options(row))
    events, path = file.load(), tmp_path / f"a.{'raw' if target == 'evt2' else target}"
    outside = (events["x"] >= file.shape[0]) | (events["y"] >= file.shape[1])
    if outside.any():
        with pytest.raises(ValueError, match="must be from 0 to"):
            convert(file, path, format=target)
        return
    convert(file, path, format=target)
    assert_same_events(aestream.FileInput(path, cache_index=False).load(), events)
