"""AEDAT4 packets of frames, IMU samples and triggers, laid out by hand as in FORMATS.md, section 9.3."""

from __future__ import annotations

import struct

from support.aedat4_bytes import header

STREAMS = {0: "EVTS", 1: "FRME", 2: "IMUS", 3: "TRIG", 4: "IMUS", 5: "FRME"}
FRAME_TYPES = "qqqqqbhhhhI"  # the last one is the offset of the pixels
IMU_TYPES = "q10f"
TRIGGER_TYPES = "qb"


def side_header(
    streams: dict[int, str] = STREAMS, *, compression: int = 0, sources: dict[int, str] | None = None
) -> bytes:
    """A file's begin that declares the streams; sources: the cameras of some."""
    nodes = "".join(
        f'<node name="{number}"><attr key="typeIdentifier">{kind}</attr><node name="info">'
        f'<attr key="source">{(sources or {}).get(number, "T_1")}</attr></node></node>'
        for number, kind in streams.items()
    )
    return header(f'<dv version="2.0"><node name="outInfo">{nodes}</node></dv>'.encode(), compression)


def table(types: str, values: list) -> tuple[bytes, int]:
    """(vtable and table, where the table begins); None leaves a field out."""
    types = "".join(code * int(count or 1) for count, code in _codes(types))
    places, body = [], b""
    for code, value in zip(types, values, strict=True):
        places.append(0 if value is None else 4 + len(body))
        body += b"" if value is None else struct.pack("<" + code, value)
    vtable = struct.pack(f"<{2 + len(places)}H", 4 + 2 * len(places), 4 + len(body), *places)
    return vtable + struct.pack("<i", len(vtable)) + body, len(vtable)


def rows_packet(identifier: str, types: str, rows: list[list]) -> bytes:
    """A packet whose root holds a vector of tables."""
    begin = bytes.fromhex("10000000") + identifier.encode() + bytes.fromhex("0000 0600 0800 0400 06000000 04000000")
    offsets, tables = b"", b""
    for i, values in enumerate(rows):
        entry, place = table(types, values)
        offsets += struct.pack("<I", 4 * (len(rows) - i) + len(tables) + place)
        tables += entry
    return prefixed(begin + struct.pack("<I", len(rows)) + offsets + tables)


def frame_packet(
    pixels: bytes | None, *, code: int = 0, size: tuple[int, int] = (3, 2), times: tuple[int, ...] = (5, 1, 9, 4, 6)
) -> bytes:
    """A packet of one frame at (7, -8); pixels None: without the vector."""
    offset = None if pixels is None else 4  # the pixels follow the table, whose last field this is
    root, place = table(FRAME_TYPES, [*times, code, *size, 7, -8, offset])
    tail = b"" if pixels is None else struct.pack("<I", len(pixels)) + pixels
    return prefixed(struct.pack("<I4s", 8 + place, b"FRME") + root + tail)


def prefixed(buffer: bytes) -> bytes:
    """The buffer behind its size."""
    return struct.pack("<I", len(buffer)) + buffer


def _codes(types: str) -> list[tuple[str, str]]:
    found, count = [], ""
    for letter in types:
        if letter.isdigit():
            count += letter
        else:
            found.append((count, letter))
            count = ""
    return found
