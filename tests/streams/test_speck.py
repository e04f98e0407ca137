"""SpeckInput against a stand-in publisher on the loopback: every event exact, or counted."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from reference.speck import record
from support.checks import assert_same_events, rows, run_python
from support.files import HEIGHT, WIDTH, make_events
from support.speck_publisher import SpeckPublisher
from torch.utils.data import DataLoader

from aestream import SpeckInput, _core
from aestream.formats.speck import SPECK_DTYPE, SpeckClock, is_speck_message, view_speck_events

PUBLISHER = Path(__file__).parents[1] / "support" / "speck_publisher.py"
SHAPE = (WIDTH, HEIGHT)
DEADLINE_S = 30
ARRIVAL_US = 1_000_000


def wait_for(condition) -> None:
    """Until it holds; fails after half a minute."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        os.sched_yield()


def wait_for_packets(stream: SpeckInput, packets: int) -> None:
    wait_for(lambda: stream.stats.packets >= packets)


def is_balanced(stream: SpeckInput) -> bool:
    stats = stream.stats
    return stats.received == stats.delivered + stats.pending + stats.out_of_bounds + stats.dropped


def connect(publisher: SpeckPublisher, **options) -> SpeckInput:
    return SpeckInput(**{"shape": SHAPE, "address": publisher.address, "timeout_s": 0.2, **options})


def collect(items) -> np.ndarray:
    return np.concatenate([item.numpy() for item in items])


def test_an_event_is_eight_bytes():
    assert record(5, 7, 1, 1000).hex(" ") == "01 07 05 00 e8 03 00 00"
    assert SPECK_DTYPE.itemsize == 8
    events = view_speck_events([bytes.fromhex("0107050 0e8030000 00 02 01 ff 78563412".replace(" ", ""))])
    assert [(int(e["t"]), int(e["x"]), int(e["y"]), int(e["p"])) for e in events] == [
        (1000, 5, 7, 1),
        (0x12345678, 1, 2, 0),
    ]


@pytest.mark.parametrize(
    ("frames", "is_ours"),
    [
        ([b"V", b""], True),
        ([b"V", bytes(16)], True),
        ([b"V", bytes(15)], False),
        ([b"V"], False),
        ([b"W", bytes(8)], False),
        ([b"V", bytes(8), b""], False),
        ([b"", b"V", bytes(8)], False),
    ],
)
def test_shape_of_a_message(frames, is_ours):
    assert is_speck_message(frames) == is_ours


def stamps():
    """Times around the places where a wrap and a step back part."""
    near = (0, 1, 2, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 2, 2**32 - 1)
    return st.lists(st.sampled_from(near) | st.integers(0, 2**32 - 1), min_size=1, max_size=30)


@given(st.lists(stamps(), max_size=5))
def test_times_are_those_of_the_plain_clock_and_of_a_datagram_s(batches):
    clock, datagram_clock, latest = SpeckClock(), _core.SenderClock(), None
    for batch in batches:
        got = clock.unwrap(np.array(batch, np.uint32), ARRIVAL_US).tolist()
        want = []
        for stamp in batch:
            latest = stamp if latest is None else reference.speck.unwrap(stamp, latest)
            want.append(latest)
        assert got == want
        datagram = np.array(batch, "<u4").astype("<u8").tobytes()  # {t u32, x 0, y 0, off}
        events, _ = _core.decode_datagram("t32_x16_y15_on1", datagram, datagram_clock, ARRIVAL_US)
        assert got == events["t"].tolist()


@pytest.mark.parametrize(
    ("latest", "elapsed_us", "stamp", "time_us"),
    [
        (2**32 - 10, 0, 5, 2**32 + 5),  # a wrap
        (5_000_000, 0, 4_999_000, 4_999_000),  # a step back
        (600_000_000, 2_000_000, 0, 0),  # a sensor that starts anew after 10 min
        (2_400_000_000, 2_000_000, 0, 2**32),  # after 40 min: the same as a wrap
        (1000, 4 * 3_600_000_000, 1_515_098_112, 3 * 2**32 + 1_515_098_112),  # silent for 4 h
    ],
)
def test_time_is_the_nearest_to_what_the_sensor_s_clock_should_show(latest, elapsed_us, stamp, time_us):
    clock = SpeckClock()
    clock.unwrap(np.array([latest], np.uint32), ARRIVAL_US)
    assert clock.unwrap(np.array([stamp], np.uint32), ARRIVAL_US + elapsed_us).tolist() == [time_us]


