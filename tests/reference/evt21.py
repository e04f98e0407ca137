"""EVT2.1, 64-bit words of a control half A and a mask half B (FORMATS.md, section 3)."""

from __future__ import annotations

import struct

import numpy as np

from .events import to_events
from .header import format_options

CHANGE_OFF, CHANGE_ON, TIME_HIGH = 0x0, 0x1, 0x8
TIME_HIGH_RANGE = 1 << 28


def decode(payload: bytes, *, legacy: bool = False) -> np.ndarray:
    """Decode the words after the header; legacy: half A comes first. A partial last word is dropped."""
    rows = []
    high = None  # None before the first TIME_HIGH
    loops = 0
    for control, mask in _halves(payload, legacy):
        kind = control >> 28
        if kind == TIME_HIGH:
            new = control & 0x0FFFFFFF
            if high is not None and high - new > TIME_HIGH_RANGE // 2:
                loops += 1
            high = new
        elif kind in (CHANGE_OFF, CHANGE_ON) and high is not None:
            t = (loops * TIME_HIGH_RANGE + high) * 64 + (control >> 22 & 0x3F)
            x, y = control >> 11 & 0x7FF, control & 0x7FF
            rows += [(t, x + i, y, kind == CHANGE_ON) for i in range(32) if mask >> i & 1]
    return to_events(rows)


def is_legacy(header: dict[str, str], payload: bytes) -> bool:
    """The order of the halves: as the header says, else the one in which TIME_HIGH makes sense."""
    declared = format_options(header).get("endianness", header.get("endianness"))
    if declared is not None:
        return declared == "legacy"
    return _plausible_time_highs(payload, legacy=True) > _plausible_time_highs(payload, legacy=False)


def _plausible_time_highs(payload: bytes, *, legacy: bool) -> int:
    """TIME_HIGH among the first words that lie within a second of the one before, less those that do not."""
    times = [
        (control & 0x0FFFFFFF) * 64 for control, _ in _halves(payload[: 4096 * 8], legacy) if control >> 28 == TIME_HIGH
    ]
    near = sum(abs(b - a) < 1_000_000 for a, b in zip(times, times[1:], strict=False))
    return near - max(len(times) - 1 - near, 0) + bool(times)


def _halves(payload: bytes, legacy: bool) -> list[tuple[int, int]]:
    """(A, B) of every whole word."""
    words = list(struct.iter_unpack("<II", payload[: len(payload) // 8 * 8]))
    return words if legacy else [(control, mask) for mask, control in words]
