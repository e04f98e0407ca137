"""Text, one event a line: t,x,y,p in microseconds, or the rows of the RPG event-camera data set."""

from __future__ import annotations

import os
from typing import Any

import numpy.typing as npt

from aestream.writers.base import Limits, WriteOptions
from aestream.writers.encoded import EncodedWriter
from aestream.writers.output import Output

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

    def __init__(self, output: Output, shape: tuple[int, int], options: WriteOptions) -> None:
        super().__init__(output, shape, options)
        self._output, self._is_empty = output, True

    def header(self, width: int, height: int) -> bytes:
        """Nothing: the rows' readers know none."""
        return b""

    def write(self, events: npt.NDArray[Any]) -> None:
        """Append events."""
        self._is_empty &= len(events) == 0
        super().write(events)

    def finish(self) -> None:
        """Write the rest; a file without a byte would be no recording."""
        super().finish()
        if self._is_empty:
            os.write(self._output.fileno(), b"# t x y p\n")
