"""SPIF over UDP (FORMATS.md, section 16): words of 32 bits; bit 31 of an event word says that no timestamp follows.

FORMATS.md has a last event word without the timestamp that it announces as malformed. AEStream 0.6's own tests, and
other senders, send exactly that: it is an event without a timestamp.
"""

from __future__ import annotations

import struct

import numpy as np

NO_TIMESTAMP = 0x80000000


def word(x: int, y: int, p: int, t: int | None = None) -> bytes:
    """One event, with its timestamp word if it has one."""
    event = x << 16 | p << 15 | y
    return struct.pack("<I", event | NO_TIMESTAMP) if t is None else struct.pack("<II", event, t & 0xFFFFFFFF)


def encode(events: np.ndarray, *, timestamps: bool = False) -> bytes:
    """All events as one datagram."""
    return b"".join(word(int(x), int(y), int(p), int(t) if timestamps else None) for t, x, y, p in events.tolist())


def decode(datagram: bytes) -> tuple[list[tuple[int | None, int, int, bool]], bool]:
    """([(t or None, x, y, p)], malformed): whole events, and whether bytes are left over."""
    words = [word for (word,) in struct.iter_unpack("<I", datagram[: len(datagram) // 4 * 4])]
    events, i = [], 0
    while i < len(words):
        event, t = words[i], None
        i += 1
        if not event & NO_TIMESTAMP:
            if i == len(words) and len(datagram) % 4:
                break  # the left over bytes began its timestamp
            if i < len(words):
                t = words[i]
                i += 1
        events.append((t, event >> 16 & 0x7FFF, event & 0x7FFF, bool(event >> 15 & 1)))
    return events, len(datagram) % 4 != 0
