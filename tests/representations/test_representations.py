"""Frames and voxel grids against the dumbest possible loops, from arrays, from tensors and window by window."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aestream import _core
from aestream.events import EVENT_DTYPE, Events
from aestream.representations import Frame, VoxelGrid

SHAPE = (7, 5)
FRAMES = [
    Frame("split"),
    Frame("sum"),
    Frame("difference"),
    Frame("split", torch.uint8),
    Frame("sum", torch.uint8),
]
GRIDS = [VoxelGrid(1), VoxelGrid(2), VoxelGrid(5)]

rows = st.tuples(st.integers(0, 200), st.integers(-2, 9), st.integers(-2, 7), st.booleans())


def records(*events: tuple[int, int, int, bool]) -> np.ndarray:
    return np.array(list(events), EVENT_DTYPE)


@st.composite
def event_arrays(draw: st.DrawFn) -> np.ndarray:
    """Some outside of the sensor, in any order of time."""
    return records(*draw(st.lists(rows, max_size=40)))


def slow_frame(events: np.ndarray, polarity: str, dtype: torch.dtype) -> torch.Tensor:
    width, height = SHAPE
    counts = torch.zeros(2, height, width, dtype=torch.int64)
    for _, x, y, p in events.tolist():
        if 0 <= x < width and 0 <= y < height:
            counts[int(p), y, x] += 1
    off, on = counts
    channels: torch.Tensor = {"split": counts, "sum": (off + on)[None], "difference": (on - off)[None]}[polarity]
    return channels.clamp(max=255).to(dtype) if dtype == torch.uint8 else channels.to(dtype)


def slow_voxel_grid(events: np.ndarray, bins: int, start: int, stop: int) -> torch.Tensor:
    width, height = SHAPE
    grid = torch.zeros(bins, height, width, dtype=torch.float64)
    for t, x, y, p in events.tolist():
        if not (0 <= x < width and 0 <= y < height):
            continue
        position = min(max((t - start) / (stop - start) * (bins - 1), 0), bins - 1)
        for b in range(bins):
            grid[b, y, x] += (1 if p else -1) * max(0.0, 1 - abs(position - b))
    return grid.float()


def slow_windows(t: np.ndarray, windows: np.ndarray) -> list[slice]:
    """By the running maximum of the times."""
    latest = np.maximum.accumulate(t) if len(t) else t
    starts = [int((latest < start).sum()) for start, _ in windows]
    return [slice(a, max(a, int((latest < stop).sum()))) for a, (_, stop) in zip(starts, windows, strict=True)]


def write_evt2(path: Path, events: np.ndarray) -> Path:
    """A payload without a header: a TIME_HIGH before every event."""
    words = []
    for t, x, y, p in events.tolist():
        words += [0x8 << 28 | t >> 6, int(p) << 28 | (t & 63) << 22 | x << 11 | y]
    path.write_bytes(struct.pack(f"<{len(words)}I", *words))
    return path


@pytest.mark.parametrize("frame", FRAMES, ids=str)
@given(events=event_arrays())
@settings(deadline=None)
def test_frame_equals_a_loop(frame: Frame, events: np.ndarray) -> None:
    expected = slow_frame(events, frame.polarity, frame.dtype)
    for given_as in (events, Events.from_numpy(events)):
        image = frame(given_as, SHAPE)
        assert image.dtype == frame.dtype and image.shape == (frame.channels, 5, 7)
        assert torch.equal(image, expected)
    assert torch.equal(frame.on_device(Events.from_numpy(events), SHAPE, None, None), expected)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@given(events=event_arrays(), start=st.integers(-50, 100), length=st.integers(1, 300))
@settings(deadline=None)
def test_voxel_grid_equals_a_loop(grid: VoxelGrid, events: np.ndarray, start: int, length: int) -> None:
    expected = slow_voxel_grid(events, grid.bins, start, start + length)
    tensor = grid(events, SHAPE, start_us=start, stop_us=start + length)
    assert tensor.dtype == torch.float32 and tensor.shape == (grid.channels, 5, 7)
    torch.testing.assert_close(tensor, expected, rtol=0, atol=1e-5)
    in_torch = grid.on_device(Events.from_numpy(events), SHAPE, start, start + length)
    torch.testing.assert_close(in_torch, expected, rtol=0, atol=1e-5)


@given(events=event_arrays())
@settings(deadline=None)
def test_voxel_grid_without_times_lasts_from_the_first_event_to_after_the_latest(events: np.ndarray) -> None:
    grid = VoxelGrid(3)
    start, stop = (int(events["t"][0]), int(events["t"].max()) + 1) if len(events) else (0, 1)
    expected = slow_voxel_grid(events, 3, start, stop)
    torch.testing.assert_close(grid(events, SHAPE), expected, rtol=0, atol=1e-5)
    in_torch = grid.on_device(Events.from_numpy(events), SHAPE, None, None)
    torch.testing.assert_close(in_torch, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("count", [255, 256, 257, 511, 512, 70_000])
def test_counts_go_beyond_a_byte(count: int) -> None:
    events = np.zeros(count + 3, EVENT_DTYPE)
    events["x"], events["y"], events["p"] = 6, 4, True
    events["p"][-3:] = False
    assert Frame()(events, SHAPE)[:, 4, 6].tolist() == [3, count]
    assert Frame("sum")(events, SHAPE)[0, 4, 6] == count + 3
    assert Frame("difference")(events, SHAPE)[0, 4, 6] == count - 3
    events["p"] = ~events["p"]
    assert Frame("difference")(events, SHAPE)[0, 4, 6] == 3 - count
    assert Frame(dtype=torch.uint8)(events, SHAPE)[:, 4, 6].tolist() == [255, 3]
    assert Frame("sum", torch.uint8)(events, SHAPE)[0, 4, 6] == 255
    assert Frame()(events, SHAPE).sum() == count + 3


@pytest.mark.parametrize("representation", [*FRAMES, *GRIDS], ids=str)
def test_no_event_gives_zeros(representation: Frame | VoxelGrid) -> None:
    for events in (records(), Events.from_numpy(records())):
        tensor = representation(events, shape=SHAPE)
        assert tensor.shape == (representation.channels, 5, 7) and not tensor.any()


@pytest.mark.parametrize("shape", [(1, 1), (33, 31), (1280, 720)])
def test_every_pixel_of_odd_and_large_sensors_is_written(shape: tuple[int, int]) -> None:
    width, height = shape
    events = np.zeros(width * height, EVENT_DTYPE)
    events["x"], events["y"] = np.tile(np.arange(width), height), np.repeat(np.arange(height), width)
    for _ in range(2):
        image = Frame()(events, shape)
        assert (image[0] == 1).all() and not image[1].any()
        image.fill_(-1)  # goes back to the pool, and out again
    assert (VoxelGrid(2)(events, shape).sum(0) == -1).all()


def test_any_array_with_the_fields_is_read() -> None:
    events = records((5, 1, 2, True), (6, 3, 4, False), (7, 0, 0, True), (9, 6, 0, False))
    expected = VoxelGrid(3)(events, SHAPE)
    packed = np.zeros(4, [("x", "<u2"), ("y", "<u2"), ("timestamp", "<i8"), ("polarity", "i1")])
    packed["x"], packed["y"], packed["timestamp"] = events["x"], events["y"], events["t"]
    packed["polarity"] = [1, -1, 1, -1]
    shifted = np.frombuffer(b"-" + events.tobytes(), EVENT_DTYPE, offset=1)
    for other in (packed, shifted, np.repeat(events, 2)[::2], events[::-1].copy()[::-1]):
        before = other.copy()
        assert torch.equal(VoxelGrid(3)(other, SHAPE), expected)
        assert (other == before).all()
    columns = Events(*(column.clone() for column in Events.from_numpy(events)))
    assert torch.equal(VoxelGrid(3)(columns, SHAPE), expected)


def test_any_array_with_the_fields_is_read_fails_without_one() -> None:
    with pytest.raises(ValueError, match="events must have the fields t, x, y, p; got t, x"):
        Frame()(np.zeros(2, [("t", "<i8"), ("x", "<i2")]), SHAPE)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("representation", [Frame(), VoxelGrid(3)], ids=str)
@given(data=st.data())
@settings(deadline=None)
def test_windows_by_time_follow_the_running_maximum(
    representation: Frame | VoxelGrid, threads: int, data: st.DataObject
) -> None:
    events = data.draw(event_arrays())
    length = data.draw(st.integers(1, 120))
    stride = data.draw(st.sampled_from([length, length + 7, max(1, length // 2)]))
    starts = np.arange(-10, 210, stride)
    windows = np.stack([starts, starts + length], 1)
    tensors, outside = _core.accumulate(events, representation.spec(), *SHAPE, windows, True, threads)
    expected_outside = 0
    for tensor, window, part in zip(tensors, windows, slow_windows(events["t"], windows), strict=True):
        expected = representation(events[part], SHAPE, start_us=window[0], stop_us=window[1])
        assert torch.equal(torch.from_numpy(tensor), expected)
        expected_outside += len(events[part]) - int(Frame()(events[part], SHAPE).sum())
    assert outside == expected_outside


@given(events=event_arrays(), length=st.integers(1, 15), stride=st.integers(1, 15))
@settings(deadline=None)
def test_windows_by_count_are_ordinals(events: np.ndarray, length: int, stride: int) -> None:
    starts = np.arange(0, len(events) + 5, stride)
    windows = np.stack([starts, starts + length], 1)
    tensors, _ = _core.accumulate(events, VoxelGrid(3).spec(), *SHAPE, windows, False, 2)
    for tensor, start in zip(tensors, starts, strict=True):
        assert torch.equal(torch.from_numpy(tensor), VoxelGrid(3)(events[start : start + length], SHAPE))


@given(events=event_arrays(), length=st.integers(1, 120))
@settings(deadline=None)
def test_a_recording_gives_the_tensors_of_its_events(
    tmp_path_factory: pytest.TempPathFactory, events: np.ndarray, length: int
) -> None:
    events["x"], events["y"] = np.abs(events["x"]), np.abs(events["y"])
    path = write_evt2(tmp_path_factory.mktemp("evt2") / "events.bin", events)
    recording = _core.Recording.open_stream(_core.MappedFile(str(path)), "evt2", 0)
    starts = np.arange(-10, 210, length)
    for by_time in (True, False):
        arguments = (VoxelGrid(3).spec(), *SHAPE, np.stack([starts, starts + length], 1), by_time, 2)
        expected, expected_outside = _core.accumulate(events, *arguments)
        tensors, outside = recording.accumulate(*arguments)
        assert (tensors == expected).all() and outside == expected_outside


def test_windows_are_the_same_to_the_bit_for_any_number_of_threads() -> None:
    random = np.random.default_rng(1)
    events = np.zeros(200_000, EVENT_DTYPE)
    events["t"] = np.arange(200_000) + random.integers(-20, 20, 200_000)
    events["t"][120_000] = 160_000  # one step forward and back, over many windows
    events["x"], events["y"] = random.integers(-1, 65, (2, 200_000))
    events["p"] = random.integers(0, 2, 200_000)
    starts = np.arange(0, 200_000, 10_000)
    windows = np.stack([starts, starts + 10_000], 1)
    results = [_core.accumulate(events, VoxelGrid(5).spec(), 64, 64, windows, True, threads) for threads in (1, 2, 5)]
    assert all((tensors == results[0][0]).all() and outside == results[0][1] for tensors, outside in results)
    parts = slow_windows(events["t"], windows)
    assert not results[0][0][13].any() and len(events[parts[12]]) > 0
    for tensor, window, part in zip(results[0][0], windows, parts, strict=True):
        expected = VoxelGrid(5)(events[part], (64, 64), start_us=window[0], stop_us=window[1])
        assert torch.equal(torch.from_numpy(tensor), expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_differences_are_exact_where_counts_go_far_and_come_back(dtype: torch.dtype) -> None:
    for ups, downs in ((40_000, 39_000), (33_000, 70_000), (140_000, 3), (32_768, 32_768)):
        events = np.zeros(ups + downs, EVENT_DTYPE)
        events["p"][:ups] = True
        expected = torch.tensor(ups - downs).to(dtype)
        assert Frame("difference", dtype)(events, (1, 1))[0, 0, 0] == expected
        clipped = Frame("difference", dtype, clip=2048)(events, (1, 1))[0, 0, 0]
        assert clipped == max(-2048, min(2048, ups - downs))


def test_windows_may_be_none() -> None:
    tensors, outside = _core.accumulate(records(), Frame().spec(), 7, 5, np.zeros((0, 2), np.int64), True, 2)
    assert tensors.shape == (0, 2, 5, 7) and outside == 0


def test_windows_fail_where_they_are_no_pairs() -> None:
    with pytest.raises(ValueError, match=r"windows must be an array \[n, 2\]"):
        _core.accumulate(records(), Frame().spec(), 7, 5, np.zeros(4, np.int64), True, 1)


def test_events_of_the_core_fail_unless_whole_and_aligned() -> None:
    arguments = (Frame().spec(), 7, 5)
    with pytest.raises(ValueError, match="whole and aligned"):
        _core.accumulate_all(np.zeros(17, np.uint8), *arguments)
    with pytest.raises(ValueError, match="whole and aligned"):
        _core.accumulate_all(np.zeros(24, np.uint8)[1:17], *arguments)
    with pytest.raises(ValueError, match="contiguous"):
        _core.accumulate_all(np.zeros(4, EVENT_DTYPE)[::2], *arguments)


def test_extreme_times_and_places_stay_in_bounds() -> None:
    limits = np.iinfo(np.int64)
    events = records((limits.min, -32768, 0, True), (limits.max, 32767, 32767, True), (limits.max, 6, 4, True))
    for start, stop in ((limits.min, limits.max), (limits.max - 1, limits.max), (0, 1), (None, None)):
        grid = VoxelGrid(4)(events, SHAPE, start_us=start, stop_us=stop)
        assert grid.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Frame("on"), "polarity must be one of split, sum, difference, got 'on'"),  # type: ignore[arg-type]
        (lambda: Frame(dtype=torch.float64), "dtype must be one of torch.float32, .*, got torch.float64"),
        (lambda: Frame("difference", torch.uint8), "dtype must be a float, got torch.uint8"),
        (lambda: VoxelGrid(0), "bins must be an integer from 1 to 65536, got 0"),
        (lambda: VoxelGrid(True), "bins must be an integer from 1 to 65536, got True"),
        (lambda: Frame()(records(), (0, 5)), r"shape must be \(width, height\).* got \(0, 5\)"),
        (lambda: Frame()(records(), (7, 40_000)), r"got \(7, 40000\)"),
        (
            lambda: VoxelGrid(3)(records(), SHAPE, start_us=9, stop_us=8),
            r"must not be before start_us; got \[9, 8\)",
        ),
    ],
)
def test_arguments_fail_with_what_came_and_what_is_allowed(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
