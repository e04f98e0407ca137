"""UDPInput and UDPOutput on the loopback: every event exact, or counted as lost."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from reference import spif
from support.checks import assert_same_events, run_python
from support.files import HEIGHT, WIDTH, make_events, write_file
from torch.utils.data import DataLoader

from aestream import FileInput, UDPInput, UDPOutput

SHAPE = (WIDTH, HEIGHT)
HERE = "127.0.0.1"
SENDER = Path(__file__).parents[1] / "support" / "send_datagrams.py"
DEADLINE_S = 30


def listen(**options) -> UDPInput:
    return UDPInput(SHAPE, port=0, **{"host": HERE, **options})


def start_sender(port: int, protocol: str, *, seed: int = 1, count: int = 5000, host: str = HERE) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(SENDER.parents[1])}
    arguments = [host, str(port), protocol, str(seed), str(count)]
    return subprocess.Popen([sys.executable, str(SENDER), *arguments], env=environment)


def send_bytes(port: int, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, (HERE, port))


def wait_for(condition) -> None:
    """Until it holds; fails after half a minute."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        os.sched_yield()


def wait_for_packets(stream: UDPInput, packets: int) -> None:
    wait_for(lambda: stream.stats.packets + stream.stats.kernel_drops >= packets)


def counts(events: np.ndarray) -> np.ndarray:
    """Events per pixel of the sensor, x first."""
    inside = events[(events["x"] < WIDTH) & (events["y"] < HEIGHT)]
    frame = np.zeros(SHAPE, np.float32)
    np.add.at(frame, (inside["x"], inside["y"]), 1)
    return frame


def is_balanced(stream: UDPInput) -> bool:
    stats = stream.stats
    return stats.received == stats.delivered + stats.pending + stats.out_of_bounds + stats.dropped


@pytest.mark.parametrize("sent", ["spif", "spif-stamped", "t64_x16_y16_on8", "t32_x16_y15_on1"])
def test_frames_of_another_process_are_exact(sent):
    total = np.zeros(SHAPE, np.float32)
    with listen(protocol=sent.removesuffix("-stamped")) as stream:
        sender = start_sender(stream.port, sent)
        end = time.monotonic() + DEADLINE_S
        while stream.stats.packets < 84 and time.monotonic() < end:
            total += stream.read()
        total += stream.read()
        assert sender.wait() == 0
    np.testing.assert_array_equal(total, counts(make_events(outside=True)))
    stats = stream.stats
    assert (stats.received, stats.delivered, stats.out_of_bounds, stats.packets) == (5000, 4500, 500, 84)
    assert (stats.pending, stats.dropped, stats.malformed, stats.kernel_drops) == (0, 0, 0, 0)


def test_items_are_the_windows_of_the_events():
    events = make_events(3000)
    with listen(representation=None, window_us=5000) as stream:
        UDPOutput(HERE, stream.port).send(events)
        wait_for_packets(stream, 47)
        stream.stop()
        items = [item.numpy() for item in iterate_open(stream)]
    starts = (events["t"] - events["t"][0]) // 5000
    assert len(items) == starts[-1] + 1
    for i, item in enumerate(items):
        assert_same_events(item, events[starts == i])


def iterate_open(stream: UDPInput):
    """The windows of a stream that was stopped, without opening it again."""
    windows = stream._session.windows(None, by_time=True, length=stream.window_us)
    while (found := windows.next(None)) is not None:
        yield stream._item(*found)
        if windows.ended:
            return


def test_seed_s_snippet_reads_a_numpy_frame():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HERE, 0))
        port = probe.getsockname()[1]
    with UDPInput((640, 480), port=port) as stream:
        send_bytes(port, spif.word(639, 479, 1) * 2)
        wait_for_packets(stream, 1)
        frame = stream.read()  # Provides a (640, 480) Numpy tensor
    assert (type(frame), frame.shape, frame[639, 479], frame.sum()) == (np.ndarray, (640, 480), 2, 2)


def test_garbage_is_malformed_and_harms_nothing():
    random = np.random.default_rng(1)
    garbage = [random.bytes(size) for size in (1, 3, 5, 1001, 65_507)] + [spif.word(1, 1, 1, 9)[:6], b""]
    with listen() as stream:
        send_bytes(stream.port, *garbage, spif.word(5, 7, 1))
        wait_for_packets(stream, len(garbage) + 1)
        frame = stream.read()
        stats = stream.stats
    assert (stats.packets, stats.malformed) == (8, 6)
    assert is_balanced(stream)
    assert frame[5, 7] >= 1


