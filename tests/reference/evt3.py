"""EVT3, 16-bit words with state, taken word by word (FORMATS.md, section 4)."""

from __future__ import annotations

import struct

import numpy as np

from .events import to_events

ADDR_Y, EM_ADDR, ADDR_X, VECT_BASE_X = 0x0, 0x1, 0x2, 0x3
VECT_12, VECT_8, TIME_LOW, TIME_HIGH = 0x4, 0x5, 0x6, 0x8
X_MAX = 32767  # x is an int16: nothing is emitted beyond, and the base stops just after it


def decode(payload: bytes) -> np.ndarray:
    """Decode the words after the header; a partial last word is dropped."""
    rows = []
    high = None  # None before the first TIME_HIGH
    low = loops = 0
    y = base = 0
    base_p = False
    is_em = False  # since the last 0x1 word: addresses are not changes until the next ADDR_Y
    for (word,) in struct.iter_unpack("<H", payload[: len(payload) // 2 * 2]):
        kind, content = word >> 12, word & 0xFFF
        if kind == TIME_HIGH:
            if high is not None and high >= content + 2048:
                loops += 1
            if content != high:
                high, low = content, 0
        elif high is None:
            continue  # state words before the first TIME_HIGH are skipped, too
        elif kind == TIME_LOW:
            low = content
        elif kind == ADDR_Y:
            y, is_em = content & 0x7FF, False
        elif kind == EM_ADDR:
            is_em = True
        elif kind == VECT_BASE_X:
            base, base_p = content & 0x7FF, content >> 11 == 1
        else:
            t = loops << 24 | high << 12 | low
            if kind == ADDR_X:
                found = [(t, content & 0x7FF, y, content >> 11 == 1)]
            elif kind in (VECT_12, VECT_8):
                size = 12 if kind == VECT_12 else 8
                found = [(t, base + i, y, base_p) for i in range(size) if content >> i & 1]
                base = min(base + size, X_MAX + 1)
            else:
                continue  # triggers, CONTINUED, OTHERS, IMU and the types without effect
            if not is_em:
                rows += [row for row in found if row[1] <= X_MAX]
    return to_events(rows)
