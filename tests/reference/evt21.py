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
    """The order of the halves: as the header says, else the one in which more words are TIME_HIGH."""
    declared = format_options(header).get("endianness", header.get("endianness"))
    if declared is not None:
        return declared == "legacy"
    return _count_time_high(payload, legacy=True) > _count_time_high(payload, legacy=False)


def _count_time_high(payload: bytes, *, legacy: bool) -> int:
    return sum(control >> 28 == TIME_HIGH for control, _ in _halves(payload, legacy))


def _halves(payload: bytes, legacy: bool) -> list[tuple[int, int]]:
    """(A, B) of every whole word."""
    words = list(struct.iter_unpack("<II", payload[: len(payload) // 8 * 8]))
    return words if legacy else [(control, mask) for mask, control in words]
