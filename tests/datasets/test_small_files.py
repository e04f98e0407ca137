"""Batches of small recordings that are one item each: the core reads the files, and gives what opened ones give."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.files import HEIGHT, WIDTH, file_bytes, make_events

import aestream._core as _core
from aestream import LatestTime, Steps, TimeSurface, VoxelGrid
from aestream.datasets import RecordingDataset
from aestream.errors import TruncatedFileWarning
from aestream.transforms import Compose, FlipPolarity, FlipX, RandomCrop

FORMATS = ("bin40", "dat", "evt2", "evt3")
MANY = 12


def write(folder: Path, format: str, count: int = MANY, **how: Any) -> list[Path]:
    """Recordings of some hundred events each."""
    paths = []
    for number in range(count):
        path = folder / f"{number}{'.bin' if format == 'bin40' else '.events'}"
        path.write_bytes(file_bytes(format, make_events(300 + 70 * number, seed=number, **how)))
        paths.append(path)
    return paths


def dataset(paths: list[Path], **options: Any) -> RecordingDataset:
    items = [(path, None, number % 3) for number, path in enumerate(paths)]
    return RecordingDataset(items, (WIDTH, HEIGHT), window_us=None, **options)


@pytest.fixture
def answers(monkeypatch):
    """Whether each call that reads small files made the items."""
    found = []
    call = _core.accumulate_files

    def watched(*args: Any) -> Any:
        result = call(*args)
        found.append(result is not None)
        return result

    monkeypatch.setattr(_core, "accumulate_files", watched)
    return found


def opened(files: RecordingDataset, order: Iterable[int]) -> list[Any]:
    """The items as the recordings make them, each of which is opened."""
    return [files.recording(index % MANY)[0] for index in order]


def assert_same(got: list[Any], want: list[Any]) -> None:
    assert len(got) == len(want)
    for one, other in zip(got, want, strict=True):
        for part, expected in zip(one, other, strict=True):
            if isinstance(expected, torch.Tensor):
                assert part.dtype == expected.dtype and torch.equal(torch.as_tensor(part), expected)
            else:
                assert part == expected


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"representation": TimeSurface(5000.0), "with_times": True},
        {"representation": Steps(LatestTime(), 3)},
        {"representation": VoxelGrid.e2vid(4), "transform": lambda x: x.sum(0)},
        {"event_transform": Compose([FlipX(), FlipPolarity()]), "seed": 5},
        {"event_transform": RandomCrop((20, 10)), "with_times": True, "seed": 6, "threads": 1},
    ],
    ids=["frames", "times", "steps", "transform", "flips", "crops"],
)
def test_items_are_those_of_opened_recordings(tmp_path, format, options, answers):
    paths = write(tmp_path, format)
    one_by_one, together = dataset(paths, **options), dataset(paths, **options)
    for each in (one_by_one, together):
        each.set_epoch(3)
    order = [7, 0, 11, 3, 3, -1, 4]
    expected = opened(one_by_one, order)
    assert_same(together.__getitems__(order), expected)  # opens them, and learns what they are
    assert answers == []
    assert_same(together.__getitems__(order), expected)
    assert_same([together[index] for index in order], expected)
    assert answers == [True] * (1 + len(order))


@pytest.mark.parametrize("format", FORMATS)
def test_times_that_step_back_and_events_outside(tmp_path, format, answers):
    steps = {} if format in ("bin40", "evt2", "evt3") else {"step_back_us": 500}
    paths = write(tmp_path, format, outside=format != "bin40", **steps)
    one_by_one, together = dataset(paths, with_times=True), dataset(paths, with_times=True)
    expected = opened(one_by_one, range(MANY))
    for _ in range(2):
        assert_same(together.__getitems__(list(range(MANY))), expected)
    assert answers == [True]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("damage", ["cut", "empty", "large", "other format"])
def test_what_is_not_plainly_a_small_recording_is_opened(tmp_path, format, damage, answers):
    paths = write(tmp_path, format)
    data = paths[5].read_bytes()
    if damage == "cut":
        paths[5].write_bytes(data[:-1])
    elif damage == "large":
        paths[5].write_bytes(file_bytes(format, make_events(1_200_000, seed=1)))
    elif damage == "other format":
        other = "es" if format != "bin40" else "dat"
        paths[5].write_bytes(file_bytes(other, make_events(400, seed=1)))
    else:
        paths[5].write_bytes(file_bytes(format, make_events(0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TruncatedFileWarning)
        one_by_one, together = dataset(paths), dataset(paths)
        expected = opened(one_by_one, range(MANY))
        together[0]
        assert_same(together.__getitems__(list(range(MANY))), expected)
        assert_same(together.__getitems__([0, 1, 2]), expected[:3])
    assert answers == [False, True]


def test_a_cut_file_warns_and_a_missing_one_fails_as_ever(tmp_path, answers):
    paths = write(tmp_path, "evt3")
    files = dataset(paths)
    files[0]
    paths[3].write_bytes(paths[3].read_bytes()[:-1])
    with pytest.warns(TruncatedFileWarning, match="3.events"):
        files.__getitems__([2, 3])
    paths[4].unlink()
    with pytest.raises(FileNotFoundError, match="4.events"):
        files.__getitems__([2, 4])
    with pytest.raises(IndexError, match="index 12 is out of range for 12 items"):
        files.__getitems__([2, 12])
    assert answers == [False, False]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no FIFOs")
def test_a_fifo_in_place_of_a_recording_blocks_nobody(tmp_path, answers):
    paths = write(tmp_path, "dat", 3)
    files = dataset(paths)
    files[0]
    paths[1].unlink()
    os.mkfifo(paths[1])
    with pytest.raises(OSError, match="1.events"):
        files.__getitems__([0, 1])
    assert answers == [False]


def test_datasets_of_large_recordings_stop_trying(tmp_path, answers):
    paths = write(tmp_path, "dat", 3)
    for path in paths[1:]:
        path.write_bytes(file_bytes("dat", make_events(600_000)))
    files = dataset(paths)
    files[0]
    expected = files.recording(1)[0][0]
    for _ in range(20):
        assert torch.equal(files.__getitems__([0, 1])[1][0], expected)
    assert 0 < len(answers) < 20 and not any(answers)


def test_options_that_say_how_to_read_open_every_file(tmp_path, answers):
    paths = write(tmp_path, "bin40", 3)
    files = dataset(paths, format="bin40")
    expected = [files.recording(index)[0][0] for index in range(3)]
    for got, want in zip(files.__getitems__([0, 1, 2]), expected, strict=True):
        np.testing.assert_array_equal(got[0], want)
    assert answers == []


def test_a_file_that_changes_between_epochs_is_an_error(tmp_path, answers):
    paths = write(tmp_path, "dat", 3)
    files = dataset(paths)
    files[0]
    files.__getitems__([0, 1, 2])
    paths[1].write_bytes(file_bytes("dat", make_events(77)))
    with pytest.raises(OSError, match="changed since it was opened first.*1.events"):
        files.__getitems__([0, 1])
    with pytest.raises(OSError, match="changed since it was opened first.*1.events"):
        files[1]
    assert answers == [True, True, True]
