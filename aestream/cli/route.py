"""``aestream input … output …``: AEStream's own grammar for the same things, and for live sources."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import click
import numpy as np

import aestream._core as _core
from aestream.cli.output import printable
from aestream.cli.route_words import SPECK_ADDRESS, Input, Route, Target, parse_route
from aestream.convert import check_target, convert
from aestream.datasets.file import FileInput
from aestream.io import Writer
from aestream.streams.base import EventStream
from aestream.streams.drivers.driver import Camera
from aestream.streams.drivers.find import open_camera
from aestream.streams.speck import SpeckInput
from aestream.streams.udp import UDPInput, UDPOutput
from aestream.streams.usb import USBInput

_SLICE_US = 10_000  # of a playback, and of a live source
_WIDEST = (32767, 32767)  # all that an event can say, where nobody needs the sensor's size


class _Sink(Protocol):
    """What events are written to."""

    def write(self, events: np.ndarray) -> None:
        """Write some."""

    def close(self) -> None:
        """No more will come."""


class _Text:
    """Lines of t,x,y,p on the standard output."""

    def write(self, events: np.ndarray) -> None:
        sys.stdout.buffer.write(_core.encode_text(events))
        sys.stdout.buffer.flush()

    def close(self) -> None:
        pass


class _Datagrams:
    def __init__(self, output: UDPOutput) -> None:
        self.write = output.send

    def close(self) -> None:
        pass


def run_route(route: Route) -> None:
    """Do what the command says."""
    try:
        if route.source.kind == "file":
            _play(route, _open_file(route))
        else:
            _receive(route)
    except BrokenPipeError:  # such as of `| head`
        raise
    except (ValueError, OSError, ImportError) as error:
        raise click.ClickException(printable(str(error))) from error


def _open_file(route: Route) -> FileInput:
    path, unit = str(route.source.place), route.source.time_unit
    options: dict[str, Any] = {"window_us": _SLICE_US, "representation": None, "progress": sys.stderr.isatty()}
    if unit is None:
        return FileInput(path, route.shape, **options)
    try:
        return FileInput(path, route.shape, **{**options, "time_unit": unit})
    except ValueError:
        if unit != "us":
            raise
        return FileInput(path, route.shape, **options)  # whose format has microseconds and takes no unit


def _play(route: Route, file: FileInput) -> None:
    """A file to everything; to one file or one address by the way that is fastest."""
    in_time = not route.source.ignore_time
    match route.targets:
        case [Target(kind="file", place=path)]:
            _say(path, convert(file, path).events)
        case [Target(kind="udp") as target]:
            _to_udp(target, speed=1.0 if in_time else None).send_file(file)
        case targets:
            for each in targets:
                if each.kind == "file":
                    check_target(file, each.place)
            in_time &= any(target.kind != "file" for target in targets)
            _copy(_in_time(file) if in_time else file.blocks(), targets, file.shape)


def _receive(route: Route) -> None:
    """A live source to everything, until it ends, its timeout, or Ctrl-C, which completes the files."""
    if route.source.kind == "udp" and route.shape is None and any(each.kind == "file" for each in route.targets):
        raise ValueError("a file needs the sensor's size: aestream resolution WIDTH HEIGHT input udp …")
    with _live(route.source, route.shape) as stream:
        if isinstance(stream, UDPInput):
            click.echo(f"listening at port {stream.port}", err=True)
        shape = None if stream.shape == _WIDEST else stream.shape
        _copy((events.numpy() for events in stream if len(events)), route.targets, shape)
        lost = stream.stats.dropped + stream.stats.kernel_drops
    if lost:
        click.echo(f"{lost:,} events or datagrams came faster than they could be written, and are lost", err=True)


def _live(source: Input, shape: tuple[int, int] | None) -> EventStream:
    options: dict[str, Any] = {"representation": None, "window_us": _SLICE_US, "timeout_s": source.timeout_s}
    match source.kind:
        case "udp":
            return UDPInput(shape or _WIDEST, port=3333 if source.place is None else int(source.place), **options)
        case "speck":
            return SpeckInput(shape or (128, 128), address=source.place or SPECK_ADDRESS, **options)
    camera = Camera(source.kind)
    if shape is None:
        device = open_camera(camera, source.place)
        shape = device.shape
        device.close()
    return USBInput(shape, camera=camera, serial=source.place, **options)


def _copy(blocks: Iterator[np.ndarray], targets: list[Target], shape: tuple[int, int] | None) -> None:
    """Every block to every target. Ctrl-C ends it as the end of the blocks does; an error leaves no files."""
    with ExitStack() as opened:
        sinks = [_open_target(target, shape, opened) for target in targets]
        try:
            for events in blocks:
                for sink in sinks:
                    sink.write(events)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
        for sink in sinks:
            sink.close()
    for target, sink in zip(targets, sinks, strict=True):
        if isinstance(sink, Writer):
            _say(target.place, sink.num_events)


def _open_target(target: Target, shape: tuple[int, int] | None, opened: ExitStack) -> _Sink:
    match target.kind:
        case "file":
            if shape is None:
                raise ValueError("a file needs the sensor's size: aestream resolution WIDTH HEIGHT input …")
            return opened.enter_context(Writer(target.place, shape))
        case "udp":
            return _Datagrams(_to_udp(target, speed=None))
    return _Text()


def _to_udp(target: Target, *, speed: float | None) -> UDPOutput:
    return UDPOutput(target.place, target.port, speed=speed, timestamps=target.timestamps, max_words=target.max_words)


def _say(path: str, events: int) -> None:
    click.echo(printable(f"{path}: {events:,} events"), err=True)


def _in_time(file: FileInput) -> Iterator[np.ndarray]:
    """The file's windows, each when it is over, as it was when it was recorded."""
    began = time.monotonic()
    for i in range(len(file)):
        events: Any = file[i]
        time.sleep(max(0.0, began + (i + 1) * _SLICE_US / 1e6 - time.monotonic()))
        if len(events):
            yield events.numpy()