def test_events_of_another_process_are_exact():
    command = [sys.executable, str(PUBLISHER), "tcp://127.0.0.1:*", "3", "20000"]
    environment = {**os.environ, "PYTHONPATH": str(PUBLISHER.parents[1])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as publisher:
        stream = SpeckInput(SHAPE, address=publisher.stdout.readline().strip(), representation=None)
        with stream:
            wait_for_packets(stream, 67)
            assert publisher.wait() == 0
            stream.timeout_s = 0.05
            got = collect(stream)
    assert_same_events(got, make_events(20_000, seed=3, outside=True))
    stats = stream.stats
    assert (stats.received, stats.delivered, stats.packets, stats.malformed, stats.dropped) == (
        20_000,
        20_000,
        67,
        0,
        0,
    )


def test_times_go_on_over_a_wrap():
    events = make_events(5000)
    events["t"] += 2**32 - int(events["t"][2500])
    with SpeckPublisher() as publisher, connect(publisher, representation=None) as stream:
        publisher.wait_for_receiver()
        wait_for_packets(stream, publisher.send_events(events, 64))
        got = collect(stream)
    assert_same_events(got, events)
    assert got["t"][0] < 2**32 < got["t"][-1]


def test_read_sums_to_what_was_sent_inside_the_sensor():
    events = make_events(9000, outside=True)
    total = np.zeros(SHAPE, np.float32)
    with SpeckPublisher() as publisher, connect(publisher) as stream:
        publisher.wait_for_receiver()
        packets = publisher.send_events(events)
        while stream.stats.packets < packets:
            total += stream.read()
        total += stream.read()
    inside = events[events["x"] < WIDTH]
    want = np.zeros(SHAPE, np.float32)
    np.add.at(want, (inside["x"], inside["y"]), 1)
    np.testing.assert_array_equal(total, want)
    assert (stream.stats.delivered, stream.stats.out_of_bounds) == (8100, 900)
    assert is_balanced(stream)


def test_burst_of_small_messages_is_exact():
    events = make_events(20_000)
    with SpeckPublisher() as publisher, connect(publisher, representation=None) as stream:
        publisher.wait_for_receiver()
        assert publisher.send_events(events, 3) == 6667
        wait_for_packets(stream, 6667)
        got = collect(stream)
    assert_same_events(got, events)


def test_stalled_reader_loses_nothing_that_the_queue_holds():
    events = make_events(400_000)
    with SpeckPublisher() as publisher, connect(publisher, representation=None, window_us=1_000_000) as stream:
        publisher.wait_for_receiver()
        iterator = iter(stream)
        packets = publisher.send_events(events[:300], 300)
        wait_for_packets(stream, packets)
        packets += publisher.send_events(events[300:], 100)
        assert packets > 3 * 1000  # ZMQ's own limit would have dropped most of them
        wait_for_packets(stream, packets)  # while nobody takes an item
        got = collect(iterator)
    assert_same_events(got, events)
    assert (stream.stats.dropped, stream.stats.received) == (0, len(events))


def test_publisher_may_start_later_and_come_back():
    first, second = make_events(1000), make_events(1000, seed=2)
    with SpeckPublisher() as probe:
        address = probe.address
    with SpeckInput(SHAPE, address=address, representation=None, timeout_s=0.2) as stream:
        for events, packets in ((first, 4), (second, 8)):
            with SpeckPublisher(address) as publisher:
                publisher.wait_for_receiver()
                publisher.send_events(events)
                wait_for_packets(stream, packets)
        got = collect(stream)
    assert second["t"][0] < first["t"][-1] - 10_000  # the second clock has started anew
    assert_same_events(got, np.concatenate([first, second]))


def test_windows_begin_anew_with_a_sensor_that_starts_anew():
    old, new = make_events(100), make_events(100, seed=2)
    old["t"] += 60_000_000
    with SpeckPublisher() as publisher, connect(publisher, representation=None) as stream:
        publisher.wait_for_receiver()
        wait_for_packets(stream, publisher.send_events(old) + publisher.send_events(new))
        items = list(stream)
    assert_same_events(collect(items), np.concatenate([old, new]))
    assert [len(item) for item in items if len(item) and int(item.t[0]) == new["t"][0]]
    assert len(items) < 10  # not one for each 10 ms of the minute between


def test_garbage_is_malformed_and_harms_nothing():
    random = np.random.default_rng(1)
    garbage = [[b"V"], [b"V", random.bytes(9)], [b"W", bytes(8)], [random.bytes(1000)], [b"V", bytes(8), b"V"], [b""]]
    with SpeckPublisher() as publisher, connect(publisher, representation=None) as stream:
        publisher.wait_for_receiver()
        for frames in garbage:
            publisher.send(*frames)
            publisher.send(b"V", record(5, 7, 1, 1000))
        publisher.send(b"V", b"")
        wait_for_packets(stream, 13)
        got = collect(stream)
    assert rows(got) == [(1000, 5, 7, 1)] * 6
    assert (stream.stats.packets, stream.stats.malformed, stream.stats.received) == (13, 6, 6)


@given(st.lists(st.lists(st.binary(max_size=20) | st.just(b"V"), min_size=1, max_size=3), max_size=10))
def test_any_messages_are_what_the_plain_decoder_says(messages):
    want, malformed = reference.speck.decode(messages)
    payloads = [frames[1] for frames in messages if is_speck_message(frames)]
    events = view_speck_events(payloads)
    assert len(messages) - len(payloads) == malformed
    assert len(events) == len(want)
    times = SpeckClock().unwrap(events["t"], 0).tolist() if len(events) else []
    got = zip(times, events["x"].tolist(), events["y"].tolist(), (events["p"] > 0).tolist(), strict=True)
    assert list(got) == want


def test_coordinates_beyond_the_sensor_are_counted():
    with SpeckPublisher() as publisher, SpeckInput(address=publisher.address) as stream:
        publisher.wait_for_receiver()
        publisher.send(
            b"V", record(127, 127, 1, 0) + record(128, 0, 1, 0) + record(0, 255, 0, 0) + record(0, 0, 255, 0)
        )
        wait_for_packets(stream, 1)
        frame = stream.read()
    assert (frame.shape, frame.sum(), frame[127, 127], frame[0, 0]) == ((128, 128), 2, 1, 1)
    assert stream.stats.out_of_bounds == 2


@pytest.mark.filterwarnings("ignore:os.fork")  # of jax, which another test has imported
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_data_loader_gives_every_event_once(workers):
    events = make_events(3000)
    with SpeckPublisher() as publisher:
        stream = connect(publisher, representation=None, timeout_s=2)
        sender = threading.Thread(target=lambda: (publisher.wait_for_receiver(), publisher.send_events(events)))
        sender.start()
        got = [item.numpy() for item in DataLoader(stream, batch_size=None, num_workers=workers)]
        sender.join()
    assert_same_events(np.concatenate(got), events)


def test_pickle_opens_its_own_connection():
    with SpeckPublisher() as publisher, connect(publisher, representation=None) as stream:
        publisher.wait_for_receiver()
        copy = pickle.loads(pickle.dumps(stream))
        assert (copy.address, copy.shape, copy.stats.received) == (stream.address, SHAPE, 0)
        with copy:
            publisher.wait_for_receiver()
            packets = publisher.send_events(make_events(100))
            for each in (stream, copy):
                wait_for_packets(each, packets)
            assert [len(collect(each)) for each in (stream, copy)] == [100, 100]


def test_starting_and_stopping_leaves_nothing_behind():
    def held() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

    if not Path("/proc/self/fd").exists():
        pytest.skip("counts file descriptors in /proc")
    with SpeckPublisher() as publisher:
        with connect(publisher):
            publisher.wait_for_receiver()
        before = held()
        for _ in range(100):
            with connect(publisher) as stream:
                pass
            stream.stop()
        wait_for(lambda: held()[1] <= before[1] and held()[0] <= before[0] + 2)  # the publisher's side closes later


def test_stop_ends_an_iteration_that_waits():
    with SpeckPublisher() as publisher:
        stream = connect(publisher, timeout_s=None)
        items = []
        reader = threading.Thread(target=lambda: items.extend(stream))
        reader.start()
        publisher.wait_for_receiver()
        stream.stop()
        reader.join(DEADLINE_S)
        assert not reader.is_alive()
    assert items == []


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1", ""])
def test_unknown_address_fails(address):
    stream = SpeckInput(address=address)
    with pytest.raises(ValueError, match="address must be one that ZMQ knows"):
        stream.__enter__()


def test_address_of_another_type_fails():
    with pytest.raises(ValueError, match="address must be a string"):
        SpeckInput(address=40001)


def test_missing_pyzmq_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "zmq", None)
    with pytest.raises(ImportError, match=r"pip install 'aestream\[speck\]'"), SpeckInput():
        pass


def test_neither_zmq_nor_samna_is_imported_before_it_is_used():
    code = "import sys, aestream; aestream.SpeckInput(); print(sorted({'zmq', 'samna'} & set(sys.modules)))"
    done = run_python(code)
    assert done.stdout.strip() == "[]", done.stderr


def test_repr_says_where():
    assert repr(SpeckInput()) == "SpeckInput(128x128, tcp://127.0.0.1:40001)"
