"""Event Stream 2 (.es), DVS events. Spec: github.com/neuromorphicsystems/event_stream."""

from __future__ import annotations

import struct

from aestream.writers.base import Limits
from aestream.writers.encoded import EncodedWriter

_VERSION = bytes([2, 0, 0])
_DVS = 1
_MAX_GAP_US = 127 << 26  # a byte for every 127 µs: 64 MiB


class EsWriter(EncodedWriter):
    """5 bytes for an event, one for every 127 µs without any; times start at 0, and rows count from the bottom."""

    FORMAT = "es"
    LIMITS = Limits(min_t=0, max_first_t=_MAX_GAP_US, max_gap_us=_MAX_GAP_US, steps_back=False)

    def header(self, width: int, height: int) -> bytes:
        """Magic word, version, type and size."""
        return b"Event Stream" + _VERSION + struct.pack("<BHH", _DVS, width, height)
