"""DAT, fixed records after the header and its two bytes of type and size (FORMATS.md, section 5)."""

from __future__ import annotations

import struct

import numpy as np

from .events import to_events

CHANGE_TYPES = (0, 12)


def decode(payload: bytes, *, version: int = 2, event_type: int = 12) -> np.ndarray:
    """Decode the records after the type and size bytes; a partial last record is dropped.

    Trigger files (type 14) hold no events.
    """
    if event_type not in CHANGE_TYPES:
        return to_events([])
    rows = []
    previous = loops = 0
    for stamp, word in struct.iter_unpack("<II", payload[: len(payload) // 8 * 8]):
        if previous - stamp > 1 << 31:
            loops += 1
        previous = stamp
        t = loops << 32 | stamp
        if version == 1:
            rows.append((t, word & 0x1FF, word >> 9 & 0xFF, word >> 17 & 1 == 1))
        else:
            rows.append((t, word & 0x3FFF, word >> 14 & 0x3FFF, word >> 28 > 0))
    return to_events(rows)
