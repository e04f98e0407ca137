"""The documented API of AEStream: its snippets run as they stand, here on what a test can send."""

from __future__ import annotations

import inspect
import socket
import threading
from pathlib import Path

import jax
import numpy as np
import pytest
import torch
from reference import spif
from reference.speck import record
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.speck_publisher import SpeckPublisher

import aestream
from aestream import FileInput, SpeckInput, UDPInput

FILE_LOAD = """
FileInput("file", (640, 480)).load()
"""

UDP = """
# Stream events from UDP port 3333 (default)
with UDPInput((640, 480), port=3333) as stream:
    while True:
        frame = stream.read() # Provides a (640, 480) Numpy tensor
        ...
"""

SPECK = """
with SpeckInput() as stream:
    while True:
        frame = stream.read() # Provides a (128, 128) Numpy tensor
        ...
"""

BACKEND = """
with FileInput(...) as stream:
    ...
    stream.read("torch")
"""

BACKENDS = [("numpy", np.ndarray), ("torch", torch.Tensor), ("jax", jax.Array)]


class Enough(Exception):
    """Leaves a snippet's endless loop."""


def run(snippet: str, step=None, **names) -> None:
    """Run the snippet with these names; where it says `...` on a line of its own, call step(frame) if there is one."""
    code = snippet.replace("    ...\n", "    step(frame)\n") if step else snippet
    exec(compile(code, "seed", "exec"), {"step": step, **names})


def until(wanted: int, frames: list):
    """A step that keeps frames and leaves the loop once they hold as many events."""

    def step(frame) -> None:
        frames.append(frame)
        if sum(float(each.sum()) for each in frames) >= wanted:
            raise Enough

    return step


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def send_spif(port: int, events: np.ndarray, done: threading.Event) -> threading.Thread:
    """Sends one datagram again and again until it is done: the receiver may listen late."""

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not done.wait(0.01):
                sender.sendto(spif.encode(events), ("127.0.0.1", port))

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_file_load(tmp_path, monkeypatch):
    write_file(tmp_path, "csv", make_events(100)).rename(tmp_path / "file")
    monkeypatch.chdir(tmp_path)
    run(FILE_LOAD, FileInput=FileInput)
    events = FileInput("file", (640, 480)).load()
    assert len(events) == 100
    assert np.array_equal(events["timestamp"], make_events(100)["t"])
    assert np.array_equal(events["polarity"], make_events(100)["p"])


def test_udp_loop():
    frames, done, port = [], threading.Event(), free_port()
    sender = send_spif(port, make_events(50), done)
    try:
        with pytest.raises(Enough):
            run(UDP.replace("3333)", f"{port})"), until(50, frames), UDPInput=UDPInput)
    finally:
        done.set()
        sender.join()
    assert all(isinstance(frame, np.ndarray) and frame.shape == (640, 480) for frame in frames)
    first = make_events(50)[0]
    assert sum(frames)[first["x"], first["y"]] > 0


def test_speck_loop():
    frames = []
    with SpeckPublisher() as publisher:

        def send() -> None:
            publisher.wait_for_receiver()
            publisher.send(b"V", record(5, 7, 1, 1000) * 3)

        sender = threading.Thread(target=send)
        sender.start()
        with pytest.raises(Enough):
            run(SPECK, until(3, frames), SpeckInput=lambda: SpeckInput(address=publisher.address))
        sender.join()
    assert all(isinstance(frame, np.ndarray) and frame.shape == (128, 128) for frame in frames)
    assert sum(frames)[5, 7] == 3


def test_backend_snippet(tmp_path):
    path = write_file(tmp_path, "dat", make_events(10))
    seen = []

    class Played(FileInput):
        def __init__(self, _) -> None:
            super().__init__(path, (WIDTH, HEIGHT), "cpu", True)

        def read(self, backend="numpy"):
            seen.append(super().read(backend))

    run(BACKEND, FileInput=Played)
    assert isinstance(seen[0], torch.Tensor)
    assert tuple(seen[0].shape) == (WIDTH, HEIGHT)


def file_stream(tmp_path: Path) -> FileInput:
    return FileInput(write_file(tmp_path, "dat", make_events(100)), (WIDTH, HEIGHT), ignore_time=True)


@pytest.mark.parametrize(("backend", "kind"), BACKENDS)
@pytest.mark.parametrize("name", ["file", "udp", "speck"])
def test_every_input_reads_every_backend(name, backend, kind, tmp_path):
    streams = {
        "file": lambda: file_stream(tmp_path),
        "udp": lambda: UDPInput((WIDTH, HEIGHT), port=0, host="127.0.0.1"),
        "speck": lambda: SpeckInput((WIDTH, HEIGHT), address=f"tcp://127.0.0.1:{free_port()}"),
    }
    with streams[name]() as stream:
        for spelling in (backend, backend.capitalize(), aestream.Backend(backend)):
            frame = stream.read(backend=spelling)
            assert isinstance(frame, kind)
            assert tuple(frame.shape) == (WIDTH, HEIGHT)
            assert str(frame.dtype).removeprefix("torch.") == "float32"
        with pytest.raises(AttributeError, match="backend must be one of 'numpy', 'torch', 'jax'"):
            stream.read("tensorflow")


@pytest.mark.parametrize(
    ("make", "names", "defaults"),
    [
        (FileInput, ["path", "shape", "device", "ignore_time"], [None, None, "cpu", False]),
        (UDPInput, ["shape", "device", "port"], ["cpu", 3333]),
        (SpeckInput, ["shape", "device", "address"], [(128, 128), "cpu", "tcp://127.0.0.1:40001"]),
    ],
)
def test_positional_arguments_are_aestream_s(make, names, defaults):
    positional = [each for each in inspect.signature(make).parameters.values() if each.kind != each.KEYWORD_ONLY]
    assert [each.name for each in positional] == names
    assert [each.default for each in positional if each.default is not each.empty] == defaults
