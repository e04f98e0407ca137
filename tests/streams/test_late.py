"""Readers that are late: what waits, what is merged, what is dropped; ages; every event in one account."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.checks import assert_same_events
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.speck_publisher import SpeckPublisher

import aestream
from aestream import FileInput, Frame, SpeckInput, UDPInput, UDPOutput, VoxelGrid, _core
from aestream.streams.session import StreamStats

SHAPE = (WIDTH, HEIGHT)
HERE = "127.0.0.1"
SILENT = 1e-9
DEADLINE_S = 30


def wait_for(condition) -> None:
    """Until it holds; fails after half a minute."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        os.sched_yield()


def is_balanced(stats: StreamStats) -> bool:
    return stats.received == stats.delivered + stats.pending + stats.out_of_bounds + stats.dropped


def waiting(events: np.ndarray, late: str, *, by_time=True, length=1000, spec=None, capacity=1 << 20, **rule):
    """A sink that holds events of a stream that goes on, and windows of it."""
    sink = _core.EventSink(*SHAPE, capacity=capacity)
    windows = _core.StreamWindows(sink, by_time, length, spec, late=late, **rule)
    windows.next(SILENT)  # from now on events are queued, and a full queue drops the ones that it should
    sink.push(events)
    return sink, windows


def counts(sink: _core.EventSink) -> StreamStats:
    stats = StreamStats(**sink.counts())
    assert is_balanced(stats)
    return stats


@pytest.mark.parametrize("representation", [None, Frame(), VoxelGrid(3)], ids=lambda each: type(each).__name__)
def test_merge_makes_one_window_of_all_that_wait(representation):
    events = make_events(500)
    first = int(events["t"][0])
    complete = (int(events["t"][-1]) - first) // 1000
    stop = first + 1000 * complete
    sink, windows = waiting(events, "merge", spec=representation and representation.spec())
    values, *times = windows.next(None)
    inside = events[events["t"] < stop]
    assert times == [first, stop]
    if representation is None:
        assert_same_events(values, inside)
    else:
        want = representation(inside, SHAPE, start_us=first, stop_us=stop)
        assert torch.equal(torch.from_numpy(values), want)
    assert counts(sink).pending == 500 - len(inside)
    sink.close()
    windows.next(None)
    assert (counts(sink).delivered, counts(sink).dropped) == (500, 0)


def test_merge_by_count_gives_all_whole_windows():
    sink, windows = waiting(make_events(500), "merge", by_time=False, length=60)
    assert len(windows.next(None)[0]) == 480
    sink.close()
    assert len(windows.next(None)[0]) == 20


@pytest.mark.parametrize("rule", [{}, {"gap_s": 0.5, "has_arrivals": False}])
def test_merge_never_joins_what_began_anew(rule):
    events = make_events(300)
    events["t"][100:] -= 1_500_000
    sink, windows = waiting(events, "merge", **rule)
    got = windows.next(None)
    assert_same_events(got[0], events[:100])
    sink.close()
    rest = []
    while (item := windows.next(None)) is not None:
        rest.append(item[0])
    assert_same_events(np.concatenate(rest), events[100:])
    assert counts(sink).dropped == 0


@pytest.mark.parametrize("representation", [None, Frame(), VoxelGrid(3)], ids=lambda each: type(each).__name__)
def test_latest_gives_the_newest_complete_window_and_counts_the_others(representation):
    events = make_events(500)
    first = int(events["t"][0])
    number = (int(events["t"][-1]) - first) // 1000 - 1
    start, stop = first + 1000 * number, first + 1000 * (number + 1)
    sink, windows = waiting(events, "latest", spec=representation and representation.spec())
    values, *times = windows.next(None)
    inside = events[(events["t"] >= start) & (events["t"] < stop)]
    assert times == [start, stop]
    if representation is None:
        assert_same_events(values, inside)
    else:
        assert torch.equal(torch.from_numpy(values), representation(inside, SHAPE, start_us=start, stop_us=stop))
    stats = counts(sink)
    assert stats.dropped == (events["t"] < start).sum() and stats.delivered == len(inside)


def test_latest_by_count_gives_the_newest_whole_window():
    events = make_events(500)
    sink, windows = waiting(events, "latest", by_time=False, length=60)
    assert_same_events(windows.next(None)[0], events[420:480])
    assert (counts(sink).dropped, counts(sink).pending) == (420, 20)


def test_queue_gives_one_after_the_other():
    events = make_events(500)
    sink, windows = waiting(events, "queue", by_time=False, length=60)
    assert_same_events(np.concatenate([windows.next(None)[0] for _ in range(8)]), events[:480])
    assert counts(sink).pending == 20


@pytest.mark.parametrize(("late", "kept"), [("queue", slice(0, 100)), ("merge", slice(-100, None))])
def test_a_full_queue_drops_the_newest_or_the_oldest(late, kept):
    events = make_events(500)
    sink, windows = waiting(events, late, by_time=False, length=50, capacity=100)
    sink.close()
    got = []
    while (item := windows.next(None)) is not None:
        got.append(item[0])
    assert_same_events(np.concatenate(got), events[kept])
    assert (counts(sink).delivered, counts(sink).dropped) == (100, 400)


