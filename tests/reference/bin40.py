"""The 40-bit .bin of N-MNIST and N-Caltech101: rows of five bytes, big-endian (FORMATS.md, section 11)."""

from __future__ import annotations

import numpy as np

from .events import to_events

OVERFLOW_Y = 240
OVERFLOW_US = 8192


def decode(payload: bytes) -> np.ndarray:
    """Decode a whole file; a partial last row is dropped."""
    rows = []
    base = 0
    for at in range(0, len(payload) // 5 * 5, 5):
        x, y, high, middle, low = payload[at : at + 5]
        if y == OVERFLOW_Y:
            base += OVERFLOW_US
        else:
            rows.append((base + ((high & 0x7F) << 16 | middle << 8 | low), x, y, high >> 7 == 1))
    return to_events(rows)
