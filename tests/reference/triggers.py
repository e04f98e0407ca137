"""External triggers as rows (t, id, rising) (FORMATS.md, sections 2 to 5)."""

from __future__ import annotations

import struct

from . import evt2, evt21

EXT_TRIGGER, TIME_HIGH, TIME_LOW = 0xA, 0x8, 0x6

Rows = list[tuple[int, int, bool]]


def decode_evt2(payload: bytes) -> Rows:
    """Triggers of EVT2 words; those before the first TIME_HIGH are dropped."""
    words = [word for (word,) in struct.iter_unpack("<I", payload[: len(payload) // 4 * 4])]
    return _of_controls(words, evt2.WRAP_FALL_US)


def decode_evt21(payload: bytes, *, legacy: bool = False) -> Rows:
    """Triggers of EVT2.1 words, which have only their control half."""
    halves = struct.iter_unpack("<II", payload[: len(payload) // 8 * 8])
    return _of_controls([half[0 if legacy else 1] for half in halves], evt21.TIME_HIGH_RANGE // 2 * 64 + 1)


def _of_controls(words: list[int], wrap_fall_us: int) -> Rows:
    rows: Rows = []
    base, loops = None, 0
    for word in words:
        if word >> 28 == TIME_HIGH:
            new = (word & 0x0FFFFFFF) * 64
            loops += base is not None and base - new >= wrap_fall_us
            base = new
        elif word >> 28 == EXT_TRIGGER and base is not None:
            rows.append((loops * evt2.PERIOD_US + base + (word >> 22 & 0x3F), word >> 8 & 0x1F, word & 1 == 1))
    return rows


def decode_evt3(payload: bytes) -> Rows:
    """Triggers of EVT3 words, at the time that TIME_HIGH and TIME_LOW have set."""
    rows: Rows = []
    high, low, loops = None, 0, 0
    for (word,) in struct.iter_unpack("<H", payload[: len(payload) // 2 * 2]):
        kind, content = word >> 12, word & 0xFFF
        if kind == TIME_HIGH and content != high:
            loops += high is not None and high >= content + 2048
            high, low = content, 0
        elif kind == TIME_LOW and high is not None:
            low = content
        elif kind == EXT_TRIGGER and high is not None:
            rows.append((loops << 24 | high << 12 | low, content >> 8, content & 1 == 1))
    return rows


def decode_dat(payload: bytes) -> Rows:
    """The records of a DAT file of type 14."""
    rows: Rows = []
    previous, loops = 0, 0
    for stamp, word in struct.iter_unpack("<II", payload[: len(payload) // 8 * 8]):
        loops += previous - stamp > 1 << 31
        previous = stamp
        rows.append((loops << 32 | stamp, word >> 26, word & 0xF > 0))
    return rows
