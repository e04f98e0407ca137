"""Events that are on the GPU already: their windows are found there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.files import HEIGHT, WIDTH, make_events
from support.gpu_devices import has_gpu

from aestream import Events, Frame, LatestTime, StackedHistogram, Steps, TimeSurface, Tore, VoxelGrid, accumulate
from aestream.cuda import gpu_of
from aestream.cuda_windows import EventWindows, running_maximum
from aestream.datasets.windows import Cut

SHAPE = (WIDTH, HEIGHT)
REPRESENTATIONS = [Frame(), StackedHistogram(3), LatestTime(), Steps(Frame(), 3), VoxelGrid(2), TimeSurface(9000.0)]


def accumulate_there(events: np.ndarray, representation, **options) -> torch.Tensor:
    """As ``accumulate`` does with events on a GPU; on the host, where there is none."""
    columns = Events.from_numpy(events)
    if has_gpu():
        return accumulate(columns.to("cuda"), representation, SHAPE, **options).cpu()
    return EventWindows(columns, Cut.of(options)).accumulate(representation, SHAPE)


def same(made: torch.Tensor, expected: torch.Tensor) -> None:
    assert made.shape == expected.shape and made.dtype == expected.dtype
    assert torch.allclose(made.cpu(), expected, rtol=1e-6, atol=2**-19)


WINDOWS = {
    "by time": {"window_us": 11_000},
    "overlapping": {"window_us": 20_000, "stride": 3000},
    "with gaps": {"window_us": 1000, "stride": 3000},
    "by count": {"window_events": 300},
    "by count, overlapping": {"window_events": 700, "stride": 100},
    "by count, with gaps": {"window_events": 50, "stride": 70},
    "one by count": {"window_events": 10**9},
    "by count, whole ones": {"window_events": 700, "include_incomplete": False},
    "a part by count": {"window_events": 100, "start_us": 1_010_000, "stop_us": 1_030_000},
    "a part": {"window_us": 4000, "start_us": 1_010_000, "stop_us": 1_030_001},
    "from a time": {"window_us": 4000, "start_us": 900_000},
    "all": {"window_us": None},
    "listed": {"windows": [[1_020_000, 1_030_000], [5, 5], [0, 10**9], [1_000_000, 1_025_000]]},
}


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=str)
def test_windows_are_those_of_the_cpu(cuda, windows, representation):
    events = make_events(2600, outside=True, step_back_us=2000)
    same(accumulate_there(events, representation, **windows), accumulate(events, representation, SHAPE, **windows))


@pytest.mark.parametrize("windows", [{"window_us": 500}, {"window_events": 7}, {"windows": [[0, 5], [7, 7]]}], ids=str)
@pytest.mark.parametrize("count", [0, 1])
def test_windows_of_no_event_and_of_one(cuda, windows, count):
    events = make_events(count)
    same(accumulate_there(events, Frame(), **windows), accumulate(events, Frame(), SHAPE, **windows))


@given(st.lists(st.integers(-50, 50), max_size=3000))
@settings(max_examples=30)
def test_the_running_maximum_of_blocks_is_that_of_all(times):
    t = torch.tensor(times, dtype=torch.int64)
    assert torch.equal(running_maximum(t), torch.cummax(t, 0).values if times else t)


def test_the_running_maximum_of_many():
    t = torch.from_numpy(np.random.default_rng(1).integers(-(2**60), 2**60, 70_001))
    assert torch.equal(running_maximum(t), torch.cummax(t, 0).values)


@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=str)
@pytest.mark.parametrize("times", [(None, None), (990_000, None), (None, 2_000_000), (1_000_000, 1_040_000)], ids=str)
def test_one_window_of_all_events(cuda, representation, times):
    records = make_events(1500, outside=True)
    events, expected = Events.from_numpy(records), representation(records, SHAPE, start_us=times[0], stop_us=times[1])
    if has_gpu():
        same(representation(events.to("cuda"), SHAPE, start_us=times[0], stop_us=times[1]), expected)
    else:
        same(gpu_of(events.device).represent_one(representation, SHAPE, events, *times), expected)
    empty = Events.from_numpy(records[:0])
    expected = representation(records[:0], SHAPE, start_us=times[0], stop_us=times[1])
    same(gpu_of(torch.device(cuda)).represent_one(representation, SHAPE, to_gpu(empty), *times), expected)


def to_gpu(events: Events) -> Events:
    return events.to("cuda") if has_gpu() else events


def test_columns_of_other_types_are_read_as_they_mean(cuda):
    records = make_events(900)
    t, x, y, p = Events.from_numpy(records)
    wide = Events(t.int(), x.long() + torch.where(torch.arange(900) % 5 == 0, 70_000, 0), y.int(), p.int())
    records = records[np.arange(900) % 5 != 0]
    same(gpu_of(torch.device(cuda)).represent_one(Frame(), SHAPE, to_gpu(wide)), Frame()(records, SHAPE))


@pytest.mark.skipif(not has_gpu(), reason="events are on no GPU here")
def test_what_has_no_kernel_goes_by_the_cpu():
    events = make_events(900)
    on_gpu = Events.from_numpy(events).to("cuda")
    for representation in (Tore(), VoxelGrid(2, clip=1.0)):
        made = accumulate(on_gpu, representation, SHAPE, window_us=5000)
        assert made.is_cuda
        same(made, accumulate(events, representation, SHAPE, window_us=5000))
    with pytest.raises(ValueError, match="time_unit"):
        accumulate(on_gpu, Frame(), SHAPE, time_unit="ms")
