"""faery's two layouts of UDP datagrams (FORMATS.md, section 16): fixed records, no header."""

from __future__ import annotations

import struct

import numpy as np


def encode_t64(events: np.ndarray) -> bytes:
    """Records of 13 bytes: t u64, x u16, y u16, on u8."""
    return b"".join(struct.pack("<QHHB", *row) for row in events.tolist())


def encode_t32(events: np.ndarray) -> bytes:
    """Records of 8 bytes: t u32, x u16, y << 1 | on u16."""
    return b"".join(struct.pack("<IHH", t & 0xFFFFFFFF, x, y << 1 | p) for t, x, y, p in events.tolist())


def decode_t64(datagram: bytes) -> list[tuple[int, int, int, bool]]:
    """(t, x, y, p) of every whole record."""
    return [(t, x, y, on != 0) for t, x, y, on in struct.iter_unpack("<QHHB", datagram[: len(datagram) // 13 * 13])]


def decode_t32(datagram: bytes) -> list[tuple[int, int, int, bool]]:
    """(t, x, y, p) of every whole record."""
    records = struct.iter_unpack("<IHH", datagram[: len(datagram) // 8 * 8])
    return [(t, x, y_on >> 1, y_on & 1 == 1) for t, x, y_on in records]
