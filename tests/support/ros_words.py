"""ROS messages byte by byte, in ROS 1's serialisation and in CDR, and bags that hold them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

TYPES = {
    "dvs_msgs/msg/Event": "uint16 x\nuint16 y\nbuiltin_interfaces/Time ts\nbool polarity\n",
    "dvs_msgs/msg/EventArray": "std_msgs/Header header\nuint32 height\nuint32 width\ndvs_msgs/Event[] events\n",
    **dict.fromkeys(
        ("event_camera_msgs/msg/EventPacket", "event_array_msgs/msg/EventArray"),
        "std_msgs/Header header\nuint32 height\nuint32 width\nuint64 seq\nuint64 time_base\nstring encoding\n"
        "bool is_bigendian\nuint8[] events\n",
    ),
}
ARRAY, PACKET, OLD_PACKET, TEXT = (
    "dvs_msgs/msg/EventArray",
    "event_camera_msgs/msg/EventPacket",
    "event_array_msgs/msg/EventArray",
    "std_msgs/msg/String",
)


def fields(cdr: bool, *values: tuple[str, int] | str | bytes) -> bytes:
    """Fields in order: (struct letter, number), a string, or bytes without a length."""
    out = bytearray()
    for value in values:
        if isinstance(value, bytes):
            out += value
        elif isinstance(value, str):
            text = value.encode() + b"\0" * cdr
            out += bytes(-len(out) % 4 if cdr else 0) + struct.pack("<I", len(text)) + text
        else:
            letter, number = value
            out += bytes(-len(out) % struct.calcsize(letter) if cdr else 0) + struct.pack("<" + letter, number)
    return bytes([0, 1, 0, 0]) * cdr + bytes(out)


def header(cdr: bool) -> list[tuple[str, int] | str]:
    """std_msgs/Header, whose stamp is no event's time."""
    return [*([] if cdr else [("I", 77)]), ("I", 1_600_000_000), ("I", 999), "cam"]


def packet(
    payload: bytes,
    encoding: str = "evt3",
    *,
    cdr: bool = True,
    seq: int = 0,
    time_base: int = 0,
    width: int = 64,
    height: int = 48,
    is_bigendian: int = 0,
    length: int | None = None,
) -> bytes:
    """event_camera_msgs/EventPacket; length: what it says of its payload."""
    return fields(
        cdr,
        *header(cdr),
        ("I", height),
        ("I", width),
        ("Q", seq),
        ("Q", time_base),
        encoding,
        ("B", is_bigendian),
        ("I", len(payload) if length is None else length),
        payload,
    )


def event_array(
    rows: Iterable[tuple[int, int, int, bool]],
    *,
    cdr: bool = True,
    width: int = 64,
    height: int = 48,
    count: int | None = None,
) -> bytes:
    """dvs_msgs/EventArray of (t in ns, x, y, p); count: how many it says there are."""
    rows = list(rows)
    values: list[tuple[str, int]] = []
    for t, x, y, p in rows:
        values += [("H", x), ("H", y), ("I", t // 10**9), ("I", t % 10**9), ("B", int(p))]
    size = len(rows) if count is None else count
    return fields(cdr, *header(cdr), ("I", height), ("I", width), ("I", size), *values)


def in_a_row(messages: list[bytes]) -> bytes:
    """Messages as the fuzz target takes them, each behind its length as u16."""
    return b"".join(struct.pack("<H", len(message)) + message for message in messages)


def mono_word(dt_ns: int, x: int, y: int, p: int) -> bytes:
    """One change; as a trigger, y is the input's number and p the edge."""
    return struct.pack("<Q", dt_ns | x << 32 | y << 48 | p << 63)


def libcaer_word(t_us: int, x: int, y: int, p: int) -> bytes:
    """One change as in AEDAT 3.1."""
    return struct.pack("<Ii", x << 17 | y << 2 | p << 1 | 1, t_us)


def compact_word(type: int, content: int) -> bytes:
    """One word of libcaer_cmp."""
    return struct.pack("<H", type << 12 | content)


def typestore(ros1: bool = False):
    """The types above and their parts, as rosbags takes them; ROS 1's header has a number more."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC if ros1 else Stores.ROS2_HUMBLE)
    for name, text in TYPES.items():
        store.register(get_types_from_msg(text, name))
    return store


def write_bag(
    path: Path,
    kind: str,
    topics: dict[str, tuple[str, list[bytes]]],
    *,
    start_ns: int = 10**18,
    compression: tuple | None = None,
) -> Path:
    """Write a bag of kind "rosbag", "sqlite3" or "mcap": by topic the type and the messages, which take turns."""
    from rosbags import rosbag1, rosbag2

    if kind == "rosbag":
        writer, store = rosbag1.Writer(path), typestore(ros1=True)
    else:
        plugin = rosbag2.StoragePlugin.MCAP if kind == "mcap" else rosbag2.StoragePlugin.SQLITE3
        writer, store = rosbag2.Writer(path, version=9, storage_plugin=plugin), typestore()
    if compression:
        writer.set_compression(*compression)
    with writer:
        connections = {name: writer.add_connection(name, type, typestore=store) for name, (type, _) in topics.items()}
        most = max((len(messages) for _, messages in topics.values()), default=0)
        for i in range(most):
            for name, (_, messages) in topics.items():
                if i < len(messages):
                    writer.write(connections[name], start_ns + i * 1000, messages[i])
    return path
