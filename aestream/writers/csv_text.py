"""Text, one event a line: t,x,y,p in microseconds, or the rows of the RPG event-camera data set."""

from __future__ import annotations

from aestream.writers.base import Limits
from aestream.writers.encoded import EncodedWriter

_MOST = 2**63 - 1  # a reader takes the digits before the sign
_LIMITS = Limits(min_t=-_MOST)


class CsvWriter(EncodedWriter):
    """A header ``t,x,y,p``, then integers; t in microseconds, p 0 or 1.

    The sensor's size is one more name in the header, behind those of the columns; readers by name or place ignore it.
    """

    FORMAT = "csv"
    LIMITS = _LIMITS

    def header(self, width: int, height: int) -> bytes:
        """The names of the columns."""
        return b"t,x,y,p,geometry:%dx%d\n" % (width, height)


class TxtWriter(EncodedWriter):
    """``t x y p`` without a header; t in seconds with six decimals, p 0 or 1. A comment leads, the sensor's size."""

    FORMAT = "txt"
    LIMITS = _LIMITS

    def header(self, width: int, height: int) -> bytes:
        """The sensor's size."""
        return b"# geometry:%d,%d\n" % (width, height)
