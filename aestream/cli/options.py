"""What several commands take: how to read a file, shapes, times, regions."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aestream.datasets.file import FileInput

F = TypeVar("F", bound=Callable[..., Any])
_UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000}
_LONGEST_US = 366 * 24 * 3600 * 1_000_000  # of a duration: no recording is longer, and sums with times fit int64


if TYPE_CHECKING:
    _Value = click.ParamType[Any]
else:
    _Value = click.ParamType  # a generic class from click 8.4 on only


class _Shape(_Value):
    """``640x480`` as (width, height)."""

    name = "WxH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        found = re.fullmatch(r"([1-9]\d{0,4})[x,]([1-9]\d{0,4})", str(value))
        if not found:
            self.fail(f"expected a width and a height such as 640x480; got {value!r}", param, ctx)
        return int(found[1]), int(found[2])


class _Duration(_Value):
    """``10ms``, ``1.5s``, ``250us`` or plain microseconds as an int of microseconds."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        microseconds = _microseconds(str(value))
        if microseconds is None or microseconds < 1:
            self.fail(f"expected a duration such as 250us, 10ms or 1.5s; got {value!r}", param, ctx)
        if microseconds > _LONGEST_US:
            self.fail(f"expected a duration of at most a year, got {value!r}", param, ctx)
        return microseconds


@dataclass(frozen=True)
class Time:
    """A moment of a recording: microseconds after its first event, or on the recording's own clock."""

    microseconds: int
    absolute: bool

    def __str__(self) -> str:
        return f"@{self.microseconds}" if self.absolute else f"{self.microseconds}us"

    def of(self, file: FileInput) -> int:
        """The moment on the clock of ``file``."""
        return self.microseconds if self.absolute else file.t_start + self.microseconds


class _Time(_Value):
    """``1.5s`` after the first event, or ``@1633953690975950`` on the recording's clock."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Time:
        if isinstance(value, Time):
            return value
        text = str(value)
        if re.fullmatch(r"@-?\d{1,18}", text):
            return Time(int(text[1:]), absolute=True)
        microseconds = _microseconds(text)
        if microseconds is None:
            self.fail(f"expected a time such as 250ms or 1.5s, or @ and microseconds; got {value!r}", param, ctx)
        if microseconds > _LONGEST_US:
            self.fail(f"expected a time at most a year after the first event, got {value!r}", param, ctx)
        return Time(microseconds, absolute=False)


class _Roi(_Value):
    """``X,Y,WIDTH,HEIGHT`` in pixels."""

    name = "X,Y,W,H"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int, int]:
        found = re.fullmatch(r"(\d{1,5}),(\d{1,5}),([1-9]\d{0,4}),([1-9]\d{0,4})", str(value))
        if not found:
            self.fail(f"expected left, top, width and height such as 100,50,320,240; got {value!r}", param, ctx)
        left, top, width, height = map(int, found.groups())
        return left, top, width, height


SHAPE, DURATION, TIME, ROI = _Shape(), _Duration(), _Time(), _Roi()

_READ_OPTIONS = [
    click.option("--shape", type=SHAPE, help="Sensor's size, where the file does not say it."),
    click.option("--input-format", "format", help="Format of a file without a header, such as evt3."),
    click.option("--columns", help="Order of the columns of text or plain arrays, such as xytp."),
    click.option(
        "--time-unit",
        type=click.Choice(["ns", "us", "ms", "s"]),
        help="What the times of text, arrays and HDF5 count; default: what the file says, else integers are us.",
    ),
    click.option("--chip", help="Camera of an AEDAT 1 or 2 file, such as dvs128."),
    click.option("--stream", help="Which of several streams: a number, an HDF5 group, a ROS topic."),
    click.option(
        "--mirror", type=click.Choice(["", "x", "y", "xy"]), help="Axes to mirror; default: as the format says."
    ),
]


def open_cut(
    path: str | os.PathLike[str], start: Time | None, stop: Time | None, arguments: dict[str, Any]
) -> FileInput:
    """A file, or the part of it between two times; ``arguments`` are further ones of ``FileInput``.

    Raises:
        FormatError, OSError, ValueError: as ``FileInput`` does, and if nothing of the recording lies between the times.
    """
    file = FileInput(path, progress=sys.stderr.isatty(), **arguments)
    if start is None and stop is None:
        return file
    cut: dict[str, Any] = {}
    if start is not None:
        cut["start_us"] = start.of(file)
    if stop is not None:
        cut["stop_us"] = stop.of(file)
    if file.num_events and (
        cut.get("start_us", file.t_start) >= file.t_stop or cut.get("stop_us", file.t_stop) <= file.t_start
    ):
        raise ValueError(_beside(file, cut))
    return file._with(**cut)


def _beside(file: FileInput, cut: dict[str, int]) -> str:
    """What to say of a cut that holds nothing of the recording."""
    wanted = " ".join(f"--{name.removesuffix('_us')} @{time}" for name, time in cut.items())
    length = (file.t_stop - file.t_start) / 1e6
    return (
        f"{file.path!r} has no event there: it covers @{file.t_start} to @{file.t_stop}, {length:.6f} s after its "
        f"first event; got {wanted}"
    )


def read_options(command: F) -> F:
    """The options of every command that opens files; they arrive as ``reading``, the arguments of ``FileInput``."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        names = ("shape", "format", "columns", "time_unit", "chip", "stream", "mirror")
        reading = {name: value for name in names if (value := kwargs.pop(name)) is not None}
        if "stream" in reading and reading["stream"].isdecimal():
            reading["stream"] = int(reading["stream"])
        return command(*args, reading=reading, **kwargs)

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(_READ_OPTIONS):
        option(wrapped)
    return wrapped  # type: ignore[return-value]


def _microseconds(text: str) -> int | None:
    """The whole microseconds of ``1.5s``; None if it is no duration."""
    found = re.fullmatch(r"(\d{1,15})(?:\.(\d{1,9}))?\s*(us|ms|s|min)?", text)
    if not found:
        return None
    unit = _UNITS[found[3] or "us"]
    fraction = found[2] or ""
    exact, rest = divmod(int(found[1] + fraction) * unit, 10 ** len(fraction))
    return None if rest else exact