_SETTINGS = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command("input", context_settings=_SETTINGS, short_help="AEStream's grammar: input file X output file Y.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def input_command(words: tuple[str, ...]) -> None:
    """Stream a file or a live source to files, over UDP, or as text: what AEStream's users type.

    \b
    input file PATH [--ignore-time] [--time-unit ns|us|ms|s]
    input udp [PORT]                                SPIF, port 3333
    input zmq|speck [ADDRESS]                       tcp://127.0.0.1:40001
    input inivation|prophesee [SERIAL]              the first camera found
    output stdout                                   one `t,x,y,p` a line; so it is without an output
    output file PATH                                any format that `aestream convert` writes
    output udp [HOST [PORT]] [--buffer-size WORDS] [--packet-size EVENTS] [--include-timestamp]

    There may be several outputs. Over UDP and to the standard output a file goes as fast as it was recorded, or with
    --ignore-time as fast as it can. A live source goes on until Ctrl-C, which completes the files, or with --timeout
    SECONDS until no event has come for so long. Datagrams hold no times, as AEStream 0.6 wants it, unless there is
    --include-timestamp; --buffer-size is the most words of 4 bytes in one of them, 128 if nothing is said.

    \b
    aestream input file recording.raw output file recording.aedat4
    aestream input file recording.aedat4 output udp 127.0.0.1 3333
    aestream input file recording.raw --ignore-time | head
    aestream resolution 640 480 input file events.csv output file events.raw
    aestream resolution 640 480 input udp 3333 output file live.aedat4 output stdout
    """
    run_route(parse_route(("input", *words)))


@click.command("resolution", context_settings=_SETTINGS, hidden=True)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def resolution_command(words: tuple[str, ...]) -> None:
    """The sensor's size, before `input`: aestream resolution 640 480 input file events.csv."""
    run_route(parse_route(("resolution", *words)))
