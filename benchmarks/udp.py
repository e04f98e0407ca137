"""UDP on the loopback, `python -m benchmarks.udp`: SPIF from another process, 128 events a datagram, to us and peers.

Every receiver makes a frame of counts 60 times a second and sums it, in a process of its own. What was sent and is in
no frame was lost; of ours, `stats` has to say where. CPU seconds are those of the receiver's process. Contenders take
turns; the table holds every round.
"""

from __future__ import annotations

import argparse
import json
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HOST, SHAPE, FRAME_S = "127.0.0.1", (640, 480), 1 / 60
BUFFER_BYTES = 4 << 20
PEERS_PYTHON = Path("bench/venv-peers/bin/python")
Result = dict[str, Any]


def receive_aestream(port: int, ready: Callable[[], None], stopped: threading.Event) -> Result:
    """UDPInput, read() into numpy."""
    import aestream

    delivered, frames = 0.0, 0
    with aestream.UDPInput(SHAPE, port=port, host=HOST) as stream:
        ready()
        due = time.monotonic()
        while not stopped.wait(max(0.0, due - time.monotonic())):
            due += FRAME_S
            delivered += stream.read().sum(dtype=np.float64)
            frames += 1
        stream.stop()
        delivered += stream.read().sum(dtype=np.float64)
        stats = stream.stats
    assert stats.received == stats.delivered + stats.out_of_bounds + stats.dropped == delivered
    return {"events": int(delivered), "frames": frames, "kernel_drops": stats.kernel_drops, "packets": stats.packets}


