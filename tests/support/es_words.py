"""ES and 40-bit .bin files as literal bytes and by plain encoders (FORMATS.md, sections 10 and 11)."""

from __future__ import annotations

import struct

import numpy as np

MAX_DELTA = {1: 127, 2: 63, 4: 254}  # µs of one overflow, by type


def es_header(kind: int = 1, width: int = 640, height: int = 480, *, version: bytes = b"\x02\x00\x00") -> bytes:
    """The 20 bytes before the first word; kind: 1 DVS, 2 ATIS, 4 colour."""
    return b"Event Stream" + version + struct.pack("<BHH", kind, width, height)


def es_event(kind: int, delta: int, x: int, y: int, p: int, *, exposure: bool = False) -> bytes:
    """One event; y as stored, from the bottom; colour events carry three bytes instead of a polarity."""
    first = {1: delta << 1 | p, 2: delta << 2 | p << 1 | exposure, 4: delta}[kind]
    return struct.pack("<BHH", first, x, y) + (b"rgb" if kind == 4 else b"")


def encode_es(events: np.ndarray, kind: int = 1) -> bytes:
    """Events as words, without header; y is stored as it is given. Times must not step back."""
    out = bytearray()
    now, most = 0, MAX_DELTA[kind]
    for t, x, y, p in events.tolist():
        out += b"\xff" * ((t - now) // (most if kind != 2 else 3 * most))
        rest = (t - now) % (most if kind != 2 else 3 * most)
        if kind == 2 and rest >= most:
            out.append(0xFC | rest // most)
            rest %= most
        out += es_event(kind, rest, x, y, int(p))
        now = t
    return bytes(out)


def bin40_row(t: int, x: int, y: int, p: int) -> bytes:
    """One row; t has 23 bits."""
    return bytes([x, y]) + (p << 23 | t).to_bytes(3, "big")


def encode_bin40(events: np.ndarray) -> bytes:
    """A whole file; rows with y = 240 move the times that 23 bits do not hold."""
    out = bytearray()
    base = 0
    for t, x, y, p in events.tolist():
        while t - base >= 1 << 23:
            out += bin40_row(0, 0, 240, 0)
            base += 8192
        out += bin40_row(t - base, x, y, int(p))
    return bytes(out)
