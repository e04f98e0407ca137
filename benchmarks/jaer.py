"""Writers of AEDAT 2.0 (DAVIS addresses, as jAER) and of AEDAT 3.1 (polarity packets, as cAER)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

PACKET_EVENTS = 8192
RECORD = np.dtype([("address", ">u4"), ("t", ">u4")])
POLARITY = np.dtype([("word", "<u4"), ("t", "<i4")])


def write_aedat2(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """DVS records of a DAVIS346: both axes are stored mirrored."""
    x, y = (size - 1 - events[name].astype(np.uint32) for name, size in zip("xy", shape, strict=True))
    records = np.empty(events.size, RECORD)
    records["address"], records["t"] = y << 22 | x << 12 | events["p"].astype(np.uint32) << 11, events["t"]
    header = "#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis346blue\r\n#End Of ASCII Header\r\n"
    path.write_bytes(header.encode() + records.tobytes())


def write_aedat3(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """Packets of 8192 valid polarity events."""
    x, y, p = (events[name].astype(np.uint32) for name in "xyp")
    stored = np.empty(events.size, POLARITY)
    stored["word"], stored["t"] = x << 17 | y << 2 | p << 1 | 1, events["t"]
    header = "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DAVIS346\r\n"
    header += "#Start-Time: 2026-01-01 00:00:00 (TZ+0000)\r\n#!END-HEADER\r\n"
    with path.open("wb") as file:
        file.write(header.encode())
        for first in range(0, events.size, PACKET_EVENTS):
            part = stored[first : first + PACKET_EVENTS]
            file.write(struct.pack("<HHIIIIII", 1, 1, 8, 4, 0, part.size, part.size, part.size) + part.tobytes())
