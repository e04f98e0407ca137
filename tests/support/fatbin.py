"""What a fatbin holds, for machines without cuobjdump: ``python3 fatbin.py kernels.fatbin``."""

from __future__ import annotations

import struct
import sys
from pathlib import Path


def contents(data: bytes) -> list[tuple[str, int]]:
    """("ptx" or "elf", architecture) of every entry."""
    magic, _, head, size = struct.unpack_from("<IHHQ", data)
    assert magic == 0xBA55ED50 and len(data) == head + size, "no fatbin, or not a whole one"
    found, at = [], head
    while at < len(data):
        kind, _, head, size = struct.unpack_from("<HHIQ", data, at)
        found.append(({1: "ptx", 2: "elf"}[kind], struct.unpack_from("<I", data, at + 28)[0]))
        at += head + size
    return found


if __name__ == "__main__":
    sys.stdout.write("".join(f"{kind} sm_{number}\n" for kind, number in contents(Path(sys.argv[1]).read_bytes())))
