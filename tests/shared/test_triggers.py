"""FileInput.triggers() against the truth of OpenEB's files and of the real recordings."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import aestream

from .manifest import SHARED, recording_rows, vector, vector_rows


def pairs() -> list:
    """(file, truth) of everything whose triggers are known, as pytest parameters."""
    found = []
    for row in vector_rows():
        named = re.search(r"trigger truth: (\S+)", row["note"])
        name = row["truth"] if row["outcome"] == "no CD events; triggers equal the truth" else named and named[1]
        if name and row["format"] != "h5":
            found.append((vector(row), SHARED / "vectors" / name))
    raw = [SHARED / "recordings" / row["file"] for row in recording_rows() if row["file"].endswith(".raw")]
    found += [(path, path.with_suffix(".triggers.npy")) for path in raw]
    return [pytest.param(*pair, id=pair[0].name) for pair in found]


@pytest.mark.parametrize(("path", "truth"), pairs())
def test_triggers_equal_the_truth(path: Path, truth: Path):
    triggers, want = aestream.FileInput(path).triggers(), np.load(truth)
    assert triggers.dtype == aestream.TRIGGER_DTYPE
    assert triggers["t"].tolist() == want["t"].tolist()
    assert triggers["id"].tolist() == want["id"].tolist()
    assert triggers["rising"].tolist() == [p > 0 for p in want["p"]]
