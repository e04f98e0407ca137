"""FileInput against the digests of the real recordings whose formats it reads."""

from __future__ import annotations

import pytest
from checks import assert_same_events, count_in_bounds, digest_txyp, slice_by_running_maximum

import aestream

from .manifest import SHARED, params, recording_rows, shape

ROWS = params([row for row in recording_rows() if row["file"].endswith((".aedat4", ".raw", ".bin"))])


def open_row(row, **more):
    return aestream.FileInput(SHARED / "recordings" / row["file"], cache_index=False, **more)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("threads", [1, 2])
def test_digest_of_all_events(row, threads):
    events = open_row(row, threads=threads).load()
    assert len(events) == int(row["events"])
    assert int(events["p"].sum()) == int(row["on_events"])
    assert (int(events["t"][0]), int(events["t"][-1])) == (int(row["t_first"]), int(row["t_last"]))
    assert digest_txyp(events) == row["digest_txyp"]


@pytest.mark.parametrize("row", ROWS)
def test_metadata_of_the_recording(row):
    file = open_row(row)
    assert file.num_events == int(row["events"])
    assert (file.t_start, file.t_stop) == (int(row["t_first"]), int(row["t_last"]) + 1)
    assert file.shape == (None if file.format == "bin40" else shape(row))


@pytest.mark.parametrize("row", ROWS)
def test_slices_are_parts_of_the_recording(row):
    file = open_row(row)
    events = file.load()
    step = (file.t_stop - file.t_start) // 5
    for start_us in range(file.t_start - step, file.t_stop + step, step):
        got = file.slice(start_us, start_us + 10_000)
        assert_same_events(got, slice_by_running_maximum(events, start_us, start_us + 10_000))


@pytest.mark.parametrize("row", ROWS)
def test_frames_hold_every_in_bounds_event(row):
    file = open_row(row, shape=shape(row))
    total = sum(int(file[i].numpy().sum()) for i in range(len(file)))
    assert total == count_in_bounds(file.load(), file.shape)
