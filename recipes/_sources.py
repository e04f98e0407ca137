"""Where the live recipes' events come from: a camera, or a recording in its place. No recipe itself."""

from __future__ import annotations

import argparse
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import aestream
from aestream import EventStream, FileInput, UDPOutput
from aestream.data import demo_recording


def to_shape(text: str) -> tuple[int, int]:
    """ "640x480" as (640, 480)."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def add_file_option(parser: argparse.ArgumentParser, what: str) -> None:
    """The recording that stands in for a device."""
    text = f"{what}; without a name, the recording that ships with aestream"
    parser.add_argument("--file", nargs="?", type=Path, const=demo_recording(), metavar="RECORDING", help=text)


def add_udp_options(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and for what."""
    parser.add_argument("--shape", type=to_shape, default=(640, 480), help="the sensor's pixels; default: 640x480")
    parser.add_argument("--port", type=int, default=3333, help="default: 3333")
    parser.add_argument("--protocol", default="spif", help="spif, t64_x16_y16_on8 or t32_x16_y15_on1; default: spif")
    add_file_option(parser, "send this to ourselves, in real time")


def add_camera_options(parser: argparse.ArgumentParser) -> None:
    """Which camera."""
    parser.add_argument("--shape", type=to_shape, default=(640, 480), help="the camera's pixels; default: 640x480")
    parser.add_argument("--camera", choices=("inivation", "prophesee"), help="its maker; default: the first one found")
    parser.add_argument("--serial", help="its serial number; default: the first one found")
    add_file_option(parser, "play this instead of a camera, in real time")


def open_camera(arguments: argparse.Namespace) -> EventStream | FileInput:
    """The camera of the options above, or the file in its place."""
    if arguments.file:
        return FileInput(arguments.file, progress=True)
    camera = None if arguments.camera is None else aestream.Camera(arguments.camera)
    return aestream.USBInput(arguments.shape, camera=camera, serial=arguments.serial)


@contextlib.contextmanager
def sending(recording: Path | None, port: int, protocol: str) -> Iterator[None]:
    """Send a recording to a port of this machine, in real time and again and again; None: nothing."""
    if recording is None:
        yield
        return
    stopping = threading.Event()
    file = FileInput(recording, representation=None, window_us=1000)  # here, where an error ends the recipe
    if len(file) == 0:
        raise ValueError(f"{str(recording)!r} holds no event that could be sent")

    def send() -> None:
        while not stopping.is_set():
            output = UDPOutput("127.0.0.1", port, protocol=protocol, speed=1.0)
            for events in file:
                if stopping.is_set():
                    return
                output.send(events)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        stopping.set()
        sender.join()