def receive_numpy(port: int, ready: Callable[[], None], stopped: threading.Event) -> Result:
    """A loop over recv_into into 4 MB, socket buffer of 4 MB, frames by numpy.bincount."""
    width, height = SHAPE
    memory, delivered, frames = bytearray(BUFFER_BYTES), 0.0, 0
    view, words = memoryview(memory), np.frombuffer(memory, "<u4")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        receiver.bind((HOST, port))
        receiver.settimeout(FRAME_S)
        ready()
        while not stopped.is_set():
            used, end = 0, time.monotonic() + FRAME_S
            while used < BUFFER_BYTES - 65536 and time.monotonic() < end:
                try:
                    used += receiver.recv_into(view[used:])
                except TimeoutError:
                    break
            events = words[: used // 4]
            pixel = (events >> 16 & 0x7FFF) * height + (events & 0x7FFF)
            frame = np.bincount(pixel, minlength=width * height).astype(np.float32)
            delivered += frame.sum(dtype=np.float64)
            frames += 1
    return {"events": int(delivered), "frames": frames}


def receive_eventcv(port: int, ready: Callable[[], None], stopped: threading.Event) -> Result:
    """eventcv's UdpReceiver, count()."""
    import eventcv

    receiver, delivered, frames = eventcv.UdpReceiver(f"{HOST}:{port}", SHAPE), 0, 0
    ready()
    while not stopped.is_set():
        events = receiver.recv(dt_ms=1000 * FRAME_S)
        events.count()
        delivered += events.shape[0]
        frames += 1
    return {"events": delivered, "frames": frames}


RECEIVERS = {"aestream": receive_aestream, "recv_into + numpy": receive_numpy, "eventcv": receive_eventcv}


def cpu_seconds() -> float:
    """Of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def receive(name: str, port: int) -> None:
    """Receive until a line comes on stdin; a line of JSON says what."""
    stopped, begin, opened = threading.Event(), 0.0, 0.0

    def ready() -> None:
        nonlocal begin, opened
        begin, opened = cpu_seconds(), time.monotonic()
        threading.Thread(target=lambda: (sys.stdin.readline(), stopped.set()), daemon=True).start()
        print("ready", flush=True)

    result = RECEIVERS[name](port, ready, stopped)
    frame_rate = result.pop("frames") / (time.monotonic() - opened)
    print(json.dumps({**result, "frames_hz": frame_rate, "cpu_s": cpu_seconds() - begin}))


def send(port: int, rate_hz: float, seconds: float) -> None:
    """Send for so long, at a rate or, if it is 0, flat out; a line of JSON says what."""
    import aestream

    random, events = np.random.default_rng(1), np.zeros(1 << 20, aestream.EVENT_DTYPE)
    events["x"], events["y"] = random.integers(0, SHAPE[0], events.size), random.integers(0, SHAPE[1], events.size)
    output = aestream.UDPOutput(HOST, port, timestamps=False, rate_hz=rate_hz or None)
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        output.send(events)
    print(json.dumps({"events": output.counts.events, "seconds": elapsed, "datagrams": output.counts.datagrams}))


def free_port() -> int:
    """A port that nobody listens at just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def measure(name: str, rate_hz: float, seconds: float, peers_python: Path) -> Result:
    """One receiver against one sender."""
    port = free_port()
    python = str(peers_python) if name == "eventcv" else sys.executable
    command = [python, "-m", "benchmarks.udp", "--receive", name, "--port", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout is not None
        assert receiver.stdout.readline() == "ready\n", f"{name} does not start"
        sender = [sys.executable, "-m", "benchmarks.udp", "--send", str(rate_hz), "--port", str(port)]
        done = subprocess.run([*sender, "--seconds", str(seconds)], capture_output=True, text=True, check=True)
        sent = json.loads(done.stdout)
        output, _ = receiver.communicate("stop\n", timeout=60)
    got = json.loads(output)
    if "packets" in got:
        assert got["packets"] + got["kernel_drops"] == sent["datagrams"], "a datagram was lost unseen"
    return {"name": name, "sent": sent["events"], "seconds": sent["seconds"], **got}


def measure_latency(rounds: int) -> tuple[float, float]:
    """Medians in µs: from sendto() of one event to the read() that has it, and to a blocking recv_into()."""
    import aestream

    datagram, ours, plain = b"\x07\x80\x05\x00\xe8\x03\x00\x00", [], []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        with aestream.UDPInput((64, 48), port=0, host=HOST) as stream:
            for _ in range(rounds):
                time.sleep(0.002)
                begin = time.perf_counter()
                sender.sendto(datagram, (HOST, stream.port))
                while not stream.read()[5, 7]:
                    pass
                ours.append(time.perf_counter() - begin)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind((HOST, 0))
            memory = bytearray(2048)
            for _ in range(rounds):
                time.sleep(0.002)
                begin = time.perf_counter()
                sender.sendto(datagram, receiver.getsockname())
                receiver.recv_into(memory)
                plain.append(time.perf_counter() - begin)
    return statistics.median(ours) * 1e6, statistics.median(plain) * 1e6


def main() -> None:
    """A table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of sending (default %(default)s)")
    parser.add_argument("--rate", type=float, default=10e6, help="events per second of the paced part")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON)
    parser.add_argument("--receive", choices=RECEIVERS, help=argparse.SUPPRESS)
    parser.add_argument("--send", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.receive:
        return receive(options.receive, options.port)
    if options.send is not None:
        return send(options.port, options.send, options.seconds)
    names = [name for name in RECEIVERS if name != "eventcv" or options.peers_python.exists()]
    print("| sent | receiver | Mev/s sent | Mev/s in frames | lost | frames/s | CPU s |\n|---|---|--:|--:|--:|--:|--:|")
    for rate_hz in (options.rate, 0.0):
        for _ in range(options.rounds):
            for name in names:
                row = measure(name, rate_hz, options.seconds, options.peers_python)
                label = f"{rate_hz / 1e6:g} Mev/s" if rate_hz else "flat out"
                rates = [row[key] / row["seconds"] / 1e6 for key in ("sent", "events")]
                lost = 1 - row["events"] / row["sent"]
                print(
                    f"| {label} | {name} | {rates[0]:.1f} | {rates[1]:.1f} | {lost:.2%} "
                    f"| {row['frames_hz']:.0f} | {row['cpu_s']:.2f} |",
                    flush=True,
                )
    ours, plain = measure_latency(1000)
    print(f"\nlatency, median: sendto() to read() {ours:.0f} µs, to a blocking recv_into() {plain:.0f} µs")
    return None


if __name__ == "__main__":
    main()
