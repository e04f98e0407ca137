"""ROS bags, message by message (FORMATS.md, section 15): rosbags takes messages apart, the words are taken here."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from . import evt2, evt3, evt21
from .events import to_events

Row = tuple[int, int, int, bool]


def decode_file(path: Path) -> tuple[list[Row], int, int]:
    """Changes on the only topic with events as (t, x, y, p), t in nanoseconds; width, height."""
    from rosbags.highlevel import AnyReader
    from support.ros_words import ARRAY, OLD_PACKET, PACKET, typestore

    with AnyReader([path], default_typestore=typestore()) as reader:
        (connection,) = [each for each in reader.connections if each.msgtype in (ARRAY, PACKET, OLD_PACKET)]
        messages = [reader.deserialize(raw, connection.msgtype) for _, _, raw in reader.messages([connection])]
    ((width, height),) = {(message.width, message.height) for message in messages}
    return decode(messages), width, height


def decode(messages: list) -> list[Row]:
    """The changes of messages as rosbags gives them."""
    if messages and not hasattr(messages[0], "encoding"):
        return [row for message in messages for row in dvs(message)]
    if messages and messages[0].encoding == "evt3":
        events = evt3.decode(join_evt3([(message.seq, message.events.tobytes()) for message in messages]))
        return [(t * 1000, x, y, p) for t, x, y, p in events.tolist()]
    if messages and messages[0].encoding in ("evt2", "evt21"):
        size, module = (4, evt2) if messages[0].encoding == "evt2" else (8, evt21)
        events = module.decode(join_evt2([(message.seq, message.events.tobytes()) for message in messages], size))
        return [(t * 1000, x, y, p) for t, x, y, p in events.tolist()]
    rows, before = [], Compact()
    for message in messages:
        payload, base = message.events.tobytes(), message.time_base
        match message.encoding:
            case "mono":
                rows += mono(payload, base)
            case "libcaer":
                rows += libcaer(payload, base)
            case "libcaer_cmp":
                before = before if message.seq == before.next_seq else Compact()
                rows += before.decode(payload, base)
                before.next_seq = message.seq + 1
    return rows


def to_microseconds(rows: list[Row]) -> np.ndarray:
    """Rows as events."""
    return to_events([(t // 1000, x, y, p) for t, x, y, p in rows])


def dvs(message) -> list[Row]:
    """dvs_msgs/EventArray."""
    rows = []
    for event in message.events:
        rows.append((event.ts.sec * 10**9 + event.ts.nanosec, event.x, event.y, event.polarity))
    return rows


def mono(payload: bytes, base: int) -> list[Row]:
    """64-bit words after a base in ns."""
    words = struct.iter_unpack("<Q", payload)
    return [(base + (w & 0xFFFFFFFF), w >> 32 & 0xFFFF, w >> 48 & 0x7FFF, w >> 63 == 1) for (w,) in words]


def libcaer(payload: bytes, base: int) -> list[Row]:
    """Pairs of address and µs after a base in ns; the clock's half wraps inside a message."""
    rows, before, rollovers = [], None, 0
    for word, t in struct.iter_unpack("<Ii", payload):
        if before is not None and t < before:
            rollovers += 1
        before = t
        rows.append((base + (t + (rollovers << 31)) * 1000, word >> 17, word >> 2 & 0x7FFF, word >> 1 & 1 == 1))
    return rows


class Compact:
    """libcaer_cmp: the address survives from message to message, the time does not."""

    def __init__(self) -> None:
        self.x = self.base = None
        self.base_p = False
        self.next_seq = None

    def decode(self, payload: bytes, base: int) -> list[Row]:
        """The changes of one message."""
        rows = []
        high = low = 0
        for (word,) in struct.iter_unpack("<H", payload):
            kind, content = word >> 12, word & 0xFFF
            t = base + (high * 4096 + low) * 1000
            if kind == 0:
                high = content
            elif kind == 1:
                low = content
            elif kind == 2:
                self.x = content & 0x7FF
            elif kind == 3 and self.x is not None:
                rows.append((t, self.x, content & 0x7FF, content >> 11 == 1))
            elif kind == 4:
                self.base, self.base_p = content & 0x7FF, content >> 11 == 1
            elif kind == 5 and self.base is not None:
                found = [self.base + i for i in range(8) if content >> i & 1]
                rows += [(t, self.x, y, self.base_p) for y in found if self.x is not None and y < 32768]
                self.base = min(self.base + 8, 32768)
        return rows


def join_evt2(messages: list[tuple[int, bytes]], size: int) -> bytes:
    """Words of `size` bytes, but for those before a TIME_HIGH at the start and behind a message that is not there."""
    out = b""
    next_seq = None
    has_time = False
    for seq, payload in messages:
        has_time = has_time and seq == next_seq
        next_seq = seq + 1
        for i in range(0, len(payload), size):
            has_time = has_time or payload[i + size - 1] >> 4 == 8
            out += payload[i : i + size] if has_time else b""
    return out


def join_evt3(messages: list[tuple[int, bytes]]) -> bytes:
    """The words of (seq, payload), but for those that build on a message that is not there."""
    out = b""
    known: set[str] = set()
    next_seq = None
    is_started = False
    for seq, payload in messages:
        if seq != next_seq:
            known = set()
        next_seq = seq + 1
        for i in range(0, len(payload), 2):
            kind = payload[i + 1] >> 4
            is_started = is_started or kind == evt3.TIME_HIGH
            if not is_started:
                continue
            needed = {
                evt3.ADDR_X: {"time", "y"},
                evt3.VECT_12: {"time", "y", "base"},
                evt3.VECT_8: {"time", "y", "base"},
                0xA: {"time"},
            }.get(kind, set())
            if not needed <= known:
                known -= {"base"} if "base" in needed else set()
                continue
            names = {evt3.TIME_HIGH: "time", evt3.ADDR_Y: "y", evt3.VECT_BASE_X: "base"}
            known |= {names[kind]} if kind in names else set()
            out += payload[i : i + 2]
    return out
