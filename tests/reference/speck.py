"""Speck over ZMQ (FORMATS.md, section 16): two frames, "V" and 8 bytes an event; times are modulo 2^32."""

from __future__ import annotations

import struct

import numpy as np

WRAP = 1 << 32


def record(x: int, y: int, p: int, t: int) -> bytes:
    """One event."""
    return struct.pack("<BBBxI", p, y, x, t % WRAP)


def encode(events: np.ndarray) -> list[bytes]:
    """All events as the frames of one message."""
    return [b"V", b"".join(record(int(x), int(y), int(p), int(t)) for t, x, y, p in events.tolist())]


def decode(messages: list[list[bytes]]) -> tuple[list[tuple[int, int, int, bool]], int]:
    """([(t, x, y, p)], malformed messages): every time the nearest to the one before, and not below 0."""
    events: list[tuple[int, int, int, bool]] = []
    malformed = 0
    for frames in messages:
        if len(frames) != 2 or frames[0] != b"V" or len(frames[1]) % 8 != 0:
            malformed += 1
            continue
        for p, y, x, t in struct.iter_unpack("<BBBxI", frames[1]):
            events.append((unwrap(t, events[-1][0]) if events else t, x, y, p > 0))
    return events, malformed


def unwrap(stamp: int, latest: int) -> int:
    """The time that is nearest to the latest; of two as near, the earlier one."""
    step = (stamp - latest) % WRAP
    time = latest + (step if step < WRAP // 2 else step - WRAP)
    return time if time >= 0 else time + WRAP
