"""EVT2, 32-bit words (FORMATS.md, section 2)."""

from __future__ import annotations

import struct

import numpy as np

from .events import to_events

CHANGE_OFF, CHANGE_ON, TIME_HIGH = 0x0, 0x1, 0x8
PERIOD_US = 1 << 34
WRAP_FALL_US = PERIOD_US - 64 - 10_000  # a smaller fall of the time base is a step back


def decode(payload: bytes) -> np.ndarray:
    """Decode the words after the header; a partial last word is dropped."""
    rows = []
    base = None  # TIME_HIGH in microseconds; None before the first one
    loops = 0
    for (word,) in struct.iter_unpack("<I", payload[: len(payload) // 4 * 4]):
        kind = word >> 28
        if kind == TIME_HIGH:
            new = (word & 0x0FFFFFFF) * 64
            if base is not None and base - new >= WRAP_FALL_US:
                loops += 1
            base = new
        elif kind in (CHANGE_OFF, CHANGE_ON) and base is not None:
            t = loops * PERIOD_US + base + (word >> 22 & 0x3F)
            rows.append((t, word >> 11 & 0x7FF, word & 0x7FF, kind == CHANGE_ON))
        # triggers, IMU, OTHER, CONTINUED and unknown types: one word without an event
    return to_events(rows)
