"""Windows of a recording: wherever they are asked for, by every way that items are made."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.checks import assert_same_events
from support.files import FORMATS, HEIGHT, WIDTH, make_events, write_file

from aestream import FileInput, Frame, MixedDensity, StackedHistogram, VoxelGrid, accumulate, save, windows_before
from aestream.representations import Steps
from aestream.transforms import FlipX

SHAPE = (WIDTH, HEIGHT)
START = 1_000_000


def by_call(representation):
    """The same representation as a plain function, which the core cannot accumulate."""

    def call(events, shape, *, start_us=None, stop_us=None):
        return representation(events, shape, start_us=start_us, stop_us=stop_us)

    return call


def held(events: np.ndarray, start: int, stop: int) -> np.ndarray:
    """The events of a window, by the rule: those at which the latest time so far lies in it."""
    latest = np.maximum.accumulate(events["t"])
    return events[(latest >= start) & (latest < stop)]


spans = st.lists(
    st.tuples(st.integers(START - 500, START + 2000), st.integers(0, 900)).map(lambda pair: (pair[0], sum(pair))),
    max_size=12,
)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """A file of each kind of source, with times that step back, and its events."""
    folder = tmp_path_factory.mktemp("windows")
    events = make_events(80, outside=True, step_back_us=60)
    return [write_file(folder, format, events) for format in ("evt3", "aedat4", "npy", "csv")], events


@given(spans, st.sampled_from(range(4)))
def test_windows_in_any_order_hold_the_events_of_the_rule(recordings, spans, which):
    paths, events = recordings
    windows = np.array(spans, np.int64).reshape(-1, 2)
    file = FileInput(paths[which], SHAPE, windows=windows, representation=None)
    assert len(file) == len(spans)
    for item, (start, stop) in zip(file, spans, strict=True):
        assert_same_events(item.numpy(), held(events, start, stop))
        assert_same_events(file.slice(start, stop), held(events, start, stop))


@given(spans, st.sampled_from((Frame(), VoxelGrid(3), Steps(Frame("sum"), 3))))
def test_fused_windows_equal_those_by_call_and_from_memory(recordings, spans, representation):
    paths, events = recordings
    windows = np.array(spans, np.int64).reshape(-1, 2)
    fused = FileInput(paths[0], SHAPE, windows=windows, representation=representation)
    called = FileInput(paths[0], SHAPE, windows=windows, representation=by_call(representation))
    tensors = accumulate(events, representation, SHAPE, windows=windows)
    assert tensors.shape == (len(spans), *representation.output_shape(SHAPE))
    for one, other, third in zip(fused, called, tensors, strict=True):
        assert torch.equal(one, other) and torch.equal(one, third)


@pytest.mark.parametrize("format", FORMATS)
def test_windows_beyond_and_between_the_events_are_zeros(tmp_path, format):
    windows = [[0, 10], [2**62, 2**62 + 5], [START, START], [0, 2**62], [-(2**62), 0]]
    path = write_file(tmp_path, format, make_events(2000))
    for representation in (Frame(), by_call(Frame())):
        file = FileInput(path, SHAPE, windows=windows, representation=representation)
        assert [int(item.sum()) for item in file] == [0, 0, 0, 2000, 0]


def test_windows_are_copied(tmp_path):
    windows = np.array([[START, START + 1000]])
    file = FileInput(write_file(tmp_path, "evt3", make_events(100)), windows=windows)
    before = file[0].clone()
    windows += 1000
    assert file.window(0) == (START, START + 1000) and torch.equal(file[0], before)
    assert torch.equal(FileInput(file.path, windows=torch.tensor([[START, START + 1000]]))[0], before)


@pytest.mark.parametrize("length", [0, 40])
def test_a_file_without_events_has_the_windows_that_were_asked_for(tmp_path, length):
    events = make_events(length)
    path = write_file(tmp_path, "evt3", events)
    windows = [[0, 5], [7, 7]]
    assert len(FileInput(path, windows=windows)) == 2
    assert FileInput(path, windows=windows).__getitems__([1, 0])[0].sum() == 0
    assert FileInput(path, windows=np.zeros((0, 2), np.int64)).__getitems__([]) == []
    assert accumulate(events, Frame(), SHAPE, windows=np.zeros((0, 2), int)).shape == (0, 2, HEIGHT, WIDTH)


@pytest.mark.parametrize("representation", [Frame(), VoxelGrid(4), Steps(VoxelGrid(2), 5)])
def test_no_length_makes_the_whole_recording_one_window(tmp_path, representation):
    events = make_events(300)
    file = FileInput(write_file(tmp_path, "evt3", events), window_us=None, representation=representation)
    span = (int(events["t"][0]), int(events["t"].max()) + 1)
    expected = representation(events, SHAPE, start_us=span[0], stop_us=span[1])
    assert len(file) == 1 and file.window(0) == span and torch.equal(file[0], expected)
    assert torch.equal(accumulate(events, representation, SHAPE, window_us=None), expected[None])
    part = FileInput(
        file.path, window_us=None, start_us=START + 500, stop_us=START + 9000, representation=representation
    )
    assert part.window(0) == (START + 500, START + 9000)
    cut = held(events, START + 500, START + 9000)
    assert torch.equal(part[0], representation(cut, SHAPE, start_us=START + 500, stop_us=START + 9000))


def test_a_recording_without_events_is_one_empty_window_if_it_is_one_at_all(tmp_path):
    path = write_file(tmp_path, "evt3", make_events(0))
    file = FileInput(path, window_us=None, representation=VoxelGrid(2))
    assert len(file) == 1 and file.window(0) == (0, 0) and file[0].shape == (2, HEIGHT, WIDTH) and file[0].sum() == 0
    assert accumulate(make_events(0), Frame(), SHAPE, window_us=None).shape == (1, 2, HEIGHT, WIDTH)


def test_a_window_that_is_too_long_keeps_its_time_axis(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events(100)), window_us=10**9, representation=VoxelGrid(10))
    assert file[0][1:].abs().max() < 0.01 < file._with(window_us=None)[0][9].abs().max()


def test_half_a_span_beyond_the_recording_has_no_windows_and_warns(tmp_path):
    path = write_file(tmp_path, "evt3", make_events(10))
    for option in ({"start_us": 2_000_000}, {"stop_us": 5}):
        with pytest.warns(UserWarning, match="holds no time of the recording"):
            assert len(FileInput(path, **option)) == 0
        with pytest.warns(UserWarning, match="holds no time of the recording"):
            assert len(accumulate(make_events(10), Frame(), SHAPE, **option)) == 0


def test_a_span_that_touches_the_recording_does_not_warn(tmp_path):
    events = make_events(10)
    path, first = write_file(tmp_path, "evt3", events), int(events["t"][0])
    assert len(FileInput(path, start_us=0, stop_us=first + 1, window_us=first + 1)) == 1
    assert len(FileInput(path, start_us=int(events["t"].max()))) == 1


@given(st.lists(st.integers(START - 100, START + 2500), max_size=8), st.integers(1, 3000))
def test_no_event_at_or_after_a_label_enters_the_window_before_it(recordings, times, length):
    paths, events = recordings
    windows = windows_before(times, length)
    assert windows.dtype == np.int64 and windows.tolist() == [[time - length, time] for time in times]
    for item, time in zip(FileInput(paths[0], windows=windows, representation=None), times, strict=True):
        assert len(item) == 0 or int(item.t.max()) < time
        assert_same_events(item.numpy(), held(events, time - length, time))


def test_windows_before_takes_arrays_and_tensors():
    for times in ([30, 10], np.array([30, 10], np.uint32), torch.tensor([30, 10]), np.array([30.0, 10.0])):
        assert windows_before(times, 20).tolist() == [[10, 30], [-10, 10]]
    assert windows_before([], 5).shape == (0, 2)
    assert windows_before([-(2**63) + 3], 5).tolist() == [[-(2**63), -(2**63) + 3]]


@pytest.mark.parametrize(
    ("times", "length", "message"),
    [
        ([0.5], 5, "must be integers; got float64 0.5"),
        ([[1]], 5, r"times_us must be \[N\]; got shape \(1, 1\)"),
        ([1], 0, "length_us must be a whole number, 1 or more; got 0"),
        ([1], 2**63, "length_us must fit int64"),
    ],
)
def test_windows_before_fails_with_what_came(times, length, message):
    with pytest.raises(ValueError, match=message):
        windows_before(times, length)


def first_around(file: FileInput, time: int) -> int | None:
    """The dumbest search for the window of a time."""
    return next((i for i in range(len(file)) if file.window(i)[0] <= time < file.window(i)[1]), None)


@pytest.mark.parametrize(
    "options",
    [
        {"window_us": 300},
        {"window_us": 300, "stride": 100},
        {"window_us": 100, "stride": 300, "include_incomplete": False},
        {"window_us": 700, "start_us": START + 100, "stop_us": START + 1500},
        {"windows": [[START + 5, START + 300], [START, START + 10], [START + 7, START + 7], [START, START + 5000]]},
        {"window_events": 7},
        {"window_events": 9, "stride": 4},
        {"window_us": None},
    ],
)
def test_index_at_is_the_way_back_from_window(tmp_path, options):
    events = make_events(80)
    file = FileInput(write_file(tmp_path, "evt3", events), representation=None, **options)
    for time in range(START - 3, START + 2600):
        expected = first_around(file, time)
        if expected is None:
            with pytest.raises(ValueError, match=f"no window of .* holds the time {time}"):
                file.index_at(time)
        else:
            assert file.index_at(time) == expected


def test_window_of_a_count_lasts_from_its_first_event_to_after_its_latest(tmp_path):
    events = make_events(50, step_back_us=100)
    file = FileInput(write_file(tmp_path, "evt3", events), window_events=20, with_times=True)
    for i, start in enumerate((0, 20, 40)):
        t = events["t"][start : start + 20]
        assert file.window(i) == (t[0], t.max() + 1) == tuple(file[i][1].tolist())
    assert file.window(-1) == file.window(2)


BAD = [
    ({"windows": [[5, 4]]}, r"windows must not stop before they start; got \[5, 4\) in row 0"),
    ({"windows": [[0, 1], [3, 2]]}, "in row 1"),
    ({"windows": [[0.0, 1.0]]}, "windows must be integers, in µs; got float64"),
    ({"windows": [0, 1]}, r"windows must be \[N, 2\], .* got shape \[2\]"),
    ({"windows": [[1, 2, 3]]}, r"got shape \[1, 3\]"),
    ({"windows": np.array([[0, 2**63]], np.uint64)}, "windows must fit int64; got 9223372036854775808"),
    ({"windows": [[0, 1]], "window_us": 10_000}, "window_us and windows exclude each other"),
    ({"windows": [[0, 1]], "window_events": 5}, "window_events and windows exclude each other"),
    ({"windows": [[0, 1]], "stride": 5}, "stride, start_us and stop_us must be None"),
    ({"window_us": 10_000, "window_events": 5}, "window_us and window_events exclude each other"),
    ({"window_us": None, "stride": 5}, "stride must be None where the whole recording is one window"),
    ({"window_us": 0}, "window_us must be a whole number, 1 or more; got 0"),
    ({"window_us": 2**63}, "window_us must fit int64; got 9223372036854775808"),
    ({"window_events": 2**70}, "window_events must fit int64"),
    ({"stride": 2**64}, "stride must fit int64"),
    ({"start_us": 2**63}, "start_us must fit int64, in microseconds; got 9223372036854775808"),
    ({"stop_us": -1e30}, "stop_us must fit int64, in microseconds; got -1e"),
    ({"start_us": float("nan")}, "start_us must be a whole number of microseconds; got nan"),
    ({"windows": [[0, 1], [2]]}, r"windows must be \[N, 2\], start and stop of each in µs: .*inhomogeneous"),
    ({"windows": 5}, r"got shape \[\]"),
    ({"start_us": 0.5}, "start_us must be a whole number of microseconds; got 0.5"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_windows_fail_with_what_came(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        FileInput(write_file(tmp_path, "evt3", make_events(10)), **options)
    with pytest.raises(ValueError, match=message):
        accumulate(make_events(10), Frame(), SHAPE, **options)


def test_options_that_nobody_knows_are_type_errors(tmp_path):
    with pytest.raises(TypeError, match="FileInput got an unexpected keyword argument 'windwos'; it takes window_us"):
        FileInput(write_file(tmp_path, "evt3", make_events(10)), windwos=[[0, 1]])
    with pytest.raises(TypeError, match="accumulate.* unexpected keyword argument 'with_times'"):
        accumulate(make_events(10), Frame(), SHAPE, with_times=True)


def test_a_slice_of_items_is_a_dataset(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events()), window_us=9000)
    part = file[2:8:2]
    assert [torch.equal(one, file[i]) for one, i in zip(part, (2, 4, 6), strict=True)] == [True] * 3
    assert torch.equal(torch.stack(part.__getitems__([0, 1])), torch.stack([file[2], file[4]]))
    assert len(file[100:]) == 0 and torch.equal(file[-3:][0], file[-3])


def test_times_that_are_whole_floats_are_times(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events()))
    assert_same_events(file.slice(1_000_000.0, np.float64(1_050_000)), file.slice(1_000_000, 1_050_000))
    assert FileInput(file.path, start_us=1_010_000.0).window(0)[0] == 1_010_000
    with pytest.raises(ValueError, match="stop_us must be a whole number of microseconds; got 10.5"):
        file.slice(0, 10.5)


def test_windows_travel_with_a_pickle(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events()), windows=[[START, START + 9000], [0, 5]])
    again = pickle.loads(pickle.dumps(file))
    assert len(again) == 2 and torch.equal(again[0], file[0]) and again.window(1) == (0, 5)


@pytest.mark.parametrize(
    "representation",
    [MixedDensity(3), StackedHistogram(3), VoxelGrid(3, span="events"), Steps(VoxelGrid(2, span="events"), 2)],
    ids=str,
)
@pytest.mark.parametrize("window", [{"window_us": None}, {"window_events": 2_150_000}], ids=str)
def test_a_window_that_is_decoded_twice_gives_what_its_events_give(tmp_path, representation, window):
    count = 2_200_000  # more than are collected
    events = np.tile(make_events(count=1000, seed=3), count // 1000)
    events["t"] = START + np.arange(count) // 3
    events["t"][count // 2] = START + count  # the latest
    save(tmp_path / "long.dat", events, shape=SHAPE)
    file = FileInput(tmp_path / "long.dat", representation=representation, cache_index=False, **window)
    flip = FileInput(tmp_path / "long.dat", representation=representation, event_transform=FlipX(1), **window)
    flipped = events.copy()
    flipped["x"] = WIDTH - 1 - flipped["x"]
    for dataset, held in ((file, events), (flip, flipped)):
        start, stop = dataset.window(0)
        want = representation(held[: window.get("window_events")], SHAPE, start_us=start, stop_us=stop)
        assert torch.equal(dataset[0], want)


@pytest.mark.parametrize(
    "windows", [[], np.zeros((0, 2), np.int64), windows_before([], 5)], ids=["list", "array", "no"]
)
def test_no_windows_are_no_items(tmp_path, windows):
    path = write_file(tmp_path, "evt3", make_events(10))
    assert len(FileInput(path, windows=windows, targets=[])) == 0
    assert accumulate(make_events(10), Frame(), SHAPE, windows=windows).shape == (0, 2, SHAPE[1], SHAPE[0])


@pytest.mark.parametrize("options", [{}, {"stride": 60}, {"window_us": 2**63 - 1}, {"window_us": None}], ids=str)
def test_windows_that_reach_beyond_int64_hold_their_events(tmp_path, options):
    events = make_events(3)
    events["t"] = [2**63 - 250, 2**63 - 130, 2**63 - 2]
    file = FileInput(write_file(tmp_path, "aedat4", events), with_times=True, **options)
    frames, times = zip(*file, strict=True)
    assert frames[0].sum() == 3
    assert times[0].tolist() == [2**63 - 250, 2**63 - 1] == list(file.window(0))
    assert [frame.sum() for frame in frames] == accumulate(events, Frame(), SHAPE, **options).sum((1, 2, 3)).tolist()
