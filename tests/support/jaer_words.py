"""Byte literals built by words, and plain encoders, for AEDAT 1.0, 2.0 and 3.1 files (FORMATS.md, sections 7 and 8)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np

DAVIS346 = "eu.seebetter.ini.chips.davis.Davis346blue"
DVS128 = "ch.unizh.ini.jaer.chip.retina.DVS128"
AEDAT3_HEADER = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: TEST\r\n#!END-HEADER\r\n"
POLARITY = 1  # eventType


def jaer_header(version: int = 2, chip_class: str | None = DAVIS346, *more: str) -> bytes:
    """The '#' lines of a file."""
    lines = [f"!AER-DAT{version}.0", " This is a raw AE data file - do not edit"]
    lines += [] if chip_class is None else [f" AEChip: {chip_class}"]
    return "".join(f"#{line}\r\n" for line in (*lines, *more)).encode("latin-1")


def jaer_record(address: int, t: int, *, version: int = 2) -> bytes:
    """A record of any kind; t is stored modulo 2^32."""
    return struct.pack(">HI" if version == 1 else ">II", address, t & 0xFFFFFFFF)


def dvs128_address(x: int, y: int, p: int, special: int = 0) -> int:
    """As stored: nothing is mirrored here, and p is 0 for ON."""
    return special << 15 | y << 8 | x << 1 | p


def davis_address(x: int, y: int, p: int, kind: int = 0, external: int = 0) -> int:
    """As stored: nothing is mirrored here; kind is 1 for APS and IMU."""
    return kind << 31 | y << 22 | x << 12 | p << 11 | external << 10


def encode_dvs128(events: np.ndarray, version: int = 2) -> bytes:
    """Events as records, mirrored as jAER does."""
    rows = events.tolist()
    return b"".join(jaer_record(dvs128_address(127 - x, 127 - y, 1 - p), t, version=version) for t, x, y, p in rows)


def encode_davis(events: np.ndarray, width: int = 346, height: int = 260) -> bytes:
    """Events as records, mirrored as jAER does."""
    return b"".join(jaer_record(davis_address(width - 1 - x, height - 1 - y, p), t) for t, x, y, p in events.tolist())


def aedat3_event(t: int, x: int, y: int, p: int, valid: int = 1) -> bytes:
    """A polarity event; t without the overflows of the packet."""
    return struct.pack("<Ii", valid | p << 1 | y << 2 | x << 17, t)


def aedat3_packet(
    events: Iterable[bytes],
    *,
    kind: int = POLARITY,
    source: int = 1,
    overflow: int = 0,
    size: int | None = None,
    number: int | None = None,
    valid: int | None = None,
) -> bytes:
    """A packet; the header says what the events are, unless told otherwise."""
    stored = list(events)
    if size is None:
        size = len(stored[0]) if stored else 8
    number = len(stored) if number is None else number
    valid = sum(event[0] & 1 for event in stored) if valid is None else valid
    return struct.pack("<HHIIIIII", kind, source, size, 4, overflow, number, number, valid) + b"".join(stored)


def encode_aedat3(events: np.ndarray, packet_events: int = 300) -> bytes:
    """A whole file; a packet ends at an overflow of the clock."""
    out, rows = [AEDAT3_HEADER], []
    before = None
    for t, x, y, p in events.tolist():
        if rows and (len(rows) == packet_events or t >> 31 != before):
            out.append(aedat3_packet(rows, overflow=before))
            rows = []
        before = t >> 31
        rows.append(aedat3_event(t & 0x7FFFFFFF, x, y, p))
    if rows:
        out.append(aedat3_packet(rows, overflow=before))
    return b"".join(out)
