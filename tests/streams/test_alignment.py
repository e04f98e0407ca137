"""Where windows of a stream begin: aligned, and anew after a gap; recordings one after the other are the files'."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.strategies import split_points

from aestream import FileInput, Frame, UDPInput, UDPOutput, VoxelGrid, _core

SHAPE = (WIDTH, HEIGHT)
HERE = "127.0.0.1"
DEADLINE_S = 30
LENGTH = 1000


def wait_for(condition) -> None:
    """Until it holds; fails after half a minute."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        os.sched_yield()


def at(times) -> np.ndarray:
    """An event at each time."""
    events = make_events(len(times))
    events["t"] = times
    return events


def cut(events: np.ndarray, cuts=(), *, by_time: bool = True, length: int = LENGTH, **rule) -> list[list[int]]:
    """[start, stop, times of its events] of each window."""
    sink = _core.EventSink(*SHAPE)
    for part in np.split(events, list(cuts)):
        sink.push(part)
    sink.close()
    windows = _core.StreamWindows(sink, by_time, length, None, **rule)
    found = []
    while (item := windows.next(None)) is not None:
        found.append([item[1], item[2], item[0]["t"].tolist()])
    counts = sink.counts()
    assert counts["delivered"] == counts["received"] == len(events)
    return found


@pytest.mark.parametrize(
    ("first", "align_us", "start"),
    [
        (5, 0, 0),
        (999, 0, 0),
        (1000, 0, 1000),
        (5, 7, -993),
        (-1, 0, -1000),
        (12_345, -400, 11_600),
        (-700, 2**62, -1096),
    ],
)
def test_windows_begin_at_multiples_of_their_length(first, align_us, start):
    assert (start - align_us) % LENGTH == 0 and start <= first < start + LENGTH
    assert cut(at([first, first + LENGTH]), align_us=align_us) == [
        [start, start + LENGTH, [first]],
        [start + LENGTH, start + 2 * LENGTH, [first + LENGTH]],
    ]


def test_windows_are_aligned_after_the_clock_was_set_anew():
    found = cut(at([10_000_400, 400, 2_000_000_700]), align_us=0)
    assert [window[0] for window in found] == [10_000_000, 0, 2_000_000_000]


def test_extreme_times_are_aligned():
    limit = np.iinfo(np.int64)
    found = cut(at([limit.min, limit.max]), align_us=1, length=2**62)
    assert [window[2] for window in found] == [[limit.min], [limit.max]]


def test_the_first_window_begins_where_it_is_told():
    assert [w[:2] for w in cut(at([2500]), start_us=400)] == [[400, 1400], [1400, 2400], [2400, 3400]]


@pytest.mark.parametrize("by_time", [True, False])
def test_silence_in_the_events_times_begins_windows_anew(by_time):
    times = [0, 300, 900, 5900, 6000, 11_000]
    length = LENGTH if by_time else 2
    found = [window[2] for window in cut(at(times), by_time=by_time, length=length, gap_s=0.005)]
    assert found == ([[0, 300, 900], [5900, 6000], [11_000]] if by_time else [[0, 300], [900], [5900, 6000], [11_000]])