def test_out_of_sensor_events_are_counted_and_in_no_frame():
    with listen() as stream:
        send_bytes(stream.port, *(spif.word(x, y, 1) for x, y in [(64, 0), (0, 48), (32767, 32767), (63, 47)]))
        wait_for_packets(stream, 4)
        frame = stream.read()
    assert (frame[63, 47], frame.sum(), stream.stats.out_of_bounds) == (1, 1, 3)


def test_flood_of_two_processes_is_accounted_for():
    with listen() as stream:
        senders = [start_sender(stream.port, "spif", seed=seed, count=120_000) for seed in (1, 2)]
        total = 0.0
        while any(sender.poll() is None for sender in senders):
            total += stream.read().sum()
            assert is_balanced(stream)
        assert [sender.wait() for sender in senders] == [0, 0]
        wait_for_packets(stream, 4000)
        stream.stop()
        total += stream.read().sum()
    stats = stream.stats
    assert stats.packets + stats.kernel_drops == 4000
    assert stats.received == 60 * stats.packets
    assert total == stats.delivered == stats.received - stats.out_of_bounds
    assert stats.pending == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how many datagrams it has lost")
def test_datagrams_that_the_system_loses_are_counted():
    code = (
        "import json, sys, aestream\n"
        "with aestream.UDPInput((64, 48), port=0, host='127.0.0.1') as stream:\n"
        "    print(stream.port, stream.receive_buffer, flush=True)\n"
        "    sent = int(sys.stdin.readline())\n"
        "    while stream.stats.packets + stream.stats.kernel_drops < sent: pass\n"
        "print(json.dumps([stream.stats.packets, stream.stats.kernel_drops]))\n"
    )
    command = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tempfile.gettempdir(), **pipes) as child:
        port, buffer = map(int, child.stdout.readline().split())
        os.kill(child.pid, signal.SIGSTOP)
        datagram = spif.encode(make_events(16_000))
        sent = 3 * buffer // len(datagram)
        send_bytes(port, *[datagram] * sent)
        os.kill(child.pid, signal.SIGCONT)
        output, _ = child.communicate(f"{sent}\n", timeout=DEADLINE_S)
    packets, drops = json.loads(output)
    assert packets + drops == sent
    assert drops > 0


def test_restarted_sender_and_two_senders_are_received():
    with listen(representation=None, window_us=10_000, timeout_s=0.3) as stream:
        for t in (5_000_000_000, 1000):  # the second one's clock begins anew
            send_bytes(stream.port, spif.word(1, 1, 1, t) + spif.word(2, 2, 1, t + 20_000))
        items = [item.numpy() for item in stream]
    wrapped = 5_000_000_000 % 2**32
    assert [item["t"].tolist() for item in items] == [[wrapped], [], [wrapped + 20_000], [1000], [], [21_000]]


def test_times_are_unwrapped_for_each_sender():
    late, early = 2**32 - 100, 5000
    with (
        listen(representation=None, window_us=2**40, timeout_s=0.3) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second,
    ):
        for i in range(4):
            first.sendto(spif.word(1, 1, 1, late + 50 * i), (HERE, stream.port))
            second.sendto(spif.word(2, 2, 1, early + i), (HERE, stream.port))
        events = np.concatenate([item.numpy() for item in stream])
    assert events["t"][events["x"] == 1].tolist() == [late, late + 50, late + 100, late + 150]
    assert events["t"][events["x"] == 2].tolist() == [early, early + 1, early + 2, early + 3]


def test_unstamped_events_have_microseconds_since_opening():
    begin = time.monotonic()
    with listen(representation=None, window_us=10**9, timeout_s=0.2) as stream:
        send_bytes(stream.port, spif.word(1, 1, 1), spif.word(2, 2, 1))
        times = np.concatenate([item.t.numpy() for item in stream])
        elapsed_us = (time.monotonic() - begin) * 1e6
    assert len(times) == 2
    assert 0 <= times[0] <= times[1] <= elapsed_us


def test_port_is_free_while_closed_and_taken_while_open():
    stream = listen()
    assert stream.port == 0
    with stream:
        port = stream.port
        assert port > 0
        with pytest.raises(OSError, match=f"in use.*{HERE}:{port}"), UDPInput(SHAPE, port=port, host=HERE):
            pass
    with UDPInput(SHAPE, port=port, host=HERE) as again:
        assert again.port == port


@pytest.mark.parametrize("host", ["::1", "::"])
def test_ipv6(host):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"needs IPv6: {error}")
    events = make_events(600)
    with listen(host=host) as stream:
        UDPOutput("::1", stream.port).send(events)
        wait_for_packets(stream, 10)
        np.testing.assert_array_equal(stream.read(), counts(events))
        if host == "::":
            UDPOutput(HERE, stream.port).send(events)
            wait_for_packets(stream, 20)
            assert stream.read().sum() == 600


