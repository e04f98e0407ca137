"""AEDAT4, FlatBuffers in a thin shell (FORMATS.md, section 9); for well-formed or cut files only."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

import cramjam
import numpy as np

from .events import to_events

MAGIC = b"#!AER-DAT4.0\r\n"
COMPRESSION, DATA_TABLE_POSITION, INFO_NODE = 0, 1, 2  # fields of IOHeader
ELEMENTS = 0  # the field of EventPacket
DECOMPRESS = {
    0: bytes,
    1: cramjam.lz4.decompress,
    2: cramjam.lz4.decompress,
    3: cramjam.zstd.decompress,
    4: cramjam.zstd.decompress,
}


def decode(payload: bytes) -> np.ndarray:
    """Decode a whole file: the packets of its first event stream; a packet cut by the end is dropped."""
    compression, table_position, _ = _io_header(payload)
    stream, _, _ = _event_stream(payload)
    stop = table_position if 0 < table_position <= len(payload) else len(payload)
    offset = len(MAGIC) + 4 + _unpack("<I", payload, len(MAGIC))
    rows = []
    while offset + 8 <= stop:
        packet_stream, size = struct.unpack_from("<ii", payload, offset)
        offset += 8
        if offset + size > stop:
            break
        if packet_stream == stream:
            packet = bytes(DECOMPRESS[compression](payload[offset : offset + size]))
            rows += _event_packet(packet)
        offset += size
    return to_events(rows)


def geometry(payload: bytes) -> tuple[int, int] | tuple[None, None]:
    """(sizeX, sizeY) of the first event stream."""
    _, width, height = _event_stream(payload)
    return width, height


def _event_packet(packet: bytes) -> list[tuple[int, int, int, bool]]:
    """The events of one inflated packet: a size prefix, then a FlatBuffer whose elements are our events."""
    flat = packet[4:]
    if _unpack("<I", packet, 0) != len(flat) or flat[4:8] != b"EVTS":
        raise ValueError("not a size-prefixed event packet")
    where = _field(flat, ELEMENTS)
    if where is None:
        return []
    start = where + _unpack("<I", flat, where)
    elements = struct.iter_unpack("<qhhBxxx", flat[start + 4 : start + 4 + 16 * _unpack("<I", flat, start)])
    return [(t, x, y, on != 0) for t, x, y, on in elements]


def _io_header(data: bytes) -> tuple[int, int, str]:
    """(compression, position of the data table, XML)."""
    size = _unpack("<I", data, len(MAGIC))
    flat = data[len(MAGIC) + 4 :][:size]
    if not data.startswith(MAGIC) or flat[4:8] != b"IOHE":
        raise ValueError("not an AEDAT4 file")
    compression, position, info = (_field(flat, number) for number in (COMPRESSION, DATA_TABLE_POSITION, INFO_NODE))
    text = info + _unpack("<I", flat, info)
    return (
        0 if compression is None else _unpack("<i", flat, compression),
        -1 if position is None else _unpack("<q", flat, position),
        flat[text + 4 : text + 4 + _unpack("<I", flat, text)].decode(),
    )


def _event_stream(data: bytes) -> tuple[int | None, int | None, int | None]:
    """(id, width, height) of the first stream in the XML whose typeIdentifier is EVTS."""
    root = ElementTree.fromstring(_io_header(data)[2])
    for node in root.findall(".//node[@name='outInfo']/node"):
        if node.findtext("attr[@key='typeIdentifier']") == "EVTS":
            sizes = [node.findtext(f"node[@name='info']/attr[@key='{key}']") for key in ("sizeX", "sizeY")]
            width, height = (None if size is None else int(size) for size in sizes)
            return int(node.get("name")), width, height
    return None, None, None


def _field(flat: bytes, number: int) -> int | None:
    """Position of a field of the root table, or None where it is left out."""
    table = _unpack("<I", flat, 0)
    vtable = table - _unpack("<i", flat, table)
    if 4 + 2 * number >= _unpack("<H", flat, vtable):
        return None
    offset = _unpack("<H", flat, vtable + 4 + 2 * number)
    return table + offset if offset else None


def _unpack(code: str, data: bytes, offset: int) -> int:
    return struct.unpack_from(code, data, offset)[0]
