"""What a writer of one format is: limits on events, options, and a file that is written piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy.typing as npt

from aestream.writers.output import Output

_ANY = 2**64 - 1


@dataclass(frozen=True)
class Clock:
    """How a format's clock wraps, and which falls its readers take for a step back instead.

    Attributes:
        wrap_us: the clock's period.
        tick_us: what the word that wraps counts in.
        max_fall_ticks: the largest fall that is a step back. A step back over a wrap is never one.
    """

    wrap_us: int
    tick_us: int
    max_fall_ticks: int


@dataclass(frozen=True)
class Limits:
    """The events that a format can hold; the defaults are those of ``EVENT_DTYPE``.

    Attributes:
        max_x, max_y: the largest coordinates, however large the sensor is.
        min_t, max_t: the earliest and the latest time.
        max_first_t: the latest time of the first event.
        max_gap_us: the longest time between an event and the next.
        max_span_us: the longest time between the first event and any other.
        steps_back: whether a time may be before the one of the event before.
        clock: which steps back are too far, if not all are possible.
    """

    max_x: int = 32767
    max_y: int = 32767
    min_t: int = -(2**63)
    max_t: int = 2**63 - 1
    max_first_t: int = 2**63 - 1
    max_gap_us: int = _ANY
    max_span_us: int = _ANY
    steps_back: bool = True
    clock: Clock | None = None


@dataclass(frozen=True)
class WriteOptions:
    """What a user may say about a file beyond its path and shape; not every format takes every option.

    Attributes:
        compression: None for the format's usual one.
        source: name of the camera.
        packet_us: time that one packet spans at most.
    """

    compression: str | None = None
    source: str = "aestream"
    packet_us: int = 10_000


class FormatWriter(Protocol):
    """The inside of one file of a format, made by ``SomeWriter(output, shape, options)``.

    The constructor raises ValueError for an option with a value that the format does not know. The caller opens and
    closes the output, and asks it for errors.

    Attributes:
        LIMITS: the events that the format can hold.
        IS_STREAM: whether a file is written from front to back.
    """

    LIMITS: ClassVar[Limits]
    IS_STREAM: ClassVar[bool]

    def __init__(self, output: Output, shape: tuple[int, int], options: WriteOptions) -> None: ...

    def write(self, events: npt.NDArray[Any]) -> None:
        """Append events: a contiguous array of ``EVENT_DTYPE``, none of which the limits refuse."""

    def finish(self) -> None:
        """Complete the file."""

    def abort(self) -> None:
        """Let go of what is open; the caller removes the file. May follow anything, also a failed ``finish()``."""