@pytest.mark.parametrize("group", ["239.255.43.21", "ff02::4321"])
def test_multicast_group_is_joined(group):
    interface = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
    stream = listen(host=group, interface=interface)
    try:
        stream.__enter__()
        output = UDPOutput(group, stream.port, interface=interface)
        output.send(make_events(10))
    except OSError as error:
        stream.stop()
        pytest.skip(f"needs multicast on {interface}: {error}")
    with UDPInput(SHAPE, port=stream.port, host=group, interface=interface) as second:  # a group has many listeners
        output.send(make_events(500))
        for listener in (stream, second):
            wait_for(lambda listener=listener: listener.stats.received >= 500)
    stream.stop()


def test_100_000_reads_are_exact_and_keep_no_memory():
    events = make_events(50_000, outside=True)
    with listen() as stream:
        output, ended, rounds = UDPOutput(HERE, stream.port, rate_hz=500_000), threading.Event(), []

        def send_on() -> None:
            while not ended.is_set():
                output.send(events)
                rounds.append(1)

        sender = threading.Thread(target=send_on)
        sender.start()
        total = np.zeros(SHAPE, np.float64)
        for i in range(100_000):
            total += stream.read()
            if i == 20_000:
                before = resident_bytes()
        assert resident_bytes() - before < 8 << 20
        ended.set()
        sender.join()
        wait_for_packets(stream, output.counts.datagrams)
        total += stream.read()
        assert stream.stats.kernel_drops == 0
    np.testing.assert_array_equal(total, len(rounds) * counts(events).astype(np.float64))


def resident_bytes() -> int:
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0


def test_a_thousand_openings_leave_nothing_behind():
    def open_things() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc to count descriptors and threads")
    stream = listen()
    with stream:
        pass
    before = open_things()
    for _ in range(1000):
        with stream:
            assert stream.port > 0
    for _ in range(50):
        iter(stream)  # is dropped at once
    assert open_things() == before


@pytest.mark.filterwarnings("ignore:os.fork")  # of jax, which another test has imported
@pytest.mark.parametrize("workers", [0, 1])
def test_data_loader_receives(workers):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HERE, 0))
        port = probe.getsockname()[1]
    stream = UDPInput(SHAPE, port=port, host=HERE, timeout_s=1.0)
    items = iter(DataLoader(stream, batch_size=None, num_workers=workers))
    output, ended, events = UDPOutput(HERE, port, rate_hz=100_000), threading.Event(), make_events(1000)

    def send_on() -> None:
        while not ended.is_set():  # and until the worker listens
            output.send(events)
            events["t"] += 20_000

    sender = threading.Thread(target=send_on)
    sender.start()
    try:
        for _ in range(20):
            assert next(items).shape == (2, HEIGHT, WIDTH)
    finally:
        ended.set()
        sender.join()
    assert all(item.sum() > 0 for item in items)  # until the timeout


def test_pickle_drops_the_socket():
    with listen(timeout_s=0.1, window_us=77) as stream:
        copy = pickle.loads(pickle.dumps(stream))
        assert (copy.port, copy.window_us, copy.stats.packets) == (0, 77, 0)
        with copy:
            assert copy.port not in (0, stream.port)


@pytest.mark.filterwarnings("ignore:os.fork")
def test_forked_child_leaves_the_stream_alone():
    with listen() as stream:
        child = os.fork()
        if child == 0:
            stream.stop()
            stream._session = stream._receiver = None  # destroys the copies
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        send_bytes(stream.port, spif.word(1, 2, 1))
        wait_for_packets(stream, 1)
        assert stream.read()[1, 2] == 1


@pytest.mark.parametrize(
    ("protocol", "timestamps"),
    [
        ("spif", True),
        ("spif", False),
        ("aestream", False),
        ("t64_x16_y16_on8", True),
        ("t32_x16_y15_on1", True),
    ],
)
def test_output_is_received_as_it_was_sent(protocol, timestamps):
    events = make_events(1000)
    with listen(protocol=protocol, representation=None, window_events=1000) as stream:
        output = UDPOutput(HERE, stream.port, protocol=protocol, timestamps=timestamps)
        output.send(events)
        got = next(iter(stream)).numpy()
    if not timestamps:
        events["t"] = got["t"]
    assert_same_events(got, events)
    assert output.counts.events == 1000
    assert output.counts.datagrams == {"spif": 16 if timestamps else 8, "aestream": 8}.get(protocol, 10)


