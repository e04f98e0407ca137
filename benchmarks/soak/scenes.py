"""What is done for minutes. A scene is a generator that does a step at a time; some return what they have counted."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

import aestream
from aestream.datasets import RecordingDataset
from benchmarks.udp import HOST, SHAPE, free_port

Scene = Generator[None, None, str]
RATE_HZ = 5e6
MODEL_S, LATEST_AGE_US = 0.05, 1_000_000
FILES, FILE_EVENTS = 60, 20_000
SUFFIXES = (".raw", ".dat", ".aedat4", ".csv", ".h5", ".npz", ".es")


def _sender(port: int, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.udp", "--send", str(RATE_HZ), "--port", str(port)]
    return subprocess.Popen([*command, "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True)


def _account(stream: aestream.UDPInput, sender: subprocess.Popen[str], counted: int) -> str:
    """Every datagram and event that was sent is in one count.

    Raises:
        AssertionError: if one is not.
    """
    sent, stats = json.loads(sender.communicate(timeout=60)[0]), stream.stats
    assert stats.packets + stats.kernel_drops == sent["datagrams"], f"{sent} datagrams were sent, {stats}"
    assert stats.received == stats.delivered + stats.pending + stats.out_of_bounds + stats.dropped, stats
    assert stats.delivered == counted, f"{counted} events are in frames, {stats}"
    rate = sent["events"] / sent["seconds"] / 1e6
    lost = 1 - stats.received / sent["events"]
    age = round(stats.age_p99_us)
    return f"{rate:.1f} Mev/s sent, {counted} events in frames, {lost:.3%} lost by the kernel, age {age} µs"


def udp_reads(folder: Path, seconds: float) -> Scene:
    """A stream of 5 Mev/s, read as frames 200 times a second."""
    counted, port = 0, free_port()
    with aestream.UDPInput(SHAPE, port=port, host=HOST) as stream, _sender(port, seconds) as sender:
        while sender.poll() is None:
            counted += int(stream.read().sum(dtype=np.float64))
            yield
        stream.stop()
        counted += int(stream.read().sum(dtype=np.float64))
        return _account(stream, sender, counted)


def udp_items(folder: Path, seconds: float) -> Scene:
    """A stream of 5 Mev/s, iterated in windows of 10 ms, late ones merged."""
    counted, port = 0, free_port()
    stream = aestream.UDPInput(SHAPE, port=port, host=HOST, window_us=10_000, late="merge", timeout_s=3)
    with stream, _sender(port, seconds) as sender:
        for item in stream:
            counted += int(item.sum())
            yield
        stream.stop()
        return _account(stream, sender, counted)


def udp_merged(folder: Path, seconds: float) -> Scene:
    """A model that sleeps 50 ms behind a stream of 5 Mev/s and gets all that came meanwhile as one item."""
    return (yield from _behind_a_slow_model("merge", seconds))


def udp_latest(folder: Path, seconds: float) -> Scene:
    """A model that sleeps 50 ms behind a stream of 5 Mev/s and gets the latest window."""
    return (yield from _behind_a_slow_model("latest", seconds))


def _behind_a_slow_model(late: str, seconds: float) -> Scene:
    counted, waiting, port = 0, 0, free_port()
    stream = aestream.UDPInput(SHAPE, port=port, host=HOST, window_us=10_000, late=late, timeout_s=3)
    with stream, _sender(port, seconds) as sender:
        for item in stream:
            counted += int(item.sum())
            time.sleep(MODEL_S)
            waiting = max(waiting, stream.stats.pending)
            yield
        stream.stop()
        account = _account(stream, sender, counted)
        assert stream.stats.age_p99_us < LATEST_AGE_US, f"items are {stream.stats.age_p99_us} us old"
        return f"{account}, {stream.stats.dropped} events passed over, at most {waiting} waited"


def training(folder: Path, seconds: float) -> Scene:
    """Shuffled epochs of frames over recordings of all formats, with two workers."""
    from torch.utils.data import DataLoader

    items = [(path, None, None) for path in _recordings(folder)]
    dataset = RecordingDataset(items, SHAPE, representation=aestream.Frame(), window_us=20_000)
    loader = DataLoader(dataset, batch_size=16, shuffle=True, num_workers=2, persistent_workers=True)
    epochs = 0
    while True:
        events = 0
        for batch in loader:
            events += int(batch.sum())
            yield
        assert events == FILES * FILE_EVENTS, f"epoch {epochs} had {events} events"
        epochs += 1


def opening(folder: Path, seconds: float) -> Scene:
    """Recordings opened, read in part and left, one after the other."""
    files = _recordings(folder)
    while True:
        for path in files:
            file = aestream.FileInput(path, SHAPE, window_us=20_000, cache_index=False)
            assert len(file.slice(0, 50_000)) > 0
            assert file[1].sum() > 0
            yield


def starting(folder: Path, seconds: float) -> Scene:
    """Live streams and replays opened, read once and stopped."""
    files = _recordings(folder)
    while True:
        for path in files:
            with aestream.UDPInput(SHAPE, port=0, host=HOST) as stream:
                stream.read()
            with aestream.FileInput(path, SHAPE) as replay:
                replay.read()
            yield


def _recordings(folder: Path) -> list[Path]:
    """Files of all formats with random events of 100 ms."""
    random = np.random.default_rng(1)
    paths = [folder / f"{i:03}{SUFFIXES[i % len(SUFFIXES)]}" for i in range(FILES)]
    for path in paths:
        events = np.zeros(FILE_EVENTS, aestream.EVENT_DTYPE)
        events["t"] = np.sort(random.integers(0, 100_000, FILE_EVENTS))
        events["x"], events["y"] = random.integers(0, SHAPE[0], FILE_EVENTS), random.integers(0, SHAPE[1], FILE_EVENTS)
        events["p"] = random.integers(0, 2, FILE_EVENTS)
        aestream.save(path, events, SHAPE)
    return paths


SCENES: dict[str, Callable[[Path, float], Scene]] = {
    scene.__name__: scene for scene in (udp_reads, udp_items, udp_merged, udp_latest, training, opening, starting)
}
