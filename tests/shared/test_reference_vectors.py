"""The slow references against every vector of their formats."""

from __future__ import annotations

import pytest
import reference
from support.checks import assert_same_events

from .manifest import SHARED, corrupt_rows, empty_rows, exact_rows, options, params, shape_in_file, truth, vector


@pytest.mark.parametrize("row", params(exact_rows()))
def test_reference_gives_the_truth(row):
    events, width, height = reference.decode_file(vector(row), **options(row))
    assert_same_events(events, truth(row))
    assert (width, height) == (shape_in_file(row) or (None, None))


@pytest.mark.parametrize("row", params(empty_rows()))
def test_reference_gives_nothing_when_no_changes_are_stored(row):
    assert len(reference.decode_file(vector(row))[0]) == 0


@pytest.mark.parametrize("row", params([row for row in corrupt_rows() if row["outcome"].startswith("first")]))
def test_reference_gives_whole_events_when_cut(row):
    events, _, _ = reference.decode_file(vector(row))
    assert_same_events(events, truth(row)[: int(row["events"])])


def test_reference_reads_a_real_recording():
    events, width, height = reference.decode_file(SHARED / "recordings" / "evt3_trigger_ros.raw")
    assert (len(events), width, height) == (82469, 1280, 720)
    assert (events["t"][0], events["t"].max(), events["p"].sum()) == (14224870, 15476187, 41439)
