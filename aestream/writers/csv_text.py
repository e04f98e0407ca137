"""Text, one event a line: t,x,y,p in microseconds, or the rows of the RPG event-camera data set."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from aestream.writers.base import Limits, WriteOptions
from aestream.writers.encoded import EncodedWriter

_MOST = 2**63 - 1  # a reader takes the digits before the sign
_LIMITS = Limits(min_t=-_MOST)


class CsvWriter(EncodedWriter):
    """A header ``t,x,y,p``, then integers; t in microseconds, p 0 or 1. The sensor's size is not in the file."""

    FORMAT = "csv"
    LIMITS = _LIMITS

    def header(self, width: int, height: int) -> bytes:
        """The names of the columns."""
        return b"t,x,y,p\n"


class TxtWriter(EncodedWriter):
    """``t x y p`` without a header; t in seconds with six decimals, p 0 or 1. Without events, it is one comment."""

    FORMAT = "txt"
    LIMITS = _LIMITS

    def __init__(self, path: str, shape: tuple[int, int], options: WriteOptions) -> None:
        super().__init__(path, shape, options)
        self._path, self._is_empty = path, True

    def header(self, width: int, height: int) -> bytes:
        """Nothing: the rows' readers know none."""
        return b""

    def write(self, events: npt.NDArray[Any]) -> None:
        """Append events."""
        self._is_empty &= len(events) == 0
        super().write(events)

    def finish(self) -> None:
        """Close the file; one without a byte would be no recording."""
        super().finish()
        if self._is_empty:
            with open(self._path, "ab") as file:
                file.write(b"# t x y p\n")
