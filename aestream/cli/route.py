"""``aestream input … output …``: AEStream's own grammar for the same things."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

import aestream._core as _core
from aestream.convert import convert
from aestream.datasets.file import FileInput
from aestream.streams.udp import UDPOutput

_SLICE_US = 10_000  # of a playback to the standard output
_GRAMMAR = (
    "[resolution WIDTH HEIGHT] input file PATH [--ignore-time] "
    "[output file PATH | output udp HOST PORT | output stdout]"
)


@dataclass(frozen=True)
class Route:
    """Where events come from and go to.

    Attributes:
        source: the file.
        target: ``("stdout",)``, ``("file", path)`` or ``("udp", host, port)``.
        shape: sensor (width, height), where the file does not say it.
        ignore_time: at full speed instead of as fast as it was recorded.
    """

    source: str
    target: tuple[str, ...]
    shape: tuple[int, int] | None = None
    ignore_time: bool = False


class _Words:
    """The words of a command, taken from the left."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = list(words)

    def take(self, expected: str) -> str:
        """The next word, whatever it is."""
        if not self._words:
            raise click.UsageError(f"expected {expected}, found the end of the line; the grammar: {_GRAMMAR}")
        return self._words.pop(0)

    def take_one_of(self, *known: str) -> str:
        """The next word, which must be one of these."""
        word = self.take(" or ".join(known))
        if word not in known:
            raise click.UsageError(f"expected {' or '.join(known)}, found {word!r}; the grammar: {_GRAMMAR}")
        return word

    def take_number(self, expected: str, most: int) -> int:
        """The next word as a number from 1."""
        word = self.take(expected)
        if not (word.isascii() and word.isdecimal() and len(word) < 6 and 1 <= int(word) <= most):
            raise click.UsageError(f"expected {expected} from 1 to {most}, found {word!r}")
        return int(word)

    def __bool__(self) -> bool:
        return bool(self._words)


def parse_route(words: tuple[str, ...]) -> Route:
    """Read ``[resolution W H] input file X [--ignore-time] [output …]``; without output, to the standard output."""
    rest = _Words(tuple(word for word in words if word != "--ignore-time"))
    shape = None
    if rest.take_one_of("input", "resolution") == "resolution":
        shape = rest.take_number("a width", 32767), rest.take_number("a height", 32767)
        rest.take_one_of("input")
    rest.take_one_of("file")
    source = rest.take("a path")
    target: tuple[str, ...] = ("stdout",)
    if rest:
        rest.take_one_of("output")
        target = _take_target(rest)
    if rest:
        raise click.UsageError(f"expected the end of the line, found {rest.take('')!r}; the grammar: {_GRAMMAR}")
    return Route(source, target, shape, "--ignore-time" in words)


def _take_target(rest: _Words) -> tuple[str, ...]:
    match rest.take_one_of("file", "udp", "stdout"):
        case "file":
            return "file", rest.take("a path")
        case "udp":
            return "udp", rest.take("a host"), str(rest.take_number("a port", 65535) if rest else 3333)
        case name:
            return (name,)


def run_route(route: Route) -> None:
    """Do what the command says."""
    try:
        file = FileInput(route.source, route.shape, window_us=_SLICE_US, representation=None)
        match route.target:
            case "file", path:
                click.echo(f"{path}: {convert(file, path).events:,} events", err=True)
            case "udp", host, port:
                UDPOutput(host, int(port), speed=None if route.ignore_time else 1.0).send_file(file)
            case _:
                _print(file, real_time=not route.ignore_time)
    except BrokenPipeError:  # such as of `| head`
        sys.stderr.close()
    except (ValueError, OSError, ImportError) as error:
        raise click.ClickException(str(error)) from error


def _print(file: FileInput, *, real_time: bool) -> None:
    """Lines of t,x,y,p on the standard output."""
    blocks = _in_time(file) if real_time else file.blocks()
    for events in blocks:
        sys.stdout.buffer.write(_core.encode_text(events))
        sys.stdout.buffer.flush()


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
    """Stream a file to a file, over UDP, or as text: what AEStream's users type.

    Without an output, events go to the standard output, one `t,x,y,p` a line. Over UDP and to the standard output they
    go as fast as they were recorded, or with --ignore-time as fast as they can.

    \b
    aestream input file recording.raw output file recording.aedat4
    aestream input file recording.aedat4 output udp 127.0.0.1 3333
    aestream input file recording.raw --ignore-time | head
    aestream resolution 640 480 input file events.csv output file events.raw
    """
    run_route(parse_route(("input", *words)))


@click.command("resolution", context_settings=_SETTINGS, hidden=True)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
def resolution_command(words: tuple[str, ...]) -> None:
    """The sensor's size, before `input`: aestream resolution 640 480 input file events.csv."""
    run_route(parse_route(("resolution", *words)))
