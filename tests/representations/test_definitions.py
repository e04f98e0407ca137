"""Every representation against its plain restatement, from arrays, in torch operations and, fused, from files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from support import slow_representations as slow

from aestream import (
    EVENT_DTYPE,
    AveragedTimeSurface,
    Concat,
    EventImage,
    Events,
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
from aestream.representations import Accumulated, representation_from_dict

SHAPE = (7, 5)
Restatement = Callable[[np.ndarray, int, int], np.ndarray]

CASES: list[tuple[Accumulated, Restatement]] = [
    (VoxelGrid(3), lambda e, a, b: slow.voxel_grid(e, SHAPE, 3, (a, b))),
    (VoxelGrid(4, span="events"), lambda e, a, b: slow.voxel_grid(e, SHAPE, 4, slow.span_of(e))),
    (VoxelGrid.e2vid(1), lambda e, a, b: slow.voxel_grid(e, SHAPE, 1, slow.span_of(e))),
    (VoxelGrid(3, polarity="split"), lambda e, a, b: slow.voxel_grid(e, SHAPE, 3, (a, b), layout="split")),
    (VoxelGrid(4, align="centers"), lambda e, a, b: slow.voxel_grid(e, SHAPE, 4, (a, b), centers=True)),
    (VoxelGrid(1, align="centers"), lambda e, a, b: slow.voxel_grid(e, SHAPE, 1, (a, b), centers=True)),
    (
        VoxelGrid.event_cube(3, clip=1.25, scale=0.5),
        lambda e, a, b: slow.voxel_grid(e, SHAPE, 3, (a, b), centers=True, layout="cube", clip=1.25, scale=0.5),
    ),
    (
        VoxelGrid.event_cube(2, "signed", clip=0.75),
        lambda e, a, b: slow.voxel_grid(e, SHAPE, 2, (a, b), centers=True, clip=0.75),
    ),
    (
        VoxelGrid(3, polarity="split", normalize="nonzero"),
        lambda e, a, b: slow.normalized(slow.voxel_grid(e, SHAPE, 3, (a, b), layout="split"), 0),
    ),
    (StackedHistogram(3, 2), lambda e, a, b: slow.stacked_histogram(e, SHAPE, 3, 2, slow.span_of(e))),
    (StackedHistogram(4, span="window"), lambda e, a, b: slow.stacked_histogram(e, SHAPE, 4, 10, (a, b))),
    (StackedHistogram.rvt(downsample=2), lambda e, a, b: slow.stacked_histogram(e, SHAPE, 10, 10, slow.span_of(e), 2)),
    (StackedHistogram(2, downsample=3), lambda e, a, b: slow.stacked_histogram(e, SHAPE, 2, 10, slow.span_of(e), 3)),
    (MixedDensity(4, 2), lambda e, a, b: slow.mixed_density(e, SHAPE, 4, 2)),
    (MixedDensity(), lambda e, a, b: slow.mixed_density(e, SHAPE, 10, 32)),
    *[
        (
            TimeSurface(60, decay, polarity),  # type: ignore[arg-type]
            lambda e, a, b, decay=decay, polarity=polarity: slow.time_surface(e, SHAPE, b, 60, decay, polarity),
        )
        for decay in ("exponential", "linear")
        for polarity in ("split", "signed", "merged")
    ],
    (LatestTime(), lambda e, a, b: slow.latest_time(e, SHAPE, "split")),
    (LatestTime("merged"), lambda e, a, b: slow.latest_time(e, SHAPE, "merged")),
    (EventImage(), lambda e, a, b: slow.event_image(e, SHAPE, a)),
    (Tore(3, 20, 150), lambda e, a, b: slow.tore(e, SHAPE, b, 3, 20, 150)),
    (AveragedTimeSurface(3, 1, 50), lambda e, a, b: slow.averaged_time_surface(e, SHAPE, 3, 1, 50)),
    (AveragedTimeSurface(4, 2, 50, 30), lambda e, a, b: slow.averaged_time_surface(e, SHAPE, 4, 2, 50, 30)),
]
REPRESENTATIONS = [representation for representation, _ in CASES]


def records(rows: list[tuple[int, int, int, bool]]) -> np.ndarray:
    return np.array(rows, EVENT_DTYPE)


in_any_order = st.tuples(st.integers(0, 200), st.integers(-2, 9), st.integers(-2, 7), st.booleans())
few_pixels = st.tuples(st.integers(0, 9), st.integers(2, 4), st.integers(1, 3), st.booleans())
event_arrays = (st.lists(in_any_order, max_size=40) | st.lists(few_pixels, max_size=60)).map(records)


def assert_close(got: torch.Tensor, want: np.ndarray) -> None:
    expected = torch.from_numpy(np.ascontiguousarray(want))
    if got.dtype.is_floating_point:
        torch.testing.assert_close(got, expected.to(got.dtype), rtol=1e-5, atol=1e-5)
    else:
        assert got.dtype == expected.dtype and torch.equal(got, expected)


@pytest.mark.parametrize(("representation", "restated"), CASES, ids=[repr(one) for one in REPRESENTATIONS])
@given(events=event_arrays)
@example(records([]))
@example(records([(7, 3, 2, True)]))
@example(records([(7, 3, 2, True)] * 5))
@example(records([(9, 3, 2, True), (4, 3, 2, False), (9, 3, 2, False)]))
@example(records([(5, -1, 2, True), (6, 7, 2, False)]))
def test_equals_its_definition(representation: Accumulated, restated: Restatement, events: np.ndarray) -> None:
    tensor = representation(events, SHAPE, start_us=0, stop_us=201)
    assert tensor.shape == representation.output_shape(SHAPE) and tensor.dtype == representation.dtype
    assert tensor.shape[-3] == representation.channels
    assert_close(tensor, restated(events, 0, 201))
    assert_close(representation.on_device(Events.from_numpy(events), SHAPE, 0, 201), restated(events, 0, 201))
    if len(events):
        first, last = int(events["t"][0]), int(events["t"].max()) + 1
        assert_close(representation(events, SHAPE), restated(events, first, last))


@given(event_arrays)
def test_eraft_normalises_over_voxels_that_are_not_about_zero(events: np.ndarray) -> None:
    grid = slow.voxel_grid(events, SHAPE, 15, slow.span_of(events))
    if (np.abs(np.abs(grid) - 1e-6) < 2e-6).any():
        grid[np.abs(grid) < 3e-6] = 0  # sums that cancel in float64 and need not in float32
    expected = slow.normalized(grid, 1e-6)
    torch.testing.assert_close(
        VoxelGrid.eraft()(events, SHAPE), torch.from_numpy(expected).float(), rtol=1e-4, atol=1e-4
    )


FOUR = records([(0, 0, 0, True), (10, 1, 0, False), (20, 2, 0, True), (30, 3, 0, False)])
VECTOR: list[tuple[Accumulated, dict[str, int], list[float]]] = [
    (VoxelGrid(3), {}, [1, -0.3548, 0, 0, 0, -0.6452, 0.7097, -0.0645, 0, 0, 0.2903, -0.9355]),
    (VoxelGrid(3), {"start_us": 0, "stop_us": 40}, [1, -0.5, 0, 0, 0, -0.5, 1, -0.5, 0, 0, 0, -0.5]),
    (VoxelGrid.e2vid(3), {}, [1, -0.3333, 0, 0, 0, -0.6667, 0.6667, 0, 0, 0, 0.3333, -1]),
    (VoxelGrid(3), {"start_us": 0, "stop_us": 30}, [1, -0.3333, 0, 0, 0, -0.6667, 0.6667, 0, 0, 0, 0.3333, -1]),
    (VoxelGrid.eraft(3), {}, [1.2677, -0.4226, 0, 0, 0, -0.8452, 0.8452, 0, 0, 0, 0.4226, -1.2677]),
    (
        VoxelGrid.event_cube(3, "signed"),
        {"start_us": 0, "stop_us": 40},
        [0.5, -0.75, 0, 0, 0, -0.25, 1, -0.25, 0, 0, 0, -0.75],
    ),
]


@pytest.mark.parametrize(("grid", "window", "expected"), VECTOR, ids=lambda value: repr(value)[:40])
def test_four_events_give_what_the_programs_give(
    grid: Accumulated, window: dict[str, int], expected: list[float]
) -> None:
    torch.testing.assert_close(grid(FOUR, (4, 1), **window).flatten(), torch.tensor(expected), rtol=0, atol=5e-5)


@pytest.mark.parametrize(
    "representation", [*REPRESENTATIONS, Steps(VoxelGrid(2), 3), Frame(dtype=torch.bool)], ids=repr
)
@given(data=st.data())
def test_from_a_file_and_by_windows_as_from_memory(
    tmp_path_factory: pytest.TempPathFactory, representation: Accumulated, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 9), st.integers(0, 7), st.booleans())))
    events = records(sorted(rows))
    length = data.draw(st.integers(1, 60))
    path = tmp_path_factory.mktemp("file") / "events.dat"
    save(path, events, (10, 8), format="dat")
    for threads in (1, 3):
        file = FileInput(path, window_us=length, representation=representation, threads=threads)
        tensors = accumulate(events, representation, (10, 8), window_us=length, threads=threads)
        assert len(file) == len(tensors)
        for i, tensor in enumerate(tensors):
            start = int(events["t"][0]) + i * length
            part = events[(events["t"] >= start) & (events["t"] < start + length)]
            expected = representation(part, (10, 8), start_us=start, stop_us=start + length)
            assert torch.equal(tensor, expected)
            assert torch.equal(file[i], expected)


@pytest.mark.parametrize("by", ["time", "events"])
@pytest.mark.parametrize("part", [Frame(), VoxelGrid(2), StackedHistogram(2), TimeSurface(30.0)], ids=repr)
@given(events=event_arrays, steps=st.integers(1, 9))
def test_steps_partition_the_window(part: Accumulated, by: str, events: np.ndarray, steps: int) -> None:
    tensor = Steps(part, steps, by)(events, SHAPE, start_us=0, stop_us=201)  # type: ignore[arg-type]
    assert tensor.shape == (steps, *part.output_shape(SHAPE))
    latest = np.maximum.accumulate(events["t"]) if len(events) else events["t"]
    for i in range(steps):
        if by == "time":
            first, last = 201 * i // steps, 201 * (i + 1) // steps
            inside = (latest >= first if i else np.ones(len(events), bool)) & (latest < last if i + 1 < steps else True)
            expected = part(events[inside], SHAPE, start_us=first, stop_us=last)
        else:
            expected = part(events[len(events) * i // steps : len(events) * (i + 1) // steps], SHAPE)
        assert torch.equal(tensor[i], expected)
    elsewhere = Steps(part, steps, by).on_device(Events.from_numpy(events), SHAPE, 0, 201)  # type: ignore[arg-type]
    torch.testing.assert_close(elsewhere, tensor, rtol=1e-5, atol=1e-5)


@given(events=event_arrays)
def test_concat_is_its_members_one_after_the_other(events: np.ndarray) -> None:
    members = (Frame(), VoxelGrid.e2vid(3), TimeSurface(50.0), EventImage())
    both = Concat(*members)
    expected = torch.cat([member(events, SHAPE, start_us=0, stop_us=300) for member in members])
    assert both.output_shape(SHAPE) == tuple(expected.shape)
    assert torch.equal(both(events, SHAPE, start_us=0, stop_us=300), expected)
    stacked = Steps(both, 2)(events, SHAPE, start_us=0, stop_us=300)
    assert torch.equal(stacked.sum(0)[:2], expected[:2])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("count", [1, 3, 255, 257, 2047, 2049, 2051, 4099, 65519, 65520, 70_001])
def test_narrow_floats_are_the_exact_count_rounded_once(dtype: torch.dtype, count: int) -> None:
    events = np.zeros(count, EVENT_DTYPE)
    for polarity, sign in (("split", 1), ("difference", -1)):
        image = Frame(polarity, dtype)(events, (3, 2))  # type: ignore[arg-type]
        assert image.dtype == dtype and image[0, 0, 0] == torch.tensor(sign * count).to(dtype)
        assert image.float().abs().sum() == image[0, 0, 0].float().abs()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.uint8])
def test_counts_stay_at_the_clip(dtype: torch.dtype) -> None:
    events = np.zeros(300, EVENT_DTYPE)
    events["x"][:3] = 1
    assert Frame(dtype=dtype, clip=7)(events, (2, 1))[0].tolist() == [[7, 3]]
    most = 255 if dtype == torch.uint8 else 280
    assert Frame(dtype=dtype, clip=280)(events, (2, 1))[0].tolist() == [[most, 3]]
    assert Frame("difference", clip=7)(events, (2, 1))[0].tolist() == [[-7, -3]]


def test_bool_says_whether_there_was_an_event() -> None:
    assert Frame(dtype=torch.bool)(FOUR, (5, 1)).tolist() == [
        [[False, True, False, True, False]],
        [[True, False, True, False, False]],
    ]


@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=repr)
def test_an_empty_window_is_what_no_event_gives(representation: Accumulated) -> None:
    nothing = representation(FOUR[:0], SHAPE, start_us=5, stop_us=9)
    assert torch.equal(representation(FOUR, SHAPE, start_us=5, stop_us=5), nothing)
    fill = {LatestTime: -1.0, Tore: math.log(151) - math.log(21)}.get(type(representation), 0.0)  # type: ignore[call-overload]
    assert torch.allclose(nothing.double(), torch.tensor(fill, dtype=torch.float64))


NESTED = [
    Concat(Frame(), VoxelGrid(3)),
    Steps(Frame(dtype=torch.uint8, clip=9), 4, "events"),
    Steps(Concat(Frame()), 2),
]


@pytest.mark.parametrize("representation", [*REPRESENTATIONS, *NESTED], ids=repr)
def test_a_dict_names_every_parameter(representation: Accumulated) -> None:
    import json

    described = representation.to_dict()
    assert representation_from_dict(json.loads(json.dumps(described))) == representation
    assert described["type"] == type(representation).__name__


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: representation_from_dict({"type": "Nothing"}), "type must be one of AveragedTimeSurface, .*'Nothing'"),
        (lambda: representation_from_dict({"type": "Frame", "bins": 3}), "Frame has the parameters .* got bins"),
        (lambda: StackedHistogram(cutoff=256), "cutoff must be an integer from 1 to 255, got 256"),
        (lambda: MixedDensity(cutoff=128), "cutoff must be an integer from 1 to 127"),
        (lambda: StackedHistogram(span="all"), "span must be one of events, window, got 'all'"),  # type: ignore[arg-type]
        (lambda: TimeSurface(0), "tau_us must be a positive number, got 0"),
        (lambda: TimeSurface(5, "none"), "decay must be one of"),  # type: ignore[arg-type]
        (lambda: LatestTime("signed"), "polarity must be one of split, merged"),  # type: ignore[arg-type]
        (lambda: Tore(0), "k must be an integer from 1"),
        (lambda: Tore(2, 100, 50), "max_age_us must not be below min_age_us; got 50 and 100"),
        (lambda: AveragedTimeSurface(0, 1, 1), "cell must be an integer"),
        (lambda: AveragedTimeSurface(2, 1, 1, max_age_us=0), "max_age_us must be an integer"),
        (lambda: VoxelGrid(3, normalize="all"), "normalize must be one of"),  # type: ignore[arg-type]
        (lambda: VoxelGrid(3, clip=-1), "clip must be a positive number"),
        (lambda: VoxelGrid.event_cube(3, "sum"), "polarity must be one of signed, split"),  # type: ignore[arg-type]
        (lambda: Steps(Frame(), 0), "steps must be an integer from 1"),
        (lambda: Steps(Steps(Frame(), 2), 2), "representation must be one of this package, .* and no Steps"),
        (lambda: Steps(lambda *_: None, 2), "must be one of this package"),  # type: ignore[arg-type]
        (lambda: Concat(), "Concat takes one or more"),
        (lambda: Concat(Frame(), Frame(dtype=torch.uint8)), "all must have one dtype; got torch.float32, torch.uint8"),
        (lambda: Concat(Frame(), AveragedTimeSurface(3, 1, 5)), "all must have one size of image"),
        (lambda: Frame(clip=0), "clip must be an integer"),
    ],
)
def test_parameters_fail_with_what_came_and_what_is_allowed(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


EDGE_CASES: dict[str, tuple[list[tuple[int, int, int, bool]], int, int]] = {
    "no event": ([], 0, 200),
    "one event": ([(7, 3, 2, True)], 0, 200),
    "one event at the very start": ([(0, 3, 2, False)], 0, 200),
    "one event at the very end": ([(199, 3, 2, True)], 0, 200),
    "equal times": ([(9, x, 2, x % 2 == 0) for x in range(7)], 0, 200),
    "equal times, all of the window": ([(9, x, 2, x % 2 == 0) for x in range(7)], 9, 10),
    "all outside": ([(9, -1, 2, True), (10, 7, 2, False), (11, 3, 5, True)], 0, 200),
    "some outside": ([(9, -1, 2, True), (10, 3, 2, False), (11, 3, 5, True), (12, 6, 4, True)], 0, 200),
    "times that step back": ([(90, 3, 2, True), (20, 3, 2, False), (50, 3, 2, True), (10, 1, 1, True)], 0, 200),
    "a window longer than the recording": ([(10 + t, t % 7, t % 5, t % 3 == 0) for t in range(40)], -1000, 5000),
    "fewer events than bins": ([(20, 3, 2, True), (180, 3, 2, False)], 0, 200),
    "counts past 255": ([(t // 2, 3, 2, True) for t in range(300)], 0, 200),
}


@pytest.mark.parametrize("case", EDGE_CASES)
@pytest.mark.parametrize(("representation", "restated"), CASES, ids=[repr(one) for one in REPRESENTATIONS])
def test_edge_cases_are_what_the_definition_says(representation: Accumulated, restated: Restatement, case: str) -> None:
    rows, start, stop = EDGE_CASES[case]
    events = records(rows)
    assert_close(representation(events, SHAPE, start_us=start, stop_us=stop), restated(events, start, stop))
    on_device = representation.on_device(Events.from_numpy(events), SHAPE, start, stop)
    assert_close(on_device, restated(events, start, stop))


@pytest.mark.parametrize("kind", ["rising", "steps back", "outside", "all three"])
@pytest.mark.parametrize(("representation", "restated"), CASES, ids=[repr(one) for one in REPRESENTATIONS])
def test_events_of_several_blocks_are_what_the_definition_says(
    representation: Accumulated, restated: Restatement, kind: str
) -> None:
    """The core looks at 256 events at a time, and has a shorter way for those that are inside and in order."""
    random = np.random.default_rng(7)
    events = np.zeros(900, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 200, 900))
    events["x"], events["y"] = random.integers(0, 7, 900), random.integers(0, 5, 900)
    events["p"] = random.random(900) < 0.5
    if kind in ("steps back", "all three"):
        events["t"][300:600] = random.permutation(events["t"][300:600])
    if kind in ("outside", "all three"):
        events["x"][random.integers(200, 500, 40)] = 7
        events["y"][random.integers(200, 500, 40)] = -1
    assert_close(representation(events, SHAPE, start_us=0, stop_us=200), restated(events, 0, 200))


@pytest.mark.parametrize("max_age_us", [None, 3_000])
def test_cells_of_averaged_time_surfaces_know_nothing_of_each_other(max_age_us: int | None) -> None:
    """The core sorts 65,536 events at a time by their cells, and those of a half are fewer."""
    random = np.random.default_rng(3)
    events = np.zeros(80_000, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 50_000, 80_000))
    events["x"], events["y"] = random.integers(0, 300, 80_000), random.integers(0, 200, 80_000)
    events["p"] = random.random(80_000) < 0.5
    surface = AveragedTimeSurface(10, 2, 20_000, max_age_us)
    halves = [surface(events[is_left], (300, 200)) for is_left in (events["x"] < 150, events["x"] >= 150)]
    assert torch.equal(surface(events, (300, 200)), halves[0] + halves[1])


def test_saturating_counts_do_not_wrap() -> None:
    events = np.zeros(70_000, EVENT_DTYPE)
    events["p"][:100] = True
    assert StackedHistogram(1, 255)(events, (1, 1)).flatten().tolist() == [255, 100]
    assert MixedDensity(2, 127)(events, (1, 1)).flatten().tolist() == [-127, -127]


def test_a_recording_is_one_item_of_sixteen_steps(tmp_path: Path) -> None:
    events = records([(t, t % 34, t % 30, t % 3 == 0) for t in range(0, 3000, 7)])
    save(tmp_path / "digit.dat", events, (34, 34))
    item = FileInput(tmp_path / "digit.dat", window_us=3001, representation=Steps(Frame(), 16))[0]
    assert item.shape == (16, 2, 34, 34) and item.sum() == len(events)