@pytest.mark.parametrize("late", ["queue", "merge", "latest"])
def test_a_reader_in_time_gets_every_window(late):
    events = make_events(2000)
    want = aestream.accumulate(events, Frame(), SHAPE, window_us=1000)
    sink = _core.EventSink(*SHAPE)
    windows = _core.StreamWindows(sink, True, 1000, Frame().spec(), late=late)
    got = []
    for event in np.split(events, len(events)):
        sink.push(event)
        if event["t"][0] >= events["t"][0] + 1000 * (len(got) + 1):
            got.append(torch.from_numpy(windows.next(None)[0]))
    sink.close()
    got.append(torch.from_numpy(windows.next(None)[0]))
    assert len(got) == len(want) and all(torch.equal(*pair) for pair in zip(got, want, strict=True))


@given(data=st.data())
@pytest.mark.parametrize("late", ["merge", "latest"])
def test_accounts_balance_whatever_is_done(late, data):
    sink = _core.EventSink(*SHAPE, capacity=data.draw(st.sampled_from([1, 50, 5000])))
    rule = {"align_us": data.draw(st.sampled_from([None, 7])), "gap_s": data.draw(st.sampled_from([None, 1e-4, 10]))}
    by_time = data.draw(st.booleans())
    spec = data.draw(st.sampled_from([None, Frame().spec(), VoxelGrid(2).spec()]))
    windows = _core.StreamWindows(sink, by_time, 1000 if by_time else 40, spec, late=late, **rule)
    pushed = time_us = 0
    for step in data.draw(st.lists(st.sampled_from(["push", "push", "push", "read", "item", "abandon"]), max_size=25)):
        if step == "push":
            events = make_events(data.draw(st.integers(0, 300)), outside=True, seed=pushed)
            events["t"] += time_us
            sink.push(events)
            pushed, time_us = pushed + len(events), time_us + data.draw(st.sampled_from([0, 900, 10**8, -(10**8)]))
        elif step == "item":
            windows.next(SILENT)
        else:
            windows.abandon()
            if step == "read":
                sink.take()
        assert counts(sink).received == pushed
    sink.close()
    while windows.next(None) is not None:
        pass
    assert counts(sink).pending == 0 and counts(sink).received == pushed


def test_ages_are_those_of_the_latest_event():
    sink, windows = waiting(make_events(500), "queue", by_time=False, length=100)
    assert (counts(sink).age_median_us, counts(sink).age_p99_us) == (0, 0)
    time.sleep(0.02)
    windows.next(None)
    assert 20_000 <= counts(sink).age_median_us == counts(sink).age_p99_us < 10e6
    time.sleep(0.03)
    for _ in range(2):
        windows.next(None)
    assert 20_000 <= counts(sink).age_median_us <= counts(sink).age_p99_us
    assert counts(sink).age_p99_us >= 50_000


@pytest.mark.parametrize("late", ["merge", "latest"])
def test_a_model_that_sleeps_behind_udp_stays_near_the_present(late):
    events = make_events(400_000)  # 8 s of event time
    stream = UDPInput(SHAPE, port=0, host=HERE, window_us=1000, late=late, timeout_s=2)
    with stream:
        sender = threading.Thread(target=UDPOutput(HERE, stream.port, rate_hz=500_000).send, args=(events,))
        sender.start()
        items, most = 0, 0
        for _ in stream:
            time.sleep(0.05)
            items += 1
            stats = stream.stats
            most = max(most, stats.pending)
            assert is_balanced(stats)
            if not sender.is_alive() and stats.pending == 0:
                break
        sender.join()
        stream.stop()
        stats = stream.stats
    assert 3 <= items < 200  # of 8000 windows
    assert most < len(events) // 2  # of what came in the first half already nothing waits at the end
    assert 0 < stats.age_median_us < 5e6
    assert (stats.dropped > 0) == (late == "latest")
    assert stats.received == stats.delivered + stats.pending + stats.dropped


@pytest.mark.parametrize("late", ["queue", "merge", "latest"])
def test_a_replay_and_speck_take_late_readers_too(tmp_path, late):
    events = make_events(3000)
    file = FileInput(write_file(tmp_path, "dat", events), SHAPE, window_us=1000, representation=None, ignore_time=True)
    with SpeckPublisher() as publisher:
        speck = SpeckInput(SHAPE, address=publisher.address, window_us=1000, representation=None, late=late)
        for stream in (file.replay(late=late), speck):
            with stream:
                if stream is speck:
                    publisher.wait_for_receiver()
                    publisher.send_events(events)
                iterator = iter(stream)
                wait_for(lambda stream=stream: stream.stats.received == len(events))
                first = next(iterator)
                stats = stream.stats
            size = {"queue": len(file[0]), "merge": sum(map(len, file)) - len(file[-1]), "latest": len(file[-2])}[late]
            assert len(first) == size == stats.delivered
            assert is_balanced(stats) and (stats.dropped > 0) == (late == "latest")
