"""How many threads work is nothing that a tensor shows, whatever the representation, from memory and from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import aestream._core as _core
from aestream import (
    EVENT_DTYPE,
    AveragedTimeSurface,
    Concat,
    EventImage,
    FileInput,
    Frame,
    LatestTime,
    MixedDensity,
    StackedHistogram,
    Steps,
    TimeSurface,
    Tore,
    VoxelGrid,
    accumulate,
    save,
)
from aestream.representations import Accumulated

SHAPE = (48, 32)
REPRESENTATIONS: list[Accumulated] = [
    *[Frame(dtype=dtype) for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.uint8, torch.bool)],
    Frame("sum"),
    Frame("difference", torch.bfloat16, clip=2),
    VoxelGrid(10),
    VoxelGrid.eraft(),
    VoxelGrid.event_cube(3, "signed", clip=1.5),
    StackedHistogram.rvt(),
    StackedHistogram(4, span="window", downsample=2),
    MixedDensity(),
    TimeSurface(3_000),
    TimeSurface(3_000, "linear", "signed"),
    LatestTime(),
    EventImage(),
    Tore(),
    AveragedTimeSurface(8, 2, 1_000),
    Steps(VoxelGrid.e2vid(3), 4),
    Steps(Frame(), 4, "events"),
    Concat(Frame(), EventImage()),
]


def test_every_representation_is_here() -> None:
    known = {kind for kind in Accumulated._known.values() if kind.__module__.startswith("aestream.")}
    assert {type(representation) for representation in REPRESENTATIONS} == known


@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=repr)
def test_any_number_of_threads_gives_the_same_bits(tmp_path: Path, representation: Accumulated) -> None:
    random = np.random.default_rng(7)
    events = np.zeros(20_000, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 50_000, len(events)))
    events["x"], events["y"] = random.integers(0, SHAPE[0], len(events)), random.integers(0, SHAPE[1], len(events))
    events["p"] = random.integers(0, 2, len(events))
    path = tmp_path / "events.dat"
    save(path, events, SHAPE, format="dat")
    window = {"start_us": 0, "stop_us": 50_000, "window_us": 7_000}
    results = []
    for threads in (1, 2, 3):
        results.append(accumulate(events, representation, SHAPE, threads=threads, **window))
        file = FileInput(path, representation=representation, threads=threads, **window)
        results.append(torch.stack(list(file.__getitems__(list(range(len(file)))))))
    assert len(results[0]) == 8
    for result in results:
        assert torch.equal(result.view(torch.uint8), results[0].view(torch.uint8))


@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=repr)
def test_a_large_tensor_that_threads_clear_is_the_same_tensor(representation: Accumulated) -> None:
    """In memory that other tensors have left full."""
    shape = (1600, 1400)  # 4 MB of float32 and more, and bytes in several planes
    random = np.random.default_rng(8)
    events = np.zeros(5_000, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 50_000, len(events)))
    events["x"], events["y"] = random.integers(0, shape[0], len(events)), random.integers(0, shape[1], len(events))
    events["p"] = random.integers(0, 2, len(events))
    some = events.view(np.uint8)
    expected, _ = _core.accumulate_all(some, representation.spec(), *shape, 0, 50_000, 1)
    for _ in range(2):
        expected_again, _ = _core.accumulate_all(some, representation.spec(), *shape, 0, 50_000, 3)
        assert np.array_equal(expected_again.view(np.uint8), expected.view(np.uint8))
        expected_again.view(np.uint8)[...] = 0xA5
        del expected_again