def test_windows_without_events_stay_where_no_gap_is():
    assert [len(window[2]) for window in cut(at([0, 4900, 9900]), gap_s=0.005)] == [1, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("by_time", [True, False])
def test_a_step_back_of_more_than_a_second_begins_windows_anew(by_time):
    times = [5_000_000, 5_000_900, 4_000_899, 4_001_000]
    found = cut(at(times), by_time=by_time, length=LENGTH if by_time else 3, gap_s=1)
    assert [window[2] for window in found] == [times[:2], times[2:]]
    near = [5_000_000, 5_000_900, 4_000_900]
    assert [window[2] for window in cut(at(near), by_time=by_time, length=LENGTH if by_time else 3, gap_s=1)] == [near]


@given(
    data=st.data(), times=st.lists(st.integers(0, 40), max_size=60), gap=st.integers(1, 30), align=st.integers(-9, 9)
)
def test_any_chunking_gives_the_windows_of_plain_code(data, times, gap, align):
    events = at(times)
    cuts = data.draw(split_points(len(events)))  # the machine may pause between the parts, longer than the gap
    found = cut(events, cuts, length=7, gap_s=gap / 1e6, align_us=align, has_arrivals=False)
    assert found == plain_windows(times, 7, gap, align)


def plain_windows(times: list[int], length: int, gap: int, align: int) -> list:
    """An event after the other, by the rule as it is written."""
    windows: list = []
    latest = None
    for t in times:
        if latest is None or t >= latest + gap:
            start = (t - align) // length * length + align
            windows.append([start, start + length, []])
            latest = t
        while t >= windows[-1][1]:
            windows.append([windows[-1][1], windows[-1][1] + length, []])
        windows[-1][2].append(t)
        latest = max(latest, t)
    return windows


def test_silence_by_our_clock_delivers_the_window_and_begins_anew():
    sink = _core.EventSink(*SHAPE)
    windows = _core.StreamWindows(sink, True, 10**9, None, gap_s=0.02)
    for times in ([10, 20, 30], [40, 50]):
        sink.push(at(times))
        values, start, _ = windows.next(None)  # no event follows
        assert (values["t"].tolist(), start, windows.ended) == (times, times[0], False)


def test_silence_by_our_clock_is_found_later_too():
    sink = _core.EventSink(*SHAPE)
    for times in ([10, 20, 30], [40, 50]):
        sink.push(at(times))
        time.sleep(0.03)
    sink.close()
    windows = _core.StreamWindows(sink, False, 100, None, gap_s=0.02)
    assert [windows.next(None)[0]["t"].tolist() for _ in range(2)] == [[10, 20, 30], [40, 50]]


@pytest.fixture
def recordings(tmp_path):
    """30 files of events of different lengths, which begin anywhere; the first times step back now and then."""
    paths = []
    for number in range(30):
        folder = tmp_path / str(number)
        folder.mkdir()
        events = make_events(
            300 + 70 * number, seed=number + 1, step_back_us=500 * (number % 3), outside=number % 2 == 0
        )
        events["t"] += 10_000_000 * (number % 4) + 123
        paths.append(write_file(folder, "dat", events))
    return paths


def receive(paths, send, **options) -> list:
    """What `send(output, file)` makes of all recordings in one stream."""
    with UDPInput(SHAPE, port=0, host=HERE, **options) as stream:
        output = UDPOutput(HERE, stream.port)
        sent = 0
        for path in paths:
            send(output, FileInput(path, SHAPE))
            sent = output.counts.events
            wait_for(lambda sent=sent: stream.stats.received >= sent)  # so that the system loses nothing
    items = list(_Stopped(stream))
    stats = stream.stats
    assert stats.kernel_drops == stats.pending == stats.dropped == 0
    assert stats.received == stats.delivered + stats.out_of_bounds == sent
    return items


class _Stopped:
    """The items that a stream holds which was stopped, without opening it again."""

    def __init__(self, stream) -> None:
        self.stream = stream

    def __iter__(self):
        stream = self.stream
        windows = stream._session.windows(
            stream.representation,
            by_time=stream.window_events is None,
            length=stream.window_events or stream.window_us,
            align_us=stream.align_us,
            gap_s=stream.gap_s,
        )
        while (found := windows.next(None)) is not None:
            yield torch.from_numpy(found[0])


@pytest.mark.parametrize("representation", [Frame(), VoxelGrid(3)], ids=lambda each: type(each).__name__)
def test_thirty_recordings_in_one_stream_are_the_files(recordings, representation):
    options = {"window_us": 5000, "representation": representation}
    want = [item for path in recordings for item in FileInput(path, SHAPE, **options)]
    start_us = 0

    def send(output, file):
        nonlocal start_us
        start_us = output.send_file(file._with(window_us=5000), start_at_us=start_us)

    got = receive(recordings, send, align_us=0, **options)
    assert len(got) == len(want)
    assert all(torch.equal(*pair) for pair in zip(got, want, strict=True))


@pytest.mark.parametrize("window", [{"window_us": 5000}, {"window_events": 170}])
def test_recordings_with_silence_between_are_the_files(recordings, window):
    want = [item for path in recordings for item in FileInput(path, SHAPE, **window)]

    def send(output, file):
        time.sleep(0.25)
        output.send_file(file)

    got = receive(recordings[:4], send, gap_s=0.2, **window)
    assert len(got) == sum(len(FileInput(path, SHAPE, **window)) for path in recordings[:4])
    assert all(torch.equal(*pair) for pair in zip(got, want, strict=False))


def test_naive_sending_does_not_give_the_files_items(recordings):
    """Why there is something to align."""
    want = [item for path in recordings for item in FileInput(path, SHAPE)]
    got = receive(recordings, lambda output, file: output.send_file(file))
    assert len(got) != len(want)


def test_send_file_says_where_the_next_recording_begins(tmp_path):
    path = write_file(tmp_path, "dat", make_events(100))
    file = FileInput(path, SHAPE, window_us=700)
    output = UDPOutput(HERE, 9)
    assert output.send_file(file, start_at_us=1400) == 1400 + 700 * len(file)
    assert output.send_file(file) is None
    part = file._with(window_us=700, start_us=file.t_start - 50, stop_us=file.t_start + 1350)
    assert output.send_file(part, start_at_us=0) == 1400
    whole = FileInput(path, SHAPE, window_us=None)
    assert output.send_file(whole, start_at_us=5) == 5 + whole.t_stop - whole.t_start


@pytest.mark.parametrize(
    ("start_at_us", "message"),
    [(0.5, "start_at_us must be a whole"), (2**64, "start_at_us must fit int64"), (-(2**63), "must be in reach")],
)
def test_send_file_fails_for_other_starts(tmp_path, start_at_us, message):
    file = FileInput(write_file(tmp_path, "dat", make_events(100)), SHAPE)
    with pytest.raises(ValueError, match=message):
        UDPOutput(HERE, 9).send_file(file, start_at_us=start_at_us)


def test_a_negative_time_is_rejected_and_counted(tmp_path):
    file = FileInput(write_file(tmp_path, "dat", make_events(100)), SHAPE)
    output = UDPOutput(HERE, 9)
    output.send_file(file, start_at_us=-1)
    assert output.counts.rejected > 0 and output.counts.events + output.counts.rejected == 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gap_s": 0}, "gap_s must be a positive number or None; got 0"),
        ({"align_us": 0.5}, "align_us must be a whole number of microseconds; got 0.5"),
        ({"align_us": 0, "window_events": 5}, "align_us is for windows of time"),
        ({"late": "never"}, 'late must be "queue", "merge" or "latest"; got \'never\''),
    ],
)
def test_options_out_of_range_fail(options, message):
    with pytest.raises(ValueError, match=message):
        UDPInput(SHAPE, **options)
