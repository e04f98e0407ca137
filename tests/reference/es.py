"""ES (Event Stream) 2.x: times that add up, words of 1, 5 or 8 bytes (FORMATS.md, section 10)."""

from __future__ import annotations

import struct

import numpy as np

from .events import to_events

MAGIC = b"Event Stream"
HEADER_SIZE = 20
DVS, ATIS, COLOR = 1, 2, 4
COORDINATE_MAX = 32767  # what an int16 holds


def decode(payload: bytes, *, kind: int = DVS, mirrored_height: int = 0) -> np.ndarray:
    """Decode the words after the header; a partial last word is dropped. Raises ValueError(offset) on a coordinate
    that is no int16. mirrored_height: turn y, which counts from the bottom, around; 0 keeps it.
    """
    rows = []
    time = at = 0
    while at < len(payload):
        byte = payload[at]
        if byte >= (0xFC if kind == ATIS else 0xFE):
            time += {DVS: 127 * (byte == 0xFF), ATIS: 63 * (byte % 4), COLOR: 254 * (byte == 0xFF)}[kind]
            at += 1
            continue
        size = 8 if kind == COLOR else 5
        if at + size > len(payload):
            break
        x, y = struct.unpack_from("<HH", payload, at + 1)
        if max(x, y) > COORDINATE_MAX:
            raise ValueError(at)
        time += {DVS: byte >> 1, ATIS: byte >> 2, COLOR: byte}[kind]
        p = {DVS: byte & 1, ATIS: byte >> 1 & 1, COLOR: 1}[kind]
        is_exposure = kind == ATIS and byte & 1
        if not is_exposure:
            rows.append((time, x, mirrored_height - 1 - y if mirrored_height else y, p == 1))
        at += size
    return to_events(rows)


def decode_file(data: bytes, *, mirror: str = "y") -> tuple[np.ndarray, int, int]:
    """(events, width, height) of a whole file of pixel events; mirror "" keeps y as it is stored."""
    major, kind, width, height = struct.unpack_from("<BxxBHH", data, len(MAGIC))
    if major != 2 or kind not in (DVS, ATIS, COLOR):
        raise ValueError("not pixel events of version 2")
    return decode(data[HEADER_SIZE:], kind=kind, mirrored_height=height if mirror else 0), width, height
