"""AEDAT 3.1, little-endian packets behind '#' lines (FORMATS.md, section 8); for well-formed or cut files only."""

from __future__ import annotations

import struct

import numpy as np

from .aedat12 import SIZES
from .events import to_events

MAGIC = b"#!AER-DAT3.1\r\n"
END = b"#!END-HEADER\r\n"
POLARITY = 1


def decode(data: bytes) -> np.ndarray:
    """Decode a whole file; of a packet cut by the end, the whole events."""
    offset = data.index(END) + len(END)
    rows = []
    while offset + 28 <= len(data):
        kind, _, size, _, overflow, _, number, valid = struct.unpack_from("<HHIIIIII", data, offset)
        stored = data[offset + 28 : offset + 28 + size * number]
        offset += 28 + size * number
        if kind == POLARITY:
            rows += _packet(stored[: len(stored) // 8 * 8], overflow, valid)
    return to_events(rows)


def _packet(stored: bytes, overflow: int, valid: int) -> list[tuple[int, int, int, bool]]:
    """Its valid events; all if none is marked valid though the header counts some."""
    events = list(struct.iter_unpack("<Ii", stored))
    if valid == 0 or any(word & 1 for word, _ in events):
        events = [(word, t) for word, t in events if word & 1]
    return [(t + (overflow << 31), word >> 17, word >> 2 & 0x7FFF, word >> 1 & 1 == 1) for word, t in events]


def geometry(data: bytes) -> tuple[int, int] | tuple[None, None]:
    """(width, height) of the first source, by its name."""
    for line in data[: data.index(END)].decode("latin-1").splitlines():
        if line.startswith("#Source "):
            name = line.split(": ")[1].lower()
            return next((size for chip, size in SIZES.items() if name.startswith(chip)), (None, None))
    return None, None
