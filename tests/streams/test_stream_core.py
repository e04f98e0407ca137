"""The core of every stream: windows as FileInput has them, and every event in exactly one account."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.checks import assert_same_events, count_in_bounds, slice_by_running_maximum
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.strategies import event_arrays, split_points

import aestream
from aestream import FileInput, Frame, VoxelGrid, _core
from aestream.streams.session import StreamStats

SHAPE = (WIDTH, HEIGHT)
SILENT = 1e-9  # seconds without an event: enough for an iteration to end when nothing is queued


def balanced(sink: _core.EventSink) -> StreamStats:
    stats = StreamStats(**sink.counts())
    assert stats.received == stats.delivered + stats.pending + stats.out_of_bounds + stats.dropped
    return stats


def push_in_parts(sink: _core.EventSink, events: np.ndarray, cuts: list[int]) -> None:
    for part in np.split(events, cuts):
        sink.push(part)


def items(sink: _core.EventSink, *, window_us=None, window_events=None, spec=None) -> list[tuple[np.ndarray, int, int]]:
    """Every window until the stream ends."""
    windows = _core.StreamWindows(sink, window_events is None, window_events or window_us, spec)
    found = []
    while (item := windows.next(None)) is not None:
        found.append(item)
        if windows.ended:
            break
    return found


def counts(events: np.ndarray) -> np.ndarray:
    """Events per pixel of the sensor, x first."""
    inside = events[(events["x"] >= 0) & (events["x"] < WIDTH) & (events["y"] >= 0) & (events["y"] < HEIGHT)]
    frame = np.zeros(SHAPE, np.float32)
    np.add.at(frame, (inside["x"], inside["y"]), 1)
    return frame


@given(
    data=st.data(),
    events=event_arrays(WIDTH + 4, HEIGHT + 4, monotonic=False),
    representation=st.sampled_from([Frame(), Frame("difference"), VoxelGrid(3)]),
)
@pytest.mark.parametrize("window", [{"window_us": 700}, {"window_us": 10_000}, {"window_events": 7}])
def test_tensors_are_those_of_the_same_events_in_memory(window, data, events, representation):
    sink = _core.EventSink(*SHAPE)
    push_in_parts(sink, events, data.draw(split_points(len(events))))
    sink.close()
    got = [values for values, _, _ in items(sink, spec=representation.spec(), **window)]
    want = aestream.accumulate(events, representation, SHAPE, **window).numpy()
    assert len(got) == len(want)
    assert all(np.array_equal(*pair) for pair in zip(got, want, strict=True))
    stats = balanced(sink)
    assert (stats.delivered, stats.pending) == (count_in_bounds(events, SHAPE), 0)


@given(data=st.data(), events=event_arrays(WIDTH + 4, HEIGHT + 4, monotonic=False))
def test_windows_of_events_follow_the_running_maximum(data, events):
    sink = _core.EventSink(*SHAPE)
    push_in_parts(sink, events, data.draw(split_points(len(events))))
    sink.close()
    found = items(sink, window_us=5000)
    for values, start, stop in found:
        assert stop - start == 5000
        assert_same_events(values, slice_by_running_maximum(events, start, stop))
    assert sum(len(values) for values, _, _ in found) == balanced(sink).delivered == len(events)


@pytest.mark.parametrize("window", [{"window_us": 3000}, {"window_events": 170}])
def test_windows_are_those_of_the_file(tmp_path, window):
    events = make_events(3000, outside=True, step_back_us=4000)
    sink = _core.EventSink(*SHAPE)
    sink.push(events)
    sink.close()
    file = FileInput(write_file(tmp_path, "dat", events), representation=None, **window)
    found = items(sink, **window)
    assert len(found) == len(file)
    for (values, _, _), want in zip(found, file, strict=True):
        assert_same_events(values, want.numpy())


@given(data=st.data())
def test_accounts_balance_whatever_is_done(data):
    sink = _core.EventSink(*SHAPE, capacity=data.draw(st.sampled_from([1, 50, 5000])))
    windows = _core.StreamWindows(sink, True, 1000, data.draw(st.sampled_from([None, Frame().spec()])))
    pushed = delivered = time = 0
    for step in data.draw(st.lists(st.sampled_from(["push", "push", "read", "item", "abandon"]), max_size=25)):
        if step == "push":
            events = make_events(data.draw(st.integers(0, 300)), outside=True, seed=pushed)
            events["t"] += time
            sink.push(events)
            pushed, time = pushed + len(events), time + data.draw(st.sampled_from([0, 900, 10**8, -(10**8)]))
        elif step == "read":
            windows.abandon()
            delivered += int(sink.take().sum())
        elif step == "abandon":
            windows.abandon()
        elif (item := windows.next(SILENT)) is not None:
            delivered += len(item[0]) if item[0].dtype.names else int(item[0].sum())
        stats = balanced(sink)
        assert (stats.received, stats.delivered) == (pushed, delivered)
    sink.close()
    windows.abandon()
    delivered += int(sink.take().sum())
    stats = balanced(sink)
    assert (stats.received, stats.delivered, stats.pending) == (pushed, delivered, 0)
    assert not sink.is_streaming()


def test_read_loses_nothing_however_late():
    events = make_events(500, outside=True)
    sink = _core.EventSink(*SHAPE, capacity=100)
    push_in_parts(sink, events, [80, 130, 400])
    np.testing.assert_array_equal(sink.take(), counts(events))
    assert balanced(sink) == StreamStats(500, 450, 0, 50, rate_hz=balanced(sink).rate_hz)


def test_iterating_late_drops_the_newest_events():
    events = make_events(500)
    sink = _core.EventSink(*SHAPE, capacity=100)
    push_in_parts(sink, events, [80, 130, 400])
    sink.close()
    found = items(sink, window_events=30)
    assert_same_events(np.concatenate([values for values, _, _ in found]), events[:100])
    stats = balanced(sink)
    assert (stats.delivered, stats.dropped) == (100, 400)


def test_first_read_takes_what_was_queued_and_no_window_has():
    events = make_events(300)
    sink = _core.EventSink(*SHAPE)
    windows = _core.StreamWindows(sink, False, 100, None)
    sink.push(events)
    assert_same_events(windows.next(None)[0], events[:100])
    windows.abandon()
    np.testing.assert_array_equal(sink.take(), counts(events[100:]))
    assert balanced(sink).dropped == 0


def test_changing_drops_the_unfinished_window_and_frame():
    events = make_events(100)
    sink = _core.EventSink(*SHAPE)
    windows = _core.StreamWindows(sink, True, 10**9, Frame().spec())
    sink.push(events)
    sink.close()
    assert windows.next(None)[0].sum() == 100  # at the end the last window is delivered as it is
    sink = _core.EventSink(*SHAPE)
    sink.take()
    sink.push(events)
    assert items_while_silent(sink) == []
    assert balanced(sink).dropped == 100


def items_while_silent(sink: _core.EventSink) -> list:
    found = []
    windows = _core.StreamWindows(sink, True, 1000, None)
    while not windows.ended:
        if (item := windows.next(SILENT)) is not None:
            found.append(item)
    return found


def test_one_window_of_events_is_bounded():
    sink = _core.EventSink(*SHAPE, capacity=1000)
    found: list = []
    consumer = threading.Thread(target=lambda: found.extend(items(sink, window_us=10**9)))
    consumer.start()
    for _ in range(1000):
        sink.push(make_events(600))
    sink.close()
    consumer.join()
    assert [len(values) for values, _, _ in found] == [1000]
    stats = balanced(sink)
    assert (stats.delivered, stats.dropped) == (1000, 599_000)


@pytest.mark.parametrize("jump_us", [1_000_000, -1_002_101])
def test_clock_that_jumps_begins_new_windows(jump_us):
    events = make_events(4)
    events["t"] = [5_000_000, 5_000_100, 5_002_100 + jump_us, 5_002_200 + jump_us]
    sink = _core.EventSink(*SHAPE)
    sink.push(events)
    sink.close()
    found = [(len(values), start, stop) for values, start, stop in items(sink, window_us=1000)]
    begin = 5_002_100 + jump_us
    assert found == [(2, 5_000_000, 5_001_000), (2, begin, begin + 1000)]


def test_windows_without_events_are_items_up_to_a_thousand():
    events = make_events(2)
    events["t"] = [0, 1_000_999]
    sink = _core.EventSink(*SHAPE)
    sink.push(events)
    sink.close()
    assert [len(values) for values, _, _ in items(sink, window_us=1000)] == [1, *[0] * 999, 1]


def test_extreme_times_end_windows():
    events = make_events(6)
    limit = np.iinfo(np.int64)
    events["t"] = [limit.min, limit.min + 5, limit.max - 5, limit.max, limit.max, limit.min]
    for window_us in (1, 1000, limit.max):
        sink = _core.EventSink(*SHAPE)
        sink.push(events)
        sink.close()
        assert sum(len(values) for values, _, _ in items(sink, window_us=int(window_us))) == 6


def test_silence_delivers_the_unfinished_window_and_goes_on_later():
    events = make_events(50)
    sink = _core.EventSink(*SHAPE)
    windows = _core.StreamWindows(sink, True, 10**9, None)
    sink.push(events)
    assert_same_events(windows.next(SILENT)[0], events)
    assert windows.ended
    assert windows.next(SILENT) is None
    sink.push(events)
    assert_same_events(windows.next(SILENT)[0], events)


def test_error_comes_after_the_last_event():
    sink = _core.EventSink(*SHAPE)
    sink.push(make_events(10))
    sink.close(OSError("gone"))
    assert sink.is_streaming()
    assert sink.take().sum() == 10
    with pytest.raises(OSError, match="gone"):
        sink.take()
    assert sink.take().sum() == 0
    assert not sink.is_streaming()


def test_error_comes_once_from_windows():
    sink = _core.EventSink(*SHAPE)
    windows = _core.StreamWindows(sink, True, 1000, None)
    sink.close(KeyError("gone"))
    with pytest.raises(KeyError, match="gone"):
        windows.next(None)
    assert windows.next(None) is None


def test_frames_are_exact_while_a_thread_pushes():
    events = make_events(200_000, outside=True)
    sink = _core.EventSink(*SHAPE)
    producer = threading.Thread(
        target=lambda: (push_in_parts(sink, events, list(range(0, 200_000, 777))), sink.close())
    )
    producer.start()
    total = np.zeros(SHAPE, np.float32)
    while sink.is_streaming():
        total += sink.take()
        balanced(sink)
    producer.join()
    np.testing.assert_array_equal(total, counts(events))


LAYOUTS = {
    "dv-processing": [("timestamp", "<i8"), ("x", "<i2"), ("y", "<i2"), ("polarity", "i1"), ("padding", "V3")],
    "neuromorphic-drivers": [("t", "<u8"), ("x", "<u2"), ("y", "<u2"), ("on", "?")],
    "Metavision": [("x", "<u2"), ("y", "<u2"), ("p", "<i2"), ("t", "<i8")],
    "wide": [("p", "<i8"), ("y", "<u4"), ("x", "<i4"), ("t", "<u4")],
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("step", [1, 3, -1])
def test_push_takes_the_records_of_camera_drivers(name, step):
    events = make_events(2500)
    records = np.empty(len(events), LAYOUTS[name])
    for field in records.dtype.names:
        source = {"timestamp": "t", "polarity": "p", "on": "p"}.get(field, field)
        records[field] = events[source] if source in "txyp" else b"\xaa"
    sink = _core.EventSink(*SHAPE)
    sink.push(records[::step])
    sink.close()
    assert_same_events(np.concatenate([values for values, _, _ in items(sink, window_us=10**6)]), events[::step])


def test_push_columns_takes_four_arrays():
    events = make_events(100)
    sink = _core.EventSink(*SHAPE)
    sink.push_columns(events["t"], events["x"].astype("u4"), events["y"], events["p"].astype("i1") * 2 - 1)
    sink.close()
    assert_same_events(items(sink, window_us=10**6)[0][0], events)


def test_coordinates_that_no_sensor_has_stay_outside():
    sink = _core.EventSink(*SHAPE)
    x = np.array([65536 + 5, -65536 + 5, 40_000, -1, 5], "i8")
    sink.push_columns(np.zeros(5, "i8"), x, np.zeros(5, "i8"), np.ones(5, "?"))
    assert sink.take().sum() == 1
    assert balanced(sink).out_of_bounds == 4


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (np.zeros(3), "t is not in float64"),
        (np.zeros(3, [("t", "i8"), ("x", "i2"), ("y", "i2")]), "p is not in"),
        (np.zeros(3, [("t", "f8"), ("x", "i2"), ("y", "i2"), ("p", "?")]), "t must be integers.*float64"),
        (np.zeros(3, [("t", ">i8"), ("x", "i2"), ("y", "i2"), ("p", "?")]), "t must be integers in this machine's"),
        (np.zeros((3, 2), [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "?")]), "one dimension"),
    ],
)
def test_push_of_other_arrays_fails(events, message):
    with pytest.raises(ValueError, match=message):
        _core.EventSink(*SHAPE).push(events)
