"""The kernels against the CPU's accumulators: on a GPU where there is one, else on the host through the fake driver."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import aestream._core as _core
from aestream import Concat, Frame, LatestTime, MixedDensity, StackedHistogram, Steps, TimeSurface, VoxelGrid
from aestream.events import EVENT_DTYPE
from aestream.representations.base import to_tensor
from aestream.representations.time_surface import EventImage
from aestream.representations.tore import Tore

SMALL, LARGE = (7, 5), (346, 260)  # a tensor that fits into the memory of a block, and one that does not
LAYOUTS = ("packed", "records", "columns")
FRAMES = [
    Frame(polarity, dtype, clip)
    for polarity in ("split", "sum", "difference")
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.uint8, torch.bool)
    for clip in (None, 2)
    if polarity != "difference" or dtype.is_floating_point
]
EXACT = [
    *FRAMES,
    StackedHistogram(1),
    StackedHistogram(3, cutoff=2),
    StackedHistogram(10, cutoff=255, span="window"),
    StackedHistogram(4, downsample=2),
    MixedDensity(1),
    MixedDensity(5, cutoff=2),
    LatestTime("split"),
    LatestTime("merged"),
    Steps(Frame(), 3),
    Steps(Frame("sum", torch.uint8), 4, by="events"),
    Steps(StackedHistogram(3), 2),
    Steps(StackedHistogram(3, span="window"), 2, by="events"),
    Concat(Frame("sum", torch.uint8), StackedHistogram(3), Frame("split", torch.uint8, 1)),
]
GRIDS = [
    VoxelGrid(bins, span=span, align=align, polarity=polarity)
    for bins in (1, 2, 5)
    for span in ("window", "events")
    for align in ("edges", "centers")
    for polarity in ("signed", "split", "cube")
]
NEARLY = [
    *GRIDS,
    VoxelGrid(3, polarity="split", clip=1.5),
    TimeSurface(500.0),
    TimeSurface(500.0, decay="linear"),
    TimeSurface(500.0, polarity="signed"),
    TimeSurface(500.0, polarity="merged"),
    Steps(VoxelGrid(3), 2),
    Steps(TimeSurface(300.0, polarity="signed"), 2, by="events"),
    Concat(VoxelGrid(2), Frame(), TimeSurface(100.0)),
]


class Window(NamedTuple):
    first: int
    last: int
    start: int
    stop: int


def records(rows) -> np.ndarray:
    return np.array([tuple(row) for row in rows], EVENT_DTYPE)


def packed(events: np.ndarray, windows: list[Window]) -> tuple[np.ndarray, list[int]]:
    """Words of 8 bytes, and the base of each window: windows do not overlap here."""
    words = np.zeros(len(events), np.uint64)
    bases = []
    for window in windows:
        some = events[window.first : window.last]
        base = int(some["t"].min()) if len(some) else 0
        bases.append(base)
        word = (some["t"] - base).astype(np.uint64)
        fits = (some["x"] >= 0) & (some["y"] >= 0) & (some["x"] < 2**14) & (some["y"] < 2**14)
        for name, shift in (("x", 32), ("y", 46), ("p", 60)):
            word |= np.where(fits, some[name], 0).astype(np.uint64) << np.uint64(shift)
        words[window.first : window.last] = word | (~fits).astype(np.uint64) << np.uint64(63)
    return words, bases


def on_device(device, representation, shape, events, windows, layout="records", mapped=None):
    """The tensors ``[n, ...]`` that the kernels make."""
    bases = [0] * len(windows)
    if layout == "columns":
        columns = [device.put(np.ascontiguousarray(events[name])) for name in "txyp"]
    elif layout == "packed":
        words, bases = packed(events, windows)
        columns = [device.put(words.view(np.int64))]
    else:
        columns = [device.put(events.view(np.uint8))]
    count = sum(window.last - window.first for window in windows)
    spec = representation.spec()
    grid = shape if mapped is None else mapped.shape
    scratch_bytes = _core.cuda_scratch(spec, *grid, len(windows), count)
    item = representation.output_shape(grid)
    size = int(np.prod(item))
    table = [
        (w.first, w.last, b, w.start, w.stop, i * size) for i, (w, b) in enumerate(zip(windows, bases, strict=True))
    ]
    rows = device.put(np.array(table, np.int64).reshape(len(windows), 6))
    total = len(windows) * size * representation.dtype.itemsize
    out = device.put(np.full((total + 15) // 16 * 16, 0xA5, np.uint8))
    scratch = device.put(np.full(scratch_bytes + 16, 0x5A, np.uint8))
    _core.cuda_accumulate(
        spec, *grid, mapped, layout, tuple(column.data_ptr() for column in columns), rows.data_ptr(), len(windows),
        count, out.data_ptr(), scratch.data_ptr(), scratch_bytes, device.ordinal, device.stream,
    )  # fmt: skip
    return device.get(out)[:total].view(representation.dtype).view(len(windows), *item)


def on_cpu(representation, shape, events, windows) -> torch.Tensor:
    made = []
    for window in windows:
        some = events[window.first : window.last]
        array, _ = _core.accumulate_all(some, representation.spec(), *shape, window.start, window.stop)
        made.append(to_tensor(array, representation.dtype))
    return torch.stack(made)


@st.composite
def batches(draw, shape, most=60):
    """Events, some outside and some back in time, and windows one after the other, some without events."""
    width, height = shape
    row = st.tuples(st.integers(0, 3000), st.integers(-2, width + 1), st.integers(-2, height + 1), st.booleans())
    events = records(draw(st.lists(row, max_size=most)))
    begin = draw(st.sampled_from([0, 10**9, 2**40]))
    if draw(st.booleans()):
        events = np.sort(events, order="t", kind="stable")
    events["t"] += begin
    edges = sorted(draw(st.lists(st.integers(0, len(events)), max_size=3)))
    ends = [0, *edges, len(events)]
    windows = []
    for first, last in zip(ends, ends[1:], strict=False):
        some = events["t"][first:last]
        low, high = (int(some.min()), int(some.max()) + 1) if len(some) else (begin, begin + 1)
        windows.append(
            Window(first, last, low - draw(st.sampled_from([0, 1, 777])), high + draw(st.sampled_from([0, 1, 1000])))
        )
    return events, windows


def assert_close(got: torch.Tensor, want: torch.Tensor) -> None:
    assert got.shape == want.shape and got.dtype == want.dtype
    assert torch.allclose(got, want, rtol=1e-6, atol=2**-19), (got - want).abs().max()


@pytest.mark.parametrize("representation", EXACT, ids=str)
@settings(max_examples=25)
@given(st.data())
def test_whole_numbers_are_the_cpu_s(device, representation, data):
    shape = data.draw(st.sampled_from([SMALL, (21, 13)]))
    events, windows = data.draw(batches(shape))
    got = on_device(device, representation, shape, events, windows, data.draw(st.sampled_from(LAYOUTS)))
    assert torch.equal(got, on_cpu(representation, shape, events, windows))


@pytest.mark.parametrize("representation", NEARLY, ids=str)
@settings(max_examples=25)
@given(st.data())
def test_floats_are_the_cpu_s(device, representation, data):
    events, windows = data.draw(batches(SMALL))
    got = on_device(device, representation, SMALL, events, windows, data.draw(st.sampled_from(LAYOUTS)))
    assert_close(got, on_cpu(representation, SMALL, events, windows))


def crowd(shape, count: int, seed: int = 0) -> np.ndarray:
    """Many events, a tenth of them at one pixel."""
    random = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 50_000, count))
    for name, length in zip("xy", shape, strict=True):
        events[name] = random.integers(0, length, count)
        events[name][::10] = 3
    events["p"] = random.integers(0, 2, count)
    return events


@pytest.mark.parametrize("representation", [*EXACT, *NEARLY], ids=str)
def test_a_large_sensor(device, representation):
    events = crowd(LARGE, 6000)
    windows = [Window(0, 0, 0, 10), Window(0, 2500, 0, 25_000), Window(2500, 6000, 10_000, 50_000)]
    got = on_device(device, representation, LARGE, events, windows, "packed")
    want = on_cpu(representation, LARGE, events, windows)
    if representation in EXACT:
        assert torch.equal(got, want)
    else:
        assert torch.allclose(got, want, rtol=1e-5, atol=2**-12)  # 300 events at a pixel, in float32 on the CPU


@pytest.mark.parametrize("normalize", ["nonzero", "residue"])
@pytest.mark.parametrize("shape", [SMALL, LARGE])
def test_normalized_voxels(device, normalize, shape):
    grid = VoxelGrid(4, polarity="split", normalize=normalize)
    events = crowd(shape, 3000)
    windows = [
        Window(0, 1000, 0, 20_000),
        Window(1000, 1001, 0, 50_000),
        Window(1001, 1001, 0, 50_000),
        Window(1001, 3000, 0, 50_000),
    ]
    got = on_device(device, grid, shape, events, windows)
    assert torch.allclose(got, on_cpu(grid, shape, events, windows), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [SMALL, LARGE])
@pytest.mark.parametrize("polarity", ["signed", "split"])
def test_a_voxel_may_pass_32_bits(device, shape, polarity):
    grid = VoxelGrid(2, polarity=polarity)
    events = np.zeros(5000, EVENT_DTYPE)
    events["x"], events["y"] = 2, 3
    events["t"], events["p"] = 100, True
    events["p"][4990:] = False
    windows = [Window(0, 5000, 0, 400), Window(0, 10, 0, 400)]
    got = on_device(device, grid, shape, events, windows)
    off = 5000 - 4990 if polarity == "split" else 0
    on = 4990 if polarity == "split" else 4980
    pixel = got[0, :, 3, 2].reshape(-1, 2)
    assert pixel[-1].tolist() == [on * 0.75, on * 0.25]
    assert pixel[0].tolist() == ([off * 0.75, off * 0.25] if polarity == "split" else pixel[-1].tolist())
    assert got[1].sum() == 10


@pytest.mark.parametrize("shape", [SMALL, LARGE])
def test_bytes_saturate_at_a_hot_pixel(device, shape):
    events = np.zeros(4000, EVENT_DTYPE)
    events["x"], events["y"], events["p"] = 2, 3, True
    events["x"][::4] = 1  # a neighbour in the same word
    events["t"] = np.arange(4000)
    windows = [Window(0, 4000, 0, 4000), Window(0, 300, 0, 4000)]
    for representation in (Frame("sum", torch.uint8), Frame("sum", torch.uint8, 7), StackedHistogram(1, cutoff=255)):
        got = on_device(device, representation, shape, events, windows)
        assert torch.equal(got, on_cpu(representation, shape, events, windows))


def test_4096_windows_in_one_launch(device):
    events = crowd(SMALL, 4096 * 3)
    windows = [Window(3 * i, 3 * i + 3, 0, 50_000) for i in range(4096)]
    for representation in (Frame(), StackedHistogram(2), VoxelGrid(2)):
        got = on_device(device, representation, SMALL, events, windows, "packed")
        assert_close(got, on_cpu(representation, SMALL, events, windows))


def test_ordinals_beyond_32_bits(device):
    """The array is said to begin 2^33 records before the one that there is."""
    events = crowd(SMALL, 50)
    held = device.put(events.view(np.uint8))
    ahead = 2**33
    rows = device.put(np.array([[ahead, ahead + 50, 0, 0, 50_000, 0]], np.int64))
    spec = Steps(Frame(), 2).spec()
    scratch_bytes = _core.cuda_scratch(spec, *SMALL, 1, 50)
    out = device.put(np.zeros(2 * 2 * 35 * 4 + 16, np.uint8))
    scratch = device.put(np.zeros(scratch_bytes + 16, np.uint8))
    pointer = (held.data_ptr() - 16 * ahead) % 2**64
    _core.cuda_accumulate(
        spec, *SMALL, None, "records", (pointer,), rows.data_ptr(), 1, 50, out.data_ptr(), scratch.data_ptr(),
        scratch_bytes, device.ordinal, device.stream,
    )  # fmt: skip
    got = device.get(out)[: 2 * 2 * 35 * 4].view(torch.float32).view(1, 2, 2, 5, 7)
    assert torch.equal(got, on_cpu(Steps(Frame(), 2), SMALL, events, [Window(0, 50, 0, 50_000)]))


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=25)
@given(st.data())
def test_coordinate_maps_are_the_filter_s(device, layout, data):
    mapped = _core.CoordinateMap(*SMALL)
    steps = ("flip_x", "flip_y", "flip_polarity", "transpose", "crop", "downsample")
    for step in data.draw(st.lists(st.sampled_from(steps), max_size=4)):
        width, height = mapped.shape
        if step == "crop":
            x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
            mapped.crop(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)))
        elif step == "downsample":
            mapped.downsample(data.draw(st.integers(1, 3)))
        else:
            getattr(mapped, step)()
    events, windows = data.draw(batches(SMALL))
    inside = (events["x"] >= 0) & (events["x"] < 7) & (events["y"] >= 0) & (events["y"] < 5)
    got = on_device(device, Frame(), SMALL, events, windows, layout, mapped)
    for tensor, window in zip(got, windows, strict=True):
        here = inside[window.first : window.last]
        kept = _core.filter_events(np.ascontiguousarray(events[window.first : window.last][here]), mapped)
        want, _ = _core.accumulate_all(kept, Frame().spec(), *mapped.shape, 0, 1)
        assert torch.equal(tensor, torch.from_numpy(want))


def test_bins_of_mixed_density_are_the_cpu_s_at_any_length(device):
    random = np.random.default_rng(1)
    for length in [1, 2, 3, 1000, 49_999, 50_000, 2**20, *random.integers(1, 10**8, 20).tolist()]:
        events = np.zeros(4000, EVENT_DTYPE)
        ages = np.unique(np.concatenate([length - (length >> np.arange(12)) + np.arange(-1, 2)[:, None]], axis=None))
        times = np.concatenate([[0, length], ages, random.integers(0, length + 1, 3000)])
        events = events[: len(times)]
        events["t"] = np.sort(np.clip(times, 0, length))
        events["p"] = True
        events["x"], events["y"] = np.arange(len(events)) % 90, np.arange(len(events)) // 90
        window = [Window(0, len(events), 0, length + 1)]
        got = on_device(device, MixedDensity(10), (90, 60), events, window)
        assert torch.equal(got, on_cpu(MixedDensity(10), (90, 60), events, window)), length


def test_what_has_no_kernel_says_so(device):
    for representation in (
        Tore(),
        EventImage(),
        VoxelGrid(2, clip=1.0),
        Steps(Tore(), 2),
        Concat(Frame(), EventImage()),
    ):
        assert _core.cuda_scratch(representation.spec(), *SMALL, 1, 1) is None


def test_too_little_scratch_is_an_error(device):
    with pytest.raises(ValueError, match="too little scratch"):
        _core.cuda_accumulate(VoxelGrid(2).spec(), *SMALL, None, "records", (0,), 0, 1, 1, 0, 0, 0, device.ordinal, 0)
