"""Byte literals built by words, and plain encoders, for RAW, DAT and text files (FORMATS.md, sections 1-5 and 12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from support.aedat4_words import encode_aedat4
from support.es_words import bin40_row, encode_bin40, encode_es, es_event, es_header

__all__ = [
    "bin40_row",
    "dat_header",
    "dat_record",
    "encode_aedat4",
    "encode_bin40",
    "encode_csv",
    "encode_dat",
    "encode_es",
    "encode_evt2",
    "encode_evt21",
    "encode_evt3",
    "es_event",
    "es_header",
    "evt21_change",
    "evt21_word",
    "evt2_change",
    "evt2_word",
    "evt3_word",
    "raw_header",
]

_EVT_VERSIONS = {"EVT2": "2.0", "EVT21": "2.1", "EVT3": "3.0"}


def raw_header(format: str = "EVT3", width: int = 640, height: int = 480, *, endianness: str | None = None) -> bytes:
    """The '%' header of a RAW file, with '% end'."""
    order = f";endianness={endianness}" if endianness else ""
    lines = [
        f"% evt {_EVT_VERSIONS[format]}",
        f"% format {format};height={height};width={width}{order}",
        f"% geometry {width}x{height}",
        "% end",
    ]
    return "".join(line + "\n" for line in lines).encode()


def dat_header(
    version: int = 2, width: int | None = 640, height: int | None = 480, *, event_type: int = 12, event_size: int = 8
) -> bytes:
    """The '%' header of a DAT file and the two bytes after it."""
    size = "" if width is None else f"% Height {height}\n% Width {width}\n"
    return f"% Data file containing CD events.\n% Version {version}\n{size}% end\n".encode() + bytes(
        [event_type, event_size]
    )


def evt2_word(type: int, content: int) -> bytes:
    """A 32-bit EVT2 word: four bits of type, 28 of content."""
    return struct.pack("<I", type << 28 | content)


def evt2_change(p: bool, t_low: int, x: int, y: int) -> bytes:
    """CHANGE ON or OFF; t_low is t[5:0]."""
    return evt2_word(int(p), t_low << 22 | x << 11 | y)


def evt21_word(type: int, content: int, mask: int = 0, *, legacy: bool = False) -> bytes:
    """A 64-bit EVT2.1 word: half A holds type and content, half B the mask; legacy: A first."""
    control = type << 28 | content
    return struct.pack("<II", control, mask) if legacy else struct.pack("<II", mask, control)


def evt21_change(p: bool, t_low: int, x: int, y: int, mask: int, *, legacy: bool = False) -> bytes:
    """CHANGE ON or OFF at x + i for every bit i of the mask."""
    return evt21_word(int(p), t_low << 22 | x << 11 | y, mask, legacy=legacy)


def evt3_word(type: int, content: int) -> bytes:
    """A 16-bit EVT3 word: four bits of type, twelve of content."""
    return struct.pack("<H", type << 12 | content)


def dat_record(t: int, x: int, y: int, p: int, *, version: int = 2) -> bytes:
    """One change; version 1 packs x, y, p into 9, 8 and 1 bits, version 2 into 14, 14 and 4."""
    word = x | y << 9 | p << 17 if version == 1 else x | y << 14 | p << 28
    return struct.pack("<II", t, word)


def encode_evt2(events: np.ndarray) -> bytes:
    """Events as EVT2 words, without header; TIME_HIGH whenever t >> 6 changes."""
    out = bytearray()
    before = None
    for t, x, y, p in events.tolist():
        if t >> 6 != before:
            out += b"".join(evt2_word(0x8, high) for high in _time_highs(before, t >> 6, 1 << 28))
            before = t >> 6
        out += evt2_change(p, t & 0x3F, x, y)
    return bytes(out)


def encode_evt21(events: np.ndarray, legacy: bool = False) -> bytes:
    """Events as EVT2.1 words, without header; neighbours share a word."""
    out = bytearray()
    before = None
    for (t, x, y, p), mask in _groups(events):
        if t >> 6 != before:
            highs = _time_highs(before, t >> 6, 1 << 28)
            out += b"".join(evt21_word(0x8, high, legacy=legacy) for high in highs)
            before = t >> 6
        out += evt21_change(p, t & 0x3F, x, y, mask, legacy=legacy)
    return bytes(out)


def encode_evt3(events: np.ndarray, vectors: bool = False) -> bytes:
    """Events as EVT3 words, without header; vectors: neighbours share VECT_12, VECT_12, VECT_8."""
    out = bytearray()
    t_before = y_before = None
    groups = _groups(events) if vectors else ((row, 1) for row in events.tolist())
    for (t, x, y, p), mask in groups:
        if t != t_before:
            high_before = None if t_before is None else t_before >> 12
            if t >> 12 != high_before:
                out += b"".join(evt3_word(0x8, high) for high in _time_highs(high_before, t >> 12, 1 << 12))
            out += evt3_word(0x6, t & 0xFFF)
            t_before = t
        if y != y_before:
            out += evt3_word(0x0, y)
            y_before = y
        out += evt3_word(0x2, p << 11 | x) if mask == 1 else _vector(x, p, mask)
    return bytes(out)


def encode_dat(events: np.ndarray, version: int = 2) -> bytes:
    """Events as DAT records, without header; t is stored modulo 2^32."""
    rows = events.tolist()
    return b"".join(dat_record(t & 0xFFFFFFFF, x, y, int(p), version=version) for t, x, y, p in rows)


def encode_csv(
    events: np.ndarray,
    *,
    separator: str = ",",
    columns: str = "txyp",
    header: str | None = None,
    seconds: int | None = None,
    polarity: tuple[str, str] = ("0", "1"),
    line_end: str = "\n",
) -> bytes:
    """Events as text; header: the first line; seconds: write t in seconds with so many (at least 6) decimals."""
    lines = [] if header is None else [header]
    for t, x, y, p in events.tolist():
        stamp = str(t) if seconds is None else f"{t // 10**6}.{t % 10**6:06d}" + "0" * (seconds - 6)
        fields = {"t": stamp, "x": str(x), "y": str(y), "p": polarity[p]}
        lines.append(separator.join(fields[name] for name in columns))
    return "".join(line + line_end for line in lines).encode()


def _vector(x: int, p: bool, mask: int) -> bytes:
    return (
        evt3_word(0x3, p << 11 | x)
        + evt3_word(0x4, mask & 0xFFF)
        + evt3_word(0x4, mask >> 12 & 0xFFF)
        + evt3_word(0x5, mask >> 24)
    )


def _time_highs(before: int | None, new: int, period: int) -> Iterator[int]:
    """The TIME_HIGH values that lead from the unwrapped one before (None: the start of the file) to the new one."""
    loops = 0 if before is None else before // period
    if new // period < loops:
        raise ValueError(f"time steps back across a wrap of the clock: {before} to {new}")
    for _ in range(loops, new // period):
        yield period - 1
        yield 0
    yield new % period


def _groups(events: np.ndarray) -> Iterator[tuple[tuple[int, int, int, bool], int]]:
    """Runs of consecutive events on one line at one time, as (first event, mask of x - first x)."""
    first, mask = None, 0
    for t, x, y, p in events.tolist():
        if first and (t, y, p) == (first[0], first[2], first[3]) and mask.bit_length() <= x - first[1] < 32:
            mask |= 1 << (x - first[1])
            continue
        if first:
            yield first, mask
        first, mask = (t, x, y, p), 1
    if first:
        yield first, mask
