"""accumulate(): windows of events in memory are the items of a file that holds them."""

from __future__ import annotations

import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file

from aestream import FileInput, Frame, VoxelGrid, accumulate

SHAPE = (WIDTH, HEIGHT)


@pytest.mark.parametrize("representation", [Frame(), Frame("sum", torch.uint8), VoxelGrid(bins=3)])
@pytest.mark.parametrize(
    "windows",
    [
        {"window_us": 7_000},
        {"window_us": 7_000, "stride": 3_000, "include_incomplete": False},
        {"window_us": 4_000, "start_us": 1_010_000, "stop_us": 1_021_000},
        {"window_events": 700, "stride": 500},
        {"window_events": 700, "start_us": 1_010_000, "stop_us": 1_081_000},
    ],
)
@pytest.mark.parametrize("step_back_us", [0, 3000])
def test_windows_in_memory_equal_those_of_a_file(tmp_path, representation, windows, step_back_us):
    events = make_events(outside=True, step_back_us=step_back_us)
    file = FileInput(write_file(tmp_path, "evt2", events), SHAPE, representation=representation, **windows)
    for given in (events, file.load("torch")):
        for threads in (1, 3):
            tensors = accumulate(given, representation, SHAPE, threads=threads, **windows)
            assert torch.equal(tensors, torch.stack(list(file)))


def test_no_events_give_no_windows():
    assert accumulate(make_events(0), Frame(), SHAPE).shape == (0, 2, HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"window_us": 0}, "window_us"), ({"threads": 0}, "threads"), ({"shape": (0, 5)}, "shape must be")],
)
def test_bad_arguments_fail_showing_what_came(arguments, message):
    with pytest.raises(ValueError, match=message):
        accumulate(make_events(5), Frame(), **{"shape": SHAPE} | arguments)


def test_a_wild_timestamp_does_not_exhaust_the_memory():
    events = make_events(3)
    events["t"][2] = 2**60
    with pytest.raises(ValueError, match="windows from .* are too many"):
        accumulate(events, Frame(), SHAPE)
