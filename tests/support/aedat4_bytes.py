"""AEDAT4 files built byte by byte, so that a test can break any of their bytes."""

import struct
from pathlib import Path
from typing import Any

import numpy as np

from aestream.formats import open_file

EVENT = np.dtype(
    {"names": ["t", "x", "y", "p"], "formats": ["<i8", "<i2", "<i2", "?"], "offsets": [0, 8, 10, 12], "itemsize": 16}
)
INFO = (
    b'<dv version="2.0"><node name="outInfo"><node name="0"><attr key="typeIdentifier">EVTS</attr>'
    b'<node name="info"><attr key="sizeX">4</attr><attr key="sizeY">3</attr><attr key="source">T_1</attr></node></node>'
    b'<node name="1"><attr key="typeIdentifier">FRME</attr></node></node></dv>'
)
PACKETS = 14 + 4 + 52 + len(INFO) + 4 - len(INFO) % 4  # where the first packet begins
PAYLOAD = PACKETS + 8
TWO = [(1000, 3, 2, 1), (1001, 0, 1, 0)]


def header(info: bytes = INFO, compression: int = 0, table: int = -1) -> bytes:
    text = struct.pack("<I", len(info)) + info + bytes(4 - len(info) % 4)
    buffer = bytes.fromhex("18000000 494f4845 000000000000 0a00 1800 0400 0c00 0800 0a000000")
    buffer += struct.pack("<iIq", compression, 16, table) + bytes(4) + text
    return b"#!AER-DAT4.0\r\n" + struct.pack("<I", len(buffer)) + buffer


def event_packet(events: list[tuple[int, int, int, int]], padding: bytes = bytes(3)) -> bytes:
    buffer = bytes.fromhex("10000000 45565453 0000 0600 0800 0400 06000000 04000000")
    buffer += struct.pack("<I", len(events)) + b"".join(struct.pack("<qhhB", *event) + padding for event in events)
    return struct.pack("<I", len(buffer)) + buffer


def packet(payload: bytes, stream: int = 0) -> bytes:
    return struct.pack("<ii", stream, len(payload)) + payload


def data_table(rows: list[tuple[int, int, int, int]]) -> bytes:
    """Rows of stream, size, payload offset and count; one vtable for each, as a plain writer does."""
    size = 32 + 4 * len(rows)
    buffer = bytes.fromhex("10000000 46544142 0000 0600 0800 0400 06000000 04000000") + struct.pack("<I", len(rows))
    entries = b""
    for i, (stream, length, offset, count) in enumerate(rows):
        buffer += struct.pack("<I", size + len(entries) + 10 - (32 + 4 * i))
        entries += struct.pack("<5H", 10, 28, 12, 4, 20) + struct.pack("<iiiqq", 10, stream, length, offset, count)
    return struct.pack("<I", len(buffer + entries)) + buffer + entries


def with_table(packets: list[tuple[bytes, int]], compress: Any = bytes, compression: int = 0) -> bytes:
    """A file whose table claims that packet i holds packets[i][1] events."""
    body, rows = b"", []
    for payload, count in packets:
        stored = bytes(compress(payload))
        rows.append((0, len(stored), PACKETS + len(body) + 8, count))
        body += packet(stored)
    return header(INFO, compression, PACKETS + len(body)) + body + bytes(compress(data_table(rows)))


def patched(data: bytes, offset: int, patch: bytes) -> bytes:
    return data[:offset] + patch + data[offset + len(patch) :]


def load(path: Path, data: bytes, threads: int = 1) -> list[tuple[int, int, int, int]]:
    path.write_bytes(data)
    events = open_file(path).recording.load(threads)[0].view(EVENT)
    return [(int(t), int(x), int(y), int(p)) for t, x, y, p in events]


def many(count: int, start: int = 0) -> list[tuple[int, int, int, int]]:
    return [(start + i, i % 4, i % 3, i % 2) for i in range(count)]
