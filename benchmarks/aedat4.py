"""A plain AEDAT4 writer: FlatBuffer packets of 10 ms, as DV writes them, uncompressed, LZ4 or Zstandard."""

from __future__ import annotations

import struct
from pathlib import Path

import cramjam
import numpy as np

PACKET_US = 10_000
MAX_PACKET_EVENTS = 16_384
COMPRESSION = {"none": 0, "lz4": 1, "zstd": 3}
ATTR = '<attr key="{}" type="{}">{}</attr>'
EVENT_PREFIX = bytes.fromhex("10000000 45565453 0000 060008000400 06000000 04000000")  # root, "EVTS", vtable, table
TABLE_PREFIX = bytes.fromhex("10000000 46544142 0000 060008000400 06000000 04000000")  # the same with "FTAB"
ENTRY_STRIDE = 48
ENTRY_VTABLE = struct.pack("<7H", 14, 44, 12, 4, 20, 28, 36)


def _info_xml(compression: str, shape: tuple[int, int]) -> bytes:
    info = ATTR.format("sizeX", "int", shape[0]) + ATTR.format("sizeY", "int", shape[1])
    info += ATTR.format("source", "string", "DVBENCH_00000001")
    stream = ATTR.format("compression", "string", compression.upper())
    stream += ATTR.format("originalModuleName", "string", "capture")
    stream += ATTR.format("originalOutputName", "string", "events")
    stream += ATTR.format("typeDescription", "string", "Array of events (polarity ON/OFF).")
    stream += ATTR.format("typeIdentifier", "string", "EVTS")
    stream += f'<node name="info" path="/mainloop/Recorder/outInfo/0/info/">{info}</node>'
    node = f'<node name="0" path="/mainloop/Recorder/outInfo/0/">{stream}</node>'
    return f'<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">{node}</node></dv>'.encode()


def _io_header(compression: str, shape: tuple[int, int], table_position: int) -> bytes:
    xml = _info_xml(compression, shape)
    head = struct.pack("<I4s6x5H", 24, b"IOHE", 10, 24, 4, 12, 8)
    table = struct.pack("<iiIq4x", 10, COMPRESSION[compression], 16, table_position)
    body = head + table + struct.pack("<I", len(xml)) + xml + bytes(4 - len(xml) % 4)
    return b"#!AER-DAT4.0\r\n" + struct.pack("<I", len(body)) + body


def _prefixed(body: bytes) -> bytes:
    return struct.pack("<I", len(body)) + body


def _compress(data: bytes, compression: str) -> bytes:
    if compression == "lz4":  # linked 64 kB blocks without checksums: FLG BD = 40 40, as DV
        compressor = cramjam.lz4.Compressor(level=1, content_checksum=False, block_linked=True)
        compressor.compress(data)
        return bytes(compressor.finish())
    return bytes(cramjam.zstd.compress(data, 3)) if compression == "zstd" else data


def _packet_edges(t: np.ndarray) -> np.ndarray:
    """First event of each packet: a new one every 10 ms or 16 384 events."""
    slots = np.flatnonzero(np.diff(t // PACKET_US)) + 1
    edges = np.union1d(np.concatenate(([0], slots, [t.size])), np.arange(0, t.size, MAX_PACKET_EVENTS))
    return edges.astype(int)


def _data_table(rows: list[tuple[int, int, int, int, int]]) -> bytes:
    """FTAB: one entry (offset, size, events, first and last time) per packet, all sharing one vtable."""
    first = 28 + 4 * len(rows) + len(ENTRY_VTABLE)  # prefix (24), vector length (4), one offset each, the vtable
    first += -first % 8  # so that the 64-bit fields at +12, +20 … are aligned, counted with the size prefix
    places = range(first, first + ENTRY_STRIDE * len(rows), ENTRY_STRIDE)
    vtable_at = first - len(ENTRY_VTABLE)
    offsets = b"".join(struct.pack("<I", place - (28 + 4 * i)) for i, place in enumerate(places))
    entries = b"".join(
        struct.pack("<iiiqqqq4x", place - vtable_at, 0, size, position, *facts)
        for place, (position, size, *facts) in zip(places, rows, strict=True)
    )
    body = TABLE_PREFIX + struct.pack("<I", len(rows)) + offsets
    return _prefixed(body + bytes(vtable_at - len(body)) + ENTRY_VTABLE + entries)


def write_aedat4(path: Path, events: np.ndarray, shape: tuple[int, int], compression: str) -> None:
    """Write one event stream with a data table."""
    edges = _packet_edges(events["t"])
    rows, position = [], len(_io_header(compression, shape, 0))
    with path.open("wb") as file:
        file.write(bytes(position))
        for a, b in zip(edges[:-1], edges[1:], strict=True):
            part = events[a:b]
            payload = _compress(_prefixed(EVENT_PREFIX + struct.pack("<I", b - a) + part.tobytes()), compression)
            file.write(struct.pack("<ii", 0, len(payload)) + payload)
            rows.append((position + 8, len(payload), b - a, int(part["t"][0]), int(part["t"][-1])))
            position += 8 + len(payload)
        file.write(_compress(_data_table(rows), compression))
        file.seek(0)
        file.write(_io_header(compression, shape, position))
