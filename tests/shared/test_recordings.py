"""FileInput against the digests of the real recordings whose formats it reads."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import reference
from support.checks import assert_same_events, count_in_bounds, digest_txyp, slice_by_running_maximum

import aestream

from .manifest import SHARED, params, recording_rows, shape

SUFFIXES = (".aedat4", ".raw", ".bin", ".bag", ".db3")
NANOSECONDS = [row for row in recording_rows() if "NANOSECONDS" in row["note"]]  # their times and digests
ROWS = params([row for row in recording_rows() if row["file"].endswith(SUFFIXES) and row not in NANOSECONDS])
FOLDERS = params([row for row in recording_rows() if row["file"].endswith(".db3")])


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


def folder(row) -> Path:
    """The bag that the storage file of a row belongs to."""
    return (SHARED / "recordings" / row["file"]).parent


def messages_in_metadata(row) -> int:
    """How many messages the bag says it has."""
    text = (folder(row) / "metadata.yaml").read_text()
    return int(re.search(r"^  message_count: (\d+)", text, re.MULTILINE)[1])


@pytest.mark.parametrize("row", params(NANOSECONDS))
def test_digest_in_nanoseconds(row):
    rows, width, height = reference.ros.decode_file(folder(row))
    exact = {name: np.array(column) for name, column in zip("txyp", zip(*rows, strict=True), strict=True)}
    assert digest_txyp(exact) == row["digest_txyp"]
    file = open_row(row)
    assert_same_events(file.load(), reference.ros.to_microseconds(rows))
    assert file.num_events == int(row["events"])
    assert (file.t_start, file.t_stop) == (int(row["t_first"]) // 1000, int(row["t_last"]) // 1000 + 1)
    assert file.shape == shape(row) == (width, height)


@pytest.mark.parametrize("row", FOLDERS)
def test_folder_is_the_bag_of_its_storage_file(row):
    file = aestream.FileInput(folder(row), cache_index=False)
    assert_same_events(file.load(), open_row(row).load())
    assert file.metadata["messages"] == messages_in_metadata(row)


@pytest.mark.parametrize(
    ("name", "sums"),
    [
        ("ros2_evt3_gen3", {"events": 343_474, "p": 125_183}),
        ("ros2_evt3_trigger", {"events": 82_469}),
        ("ros2_mono_synthetic", {"events": 100}),
        ("ros2_libcaer_rollover", {"events": 334_331, "p": 181_908, "x": 111_651_612, "y": 82_801_007}),
    ],
)
def test_sums_that_upstream_asserts(name, sums):
    events = aestream.FileInput(SHARED / "recordings" / name, cache_index=False).load()
    found = {"events": len(events)} | {field: int(events[field].sum(dtype=np.int64)) for field in "pxy"}
    assert {key: found[key] for key in sums} == sums
