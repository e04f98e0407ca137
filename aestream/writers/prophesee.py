"""Prophesee's RAW (EVT2, EVT2.1, EVT3) and DAT files. Spec: docs.prophesee.ai, "Data Encoding Formats"."""

from __future__ import annotations

from typing import ClassVar

from aestream.writers.base import Clock, Limits
from aestream.writers.encoded import EncodedWriter

_MOST_WRAPS = 1 << 20  # of the clock, which a file writes one by one
_MAX_COORDINATE = 2047


def _raw_limits(clock: Clock) -> Limits:
    return Limits(
        max_x=_MAX_COORDINATE,
        max_y=_MAX_COORDINATE,
        min_t=0,
        max_first_t=_MOST_WRAPS * clock.wrap_us,
        max_gap_us=_MOST_WRAPS * clock.wrap_us,
        clock=clock,
    )


def _header(*lines: str) -> bytes:
    return "".join(f"% {line}\n" for line in (*lines, "end")).encode()


class _RawWriter(EncodedWriter):
    """A RAW file. Geometry stands where old and new readers look for it."""

    VERSION: ClassVar[str]
    OPTIONS: ClassVar[str] = ""

    def header(self, width: int, height: int) -> bytes:
        """Lines that begin with a percent sign."""
        format = f"format {self.FORMAT.upper()};height={height};width={width}{self.OPTIONS}"
        return _header(f"evt {self.VERSION}", format, f"geometry {width}x{height}")


class Evt2Writer(_RawWriter):
    """EVT2: 4 bytes for an event, and 4 for every 64 µs that hold one."""

    FORMAT = "evt2"
    VERSION = "2.0"
    LIMITS = _raw_limits(Clock(wrap_us=1 << 34, tick_us=64, max_fall_ticks=(1 << 28) - 158))


class Evt21Writer(_RawWriter):
    """EVT2.1: 8 bytes for up to 32 neighbours, and 8 for every 64 µs that hold one."""

    FORMAT = "evt21"
    VERSION = "2.1"
    OPTIONS = ";endianness=little"
    LIMITS = _raw_limits(Clock(wrap_us=1 << 34, tick_us=64, max_fall_ticks=1 << 27))


class Evt3Writer(_RawWriter):
    """EVT3: 2 bytes for an event, and 2 for every change of time or line; runs of neighbours take less."""

    FORMAT = "evt3"
    VERSION = "3.0"
    LIMITS = _raw_limits(Clock(wrap_us=1 << 24, tick_us=4096, max_fall_ticks=2047))


class DatWriter(EncodedWriter):
    """DAT version 2: 8 bytes for an event. Only its readers' counting of wraps tells times beyond 2^32 µs."""

    FORMAT = "dat"
    LIMITS = Limits(
        max_x=16383,
        max_y=16383,
        min_t=0,
        max_first_t=2**32 - 1,
        max_gap_us=2**31 - 1,
        clock=Clock(wrap_us=1 << 32, tick_us=1, max_fall_ticks=1 << 31),
    )

    def header(self, width: int, height: int) -> bytes:
        """Lines that begin with a percent sign, then the type and the size of the records."""
        size = (f"Height {height}", f"Width {width}")
        return _header("Data file containing CD events.", "Version 2", *size) + bytes([12, 8])
