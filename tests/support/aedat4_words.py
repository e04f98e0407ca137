"""AEDAT4 files laid out by hand as in FORMATS.md, sections 9.4 and 9.5."""

from __future__ import annotations

import struct

import cramjam
import numpy as np

MAGIC = b"#!AER-DAT4.0\r\n"
COMPRESSION = {"none": 0, "lz4": 1, "lz4_high": 2, "zstd": 3, "zstd_high": 4}


def encode_aedat4(
    events: np.ndarray,
    compression: str = "none",
    *,
    width: int = 640,
    height: int = 480,
    packet_events: int = 1000,
    table: bool = True,
    extra_streams: bool = False,
) -> bytes:
    """A whole file; extra_streams: streams of triggers and of an unknown type around and between the events."""
    streams = {0: "TRIG", 1: "EVTS", 7: "WHAT"} if extra_streams else {0: "EVTS"}
    own_id = next(number for number, kind in streams.items() if kind == "EVTS")
    info = description(streams, width, height)
    body, entries = bytearray(), []
    start = len(io_header(COMPRESSION[compression], 0, info))
    for begin in range(0, len(events), packet_events):
        part = events[begin : begin + packet_events]
        for number, kind in streams.items():
            elements = part if number == own_id else part[:0]
            payload = compress(event_packet(elements, kind), compression)
            entries.append((start + len(body) + 8, number, len(payload), elements["t"]))
            body += packet(number, payload)
    position = start + len(body) if table else -1
    tail = compress(data_table(entries), compression) if table else b""
    return io_header(COMPRESSION[compression], position, info) + bytes(body) + tail


def description(streams: dict[int, str], width: int, height: int) -> str:
    """The XML of the header: one node per stream, by id."""
    size = f'<attr key="sizeX" type="int">{width}</attr><attr key="sizeY" type="int">{height}</attr>'
    nodes = "".join(
        f'<node name="{number}" path="/mainloop/Recorder/outInfo/{number}/">'
        f'<attr key="originalOutputName" type="string">events</attr>'
        f'<attr key="typeIdentifier" type="string">{kind}</attr>'
        f'<node name="info" path="/mainloop/Recorder/outInfo/{number}/info/">'
        f'<attr key="source" type="string">synthetic</attr>{size}</node></node>'
        for number, kind in streams.items()
    )
    return f'<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">{nodes}</node></dv>'


def io_header(compression: int, table_position: int, info: str | bytes, *, identifier: bytes = b"IOHE") -> bytes:
    """The version line and the size-prefixed IOHeader."""
    text = info.encode() if isinstance(info, str) else info
    flat = struct.pack("<I4s6x", 24, identifier)  # the root table is at 24
    flat += struct.pack("<5H", 10, 24, 4, 12, 8)  # its vtable, at 14: fields at +4, +12, +8
    flat += struct.pack("<iiIq4x", 10, compression, 16, table_position)
    flat += struct.pack("<I", len(text)) + text + bytes(4 - len(text) % 4)  # at 48
    return MAGIC + struct.pack("<I", len(flat)) + flat


def packet(stream: int, payload: bytes) -> bytes:
    """The 8-byte packet header and a compressed payload."""
    return struct.pack("<ii", stream, len(payload)) + payload


def event_packet(events: np.ndarray, identifier: str = "EVTS") -> bytes:
    """A size-prefixed EventPacket, uncompressed; the first element is at byte 32."""
    flat = struct.pack("<I4s2x", 16, identifier.encode())
    flat += struct.pack("<3H", 6, 8, 4) + struct.pack("<iI", 6, 4)  # vtable, root table: field 0 at +4
    flat += struct.pack("<I", len(events))
    flat += b"".join(struct.pack("<qhh?3x", *row) for row in events.tolist())
    return struct.pack("<I", len(flat)) + flat


def data_table(entries: list[tuple[int, int, int, np.ndarray]]) -> bytes:
    """A size-prefixed FTAB of (payload position, stream, size, times), uncompressed."""
    flat = struct.pack("<I4s2x", 16, b"FTAB")
    flat += struct.pack("<3H", 6, 8, 4) + struct.pack("<iI", 6, 4) + struct.pack("<I", len(entries))
    vtable = 28 + 4 * len(entries)
    tables = [vtable + 14 + 44 * i for i in range(len(entries))]
    flat += b"".join(struct.pack("<I", at - (28 + 4 * i)) for i, at in enumerate(tables))
    flat += struct.pack("<7H", 14, 44, 12, 4, 20, 28, 36)
    for at, (position, stream, size, times) in zip(tables, entries, strict=True):
        first, last = (int(times[0]), int(times[-1])) if len(times) else (0, 0)
        flat += struct.pack("<iiiqqqq", at - vtable, stream, size, position, len(times), first, last)
    return struct.pack("<I", len(flat)) + flat


def compress(data: bytes, compression: str) -> bytes:
    """One frame, or the bytes themselves for 'none'."""
    if compression.startswith("lz4"):
        return bytes(cramjam.lz4.compress(data))
    return bytes(cramjam.zstd.compress(data)) if compression.startswith("zstd") else data
