"""ECF blocks, the chunks of Prophesee's HDF5 files (FORMATS.md, section 6.3)."""

from __future__ import annotations

import numpy as np

from .events import to_events

MAX_EVENTS = 65535
LATEST_TIME = 2**63 - 1


class DamagedBlockError(ValueError):
    """A block that is cut, or contradicts itself."""


def decode(block: bytes, most: int = MAX_EVENTS) -> np.ndarray:
    """Decode one block of at most ``most`` events; bytes behind the last stream are ignored."""
    stream = _Stream(block)
    head = stream.take(4)
    count, is_yxp, is_xp = head >> 2, head >> 1 & 1, head & 1
    if count > min(most, MAX_EVENTS):
        raise DamagedBlockError(f"{count} events, of at most {min(most, MAX_EVENTS)}")
    t = _times(stream, count)
    if is_yxp:
        packed = _groups(stream, count, 4, _unpack_yxp)
        return to_events([(t[i], v >> 1 & 0x7FF, v >> 12, v & 1 == 1) for i, v in enumerate(packed)])
    y = _runs(stream, count, 2, 5)
    if is_xp:
        packed = _groups(stream, count, 2, _unpack_xp)
        return to_events([(t[i], v >> 1, y[i], v & 1 == 1) for i, v in enumerate(packed)])
    x = _columns(stream, count)
    p = _runs(stream, count, 1, 7)
    return to_events([(t[i], x[i], y[i], p[i] == 1) for i in range(count)])


class _Stream:
    def __init__(self, block: bytes) -> None:
        self.block = block
        self.at = 0

    def take(self, size: int) -> int:
        """The next little-endian integer of so many bytes."""
        if self.at + size > len(self.block):
            raise DamagedBlockError(f"the block ends at byte {len(self.block)}")
        self.at += size
        return int.from_bytes(self.block[self.at - size : self.at], "little")


def _times(stream: _Stream, count: int) -> list[int]:
    t = stream.take(8)
    times: list[int] = []
    nibbles = 0
    while t <= LATEST_TIME:
        if len(times) >= count:
            return _exactly(times, count)
        byte = stream.take(1)
        high, low = byte >> 4, byte & 15
        if high == 15:
            if nibbles == 16:
                raise DamagedBlockError("a step of more than 16 nibbles")
            t += low << 4 * nibbles
            nibbles += 1
            continue
        nibbles = 0
        t += high
        times += [t] * (stream.take(2) if low == 15 else low)
    raise DamagedBlockError(f"time {t}")


def _runs(stream: _Stream, count: int, size: int, run_bits: int) -> list[int]:
    """Values above run lengths of so many bits in words of ``size`` bytes."""
    values: list[int] = []
    escape = 2**run_bits - 1
    while len(values) < count:
        word = stream.take(size)
        run = word & escape
        values += [word >> run_bits] * (stream.take(2) if run == escape else run)
    return _exactly(values, count)


def _columns(stream: _Stream, count: int) -> list[int]:
    columns: list[int] = []
    while len(columns) < count:
        word = stream.take(2)
        x = word >> 5
        columns.append(x)
        columns += [x + 1 + j for j in range(5) if word >> (4 - j) & 1]
    return columns[:count]


def _groups(stream: _Stream, count: int, size: int, unpack) -> list[int]:
    """Four values in three words of ``size`` bytes, as often as needed."""
    values: list[int] = []
    while len(values) < count:
        values += unpack(*(stream.take(size) for _ in range(3)))
    return values[:count]


def _unpack_yxp(w0: int, w1: int, w2: int) -> list[int]:
    return [w0 >> 8, w0 & 0xFF | w1 >> 16 << 8, w1 & 0xFFFF | w2 >> 24 << 16, w2 & 0xFFFFFF]


def _unpack_xp(w0: int, w1: int, w2: int) -> list[int]:
    return [w0 >> 4, w0 & 15 | w1 >> 8 << 4, w1 & 255 | w2 >> 12 << 8, w2 & 0xFFF]


def _exactly(values: list[int], count: int) -> list[int]:
    if len(values) != count:
        raise DamagedBlockError(f"runs give {len(values)} events, not {count}")
    return values
