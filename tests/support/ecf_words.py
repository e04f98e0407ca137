"""A plain encoder of ECF blocks in a mode that the caller chooses (FORMATS.md, section 6.3)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import groupby

import numpy as np

MODES = ("masks", "xp", "yxp")  # by the number in the head


def ecf_head(count: int, mode: str, t0: int = 0) -> bytes:
    """Count and mode in a u32, the first time in a u64."""
    return struct.pack("<IQ", count << 2 | MODES.index(mode), t0)


def ecf_times(times: Sequence[int]) -> bytes:
    """The stream of times behind the head, whose first time is that of the first event."""
    out, t = b"", None
    for value, run in _runs(times):
        step, t = value - (value if t is None else t), value
        large = step >= 15
        while large and step:
            out += bytes([0xF0 | step & 15])
            step >>= 4
        out += _run_word("<B", step, 4, run)
    return out


def ecf_rows(rows: Sequence[int]) -> bytes:
    """Runs of equal y."""
    return b"".join(_run_word("<H", y, 5, run) for y, run in _runs(rows))


def ecf_columns(columns: Sequence[int]) -> bytes:
    """Words of x and a mask of the five behind it."""
    words: list[list[int]] = []
    for x in columns:
        if words and words[-1][-1] < x <= words[-1][0] + 5:
            words[-1].append(x)
        else:
            words.append([x])
    masks = ([first, sum(1 << 5 - (x - first) for x in rest)] for first, *rest in words)
    return b"".join(struct.pack("<H", first << 5 | mask) for first, mask in masks)


def ecf_polarities(polarities: Sequence[bool]) -> bytes:
    """Runs of equal polarity."""
    return b"".join(_run_word("<B", p, 7, run) for p, run in _runs(polarities))


def ecf_groups(values: Sequence[int], mode: str, padding: int = 0) -> bytes:
    """Groups of four packed events; ``padding`` stands where the last group has no event."""
    padded = [*values, *[padding] * (-len(values) % 4)]
    group = _yxp_group if mode == "yxp" else _xp_group
    return b"".join(group(*padded[i : i + 4]) for i in range(0, len(padded), 4))


def encode_ecf(events: np.ndarray, mode: str, padding: int = 0) -> bytes:
    """Events whose times do not fall as one block."""
    t, x, y, p = (events[name].tolist() for name in "txyp")
    out = ecf_head(len(t), mode, t[0] if t else 0) + ecf_times(t)
    if mode == "yxp":
        return out + ecf_groups([b << 12 | a << 1 | c for a, b, c in zip(x, y, p, strict=True)], mode, padding)
    if mode == "xp":
        return out + ecf_rows(y) + ecf_groups([a << 1 | c for a, c in zip(x, p, strict=True)], mode, padding)
    return out + ecf_rows(y) + ecf_columns(x) + ecf_polarities(p)


def _runs(values: Sequence[int]) -> list[tuple[int, int]]:
    return [(value, len(list(run))) for value, run in groupby(values)]


def _run_word(layout: str, value: int, run_bits: int, run: int) -> bytes:
    escape = (1 << run_bits) - 1
    word = struct.pack(layout, value << run_bits | min(run, escape))
    return word if run < escape else word + struct.pack("<H", run)


def _yxp_group(v0: int, v1: int, v2: int, v3: int) -> bytes:
    return struct.pack("<III", v0 << 8 | v1 & 0xFF, v1 >> 8 << 16 | v2 & 0xFFFF, v2 >> 16 << 24 | v3)


def _xp_group(v0: int, v1: int, v2: int, v3: int) -> bytes:
    return struct.pack("<HHH", v0 << 4 | v1 & 0xF, v1 >> 4 << 8 | v2 & 0xFF, v2 >> 8 << 12 | v3)