def test_output_s_datagrams_are_spif_words():
    events = make_events(3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((HERE, 0))
        receiver.settimeout(DEADLINE_S)
        port = receiver.getsockname()[1]
        UDPOutput(HERE, port).send(events)
        UDPOutput(HERE, port, timestamps=False, max_words=4).send(np.concatenate([events, events]))
        datagrams = [receiver.recv(2048) for _ in range(3)]
    words = spif.encode(np.concatenate([events, events]))
    assert datagrams == [spif.encode(events, timestamps=True), words[:16], words[16:]]


def test_output_sends_a_file(tmp_path):
    events = make_events(20_000)
    file = FileInput(write_file(tmp_path, "evt3", events), start_us=int(events["t"][100]))
    with listen(representation=None, window_events=len(events) - 100) as stream:
        output = UDPOutput(HERE, stream.port, rate_hz=2e6)
        output.send_file(file)
        got = next(iter(stream)).numpy()
    assert_same_events(got, events[events["t"] >= events["t"][100]][: len(got)])


def test_output_rejects_what_the_protocol_cannot_say():
    events = make_events(4)
    events["x"][1], events["t"][2] = -1, -5
    output = UDPOutput(HERE, 9)
    output.send(events)
    assert output.counts[::2] == (2, 2)


@pytest.mark.parametrize("pace", [{"speed": 2.0}, {"rate_hz": 50_000}])
def test_output_keeps_the_pace_across_calls(pace):
    events = make_events(2001)
    events["t"] = np.arange(2001) * 40  # 80 ms
    output, begin = UDPOutput(HERE, 9, **pace), time.monotonic()
    for part in np.split(events, [700, 1300]):
        output.send(part)
    assert time.monotonic() - begin >= 0.039  # it cannot be earlier, however busy the machine


def test_interrupt_ends_a_slow_send():
    code = (
        "import numpy as np, signal, aestream\n"
        "events = np.zeros(2, aestream.EVENT_DTYPE); events['t'][1] = 10**12\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.1); signal.signal(signal.SIGALRM, signal.default_int_handler)\n"
        "aestream.UDPOutput('127.0.0.1', 9, speed=1.0).send(events)\n"
    )
    done = run_python(code, timeout=60)
    assert "KeyboardInterrupt" in done.stderr


def test_interrupt_ends_an_iteration():
    code = (
        "import signal, aestream\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.1); signal.signal(signal.SIGALRM, signal.default_int_handler)\n"
        "next(iter(aestream.UDPInput((64, 48), port=0, host='127.0.0.1')))\n"
    )
    done = run_python(code, timeout=60)
    assert "KeyboardInterrupt" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 70_000}, "port must be a whole number from 0 to 65535"),
        ({"protocol": "dvs"}, "protocol must be one of spif"),
    ],
)
def test_input_arguments_out_of_range_fail(options, message):
    with pytest.raises(ValueError, match=message):
        UDPInput(SHAPE, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 0}, "port must be a whole number from 1"),
        ({"max_words": 3}, r"max_words must lie in \[4, 16000\]"),
        ({"max_words": "9"}, "max_words must be a whole number, 1 or more; got '9'"),
        ({"speed": "fast"}, "speed must be a positive number or None; got 'fast'"),
        ({"rate_hz": float("inf")}, "rate_hz must be finite; got inf"),
        ({"speed": 0}, "speed must be a positive number"),
        ({"rate_hz": float("nan")}, "rate_hz must be a positive number"),
        ({"rate_hz": 1.0, "speed": 1.0}, "exclude each other"),
        ({"interface": "none0"}, 'no network interface "none0"'),
    ],
)
def test_output_arguments_out_of_range_fail(options, message):
    with pytest.raises(ValueError, match=message):
        UDPOutput(HERE, **options)


@pytest.mark.parametrize("file", ["a.raw", None, [1]])
def test_sending_what_is_no_file_input_fails(file):
    with pytest.raises(ValueError, match=r"file must be a FileInput, such as FileInput\(path\); got"):
        UDPOutput(HERE, 9).send_file(file)


def test_unknown_host_fails():
    with (
        pytest.raises(ValueError, match='host must be an address or a name that is known, got "no host"'),
        listen(host="no host"),
    ):
        pass


def test_stop_frees_every_descriptor():
    streams = [listen() for _ in range(5)]
    before = len(os.listdir("/dev/fd"))
    for stream in streams:
        stream.start_stream()
        stream.stop()
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize("timeout_s", ["1", True, 0, -1.0, float("nan"), [1]])
def test_timeout_that_is_no_positive_number_is_refused(timeout_s):
    with pytest.raises(ValueError, match="timeout_s must be a positive number"):
        UDPInput(SHAPE, timeout_s=timeout_s)
