"""AEDAT 1.0 and 2.0, big-endian records behind '#' lines (FORMATS.md, section 7); for files whose header is sound."""

from __future__ import annotations

import struct

import numpy as np

from .events import to_events

SIZES = {
    "dvs128": (128, 128),
    "davis128": (128, 128),
    "davis208": (208, 192),
    "davis240": (240, 180),
    "davis346": (346, 260),
    "davis640": (640, 480),
}


def is_aedat12(data: bytes) -> bool:
    """Whether a version line says so."""
    return data.startswith((b"#!AER-DAT1.0", b"#!AER-DAT2.0"))


def decode_file(data: bytes, *, mirror: str = "xy") -> np.ndarray:
    """A whole file; without a header it is of version 1."""
    lines, offset = _header(data)
    version = 2 if lines and lines[0].startswith("#!AER-DAT2.0") else 1
    return decode(data[offset:], version=version, chip=_chip(lines), mirror=mirror)


def geometry(data: bytes) -> tuple[int, int]:
    """(width, height) of the camera that the header names."""
    return SIZES[_chip(_header(data)[0])]


def decode(payload: bytes, *, version: int, chip: str, mirror: str = "xy") -> np.ndarray:
    """Decode the records behind the header; a partial last record is dropped."""
    code, size = (">HI", 6) if version == 1 else (">II", 8)
    width, height = SIZES[chip]
    rows = []
    previous = loops = 0
    for address, stamp in struct.iter_unpack(code, payload[: len(payload) // size * size]):
        if previous - stamp > 1 << 31:
            loops += 1
        previous = stamp
        pixel = _dvs128(address) if chip == "dvs128" else _davis(address)
        if pixel is None:
            continue
        x, y, on = pixel
        if "x" in mirror:
            x = width - 1 - x
        if "y" in mirror:
            y = height - 1 - y
        rows.append((loops << 32 | stamp, x, y, on))
    return to_events(rows)


def _dvs128(address: int) -> tuple[int, int, bool] | None:
    """Bit 15 marks a special event; the bits above are 0 in a pixel. ON is bit 0 = 0."""
    if address >= 1 << 15:
        return None
    return address >> 1 & 0x7F, address >> 8 & 0x7F, address & 1 == 0


def _davis(address: int) -> tuple[int, int, bool] | None:
    """Bit 31 marks an APS or IMU record, bit 10 an external input."""
    if address >> 31 or address >> 10 & 1:
        return None
    return address >> 12 & 0x3FF, address >> 22 & 0x1FF, address >> 11 & 1 == 1


def _header(data: bytes) -> tuple[list[str], int]:
    """The lines that begin with '#', and the offset of what follows."""
    lines: list[str] = []
    offset = 0
    while data[offset : offset + 1] == b"#":
        stop = data.find(b"\r\n", offset)
        line = data[offset:stop].decode("latin-1")
        if stop < 0 or any(letter < " " and letter != "\t" for letter in line):
            break
        lines.append(line)
        offset = stop + 2
        if line == "#End Of ASCII Header":
            break
    return lines, offset


def _chip(lines: list[str]) -> str:
    for line in lines:
        if line.startswith("# AEChip:"):
            name = line.split(".")[-1].lower()
            return next(chip for chip in SIZES if name.startswith(chip))
    return "dvs128"
