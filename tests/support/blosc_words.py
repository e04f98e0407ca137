"""Chunks of Blosc 1 by hand, whose streams are stored as they are (c-blosc's README_CHUNK_FORMAT)."""

from __future__ import annotations

import struct


def encode_blosc(data: bytes, type_size: int, block_bytes: int, *, shuffled=True, split=True, codec=4) -> bytes:
    """One chunk. Each block is a stream, or one for each byte of a number where ``split`` and the block is whole."""
    flags = shuffled | (not split) << 4 | codec << 5
    blocks = []
    for first in range(0, len(data), block_bytes):
        block = data[first : first + block_bytes]
        count = len(block) // type_size
        if shuffled:
            planes = (block[i : count * type_size : type_size] for i in range(type_size))
            block = b"".join(planes) + block[count * type_size :]
        splits = type_size if split and len(block) == block_bytes and len(block) // type_size >= 128 else 1
        part = len(block) // splits
        blocks.append(b"".join(struct.pack("<I", part) + block[i * part :][:part] for i in range(splits)))
    starts = [16 + 4 * len(blocks) + sum(map(len, blocks[:i])) for i in range(len(blocks))]
    body = struct.pack(f"<{len(starts)}I", *starts) + b"".join(blocks)
    return struct.pack("<4B3I", 2, 1, flags, type_size, len(data), block_bytes, 16 + len(body)) + body
