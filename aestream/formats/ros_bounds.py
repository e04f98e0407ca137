"""What the compressed chunks of a bag may become: looked at before the package rosbags inflates them in memory."""

from __future__ import annotations

import bz2
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.spool import most_bytes

_MCAP_MAGIC = b"\x89MCAP0\r\n"
_MCAP_CHUNK = 6
_ZSTD_MAGIC = 0xFD2FB528
_ZSTD_SKIPPED = range(0x184D2A50, 0x184D2A60)
_ZSTD_BLOCK_BYTES = 128 << 10  # that a block becomes at most


def bound_chunks(reader: Any) -> None:
    """Let the open reader of a ROS 1 bag inflate no chunk further than ``most_bytes`` of its size.

    LZ4 cannot: it expands at most 255 times.
    """
    for place, chunk in reader.chunks.items():
        if chunk.decompressor is bz2.decompress:
            reader.chunks[place] = chunk._replace(decompressor=partial(_bunzip, offset=chunk.datapos))


def _bunzip(data: bytes, offset: int) -> bytes:
    inflater = bz2.BZ2Decompressor()
    inflated = inflater.decompress(data, most_bytes(len(data)))
    if not inflater.eof:
        if inflater.needs_input:
            raise FormatError("expected a whole chunk of bz2, found one that is cut", offset)
        raise _too_large(len(data), offset)
    return inflated


def bound_messages(reader: Any) -> None:
    """Let the open reader of a ROS 2 bag inflate no message further than ``most_bytes`` of its size."""
    if reader.compression_mode == "message":
        for storage in reader.storage.storages:
            storage.messages = partial(_checked_messages, storage.messages)


def _checked_messages(messages: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[Any]:
    for connection, time, data in messages(*arguments):
        check_zstd(data, 0)
        yield connection, time, data


def check_storage(path: Path) -> None:
    """Look at an MCAP file, or one that is compressed with Zstandard as a whole.

    Raises:
        FormatError: if a chunk, or the file, might become more than ``most_bytes`` of its size.
    """
    if path.suffix == ".zstd":
        check_zstd(memoryview(_core.MappedFile(str(path))), 0)
    elif path.suffix == ".mcap":
        data = memoryview(_core.MappedFile(str(path)))
        for at, size, compression in _mcap_chunks(data):
            if compression == b"zstd":
                check_zstd(data[at : at + size], at)


def check_zstd(data: memoryview | bytes, offset: int) -> None:
    """Refuse frames of Zstandard whose blocks might become more than ``most_bytes`` of their size.

    A block becomes at most 128 KiB, and hardly less than 8 KiB.
    """
    inflated = 0
    for block in _zstd_blocks(memoryview(data)):
        inflated += block
        if inflated > most_bytes(len(data)):
            raise _too_large(len(data), offset)


def _too_large(size: int, offset: int) -> FormatError:
    return FormatError(f"expected {size} bytes that inflate to at most {most_bytes(size)}, found more", offset)


def _mcap_chunks(data: memoryview) -> Iterator[tuple[int, int, bytes]]:
    """Where the compressed bytes of each chunk lie, how many there are, and how they are compressed."""
    at = len(_MCAP_MAGIC)
    while at + 9 <= len(data):
        kind, size = data[at], _number(data, at + 1, 8)
        begin, at = at + 9, at + 9 + size
        name_at = begin + 28
        if kind == _MCAP_CHUNK and at <= len(data) and size >= 40:
            name_size = min(_number(data, name_at, 4), size)
            compressed_at = name_at + 4 + name_size + 8
            compressed = min(_number(data, compressed_at - 8, 8), max(at - compressed_at, 0))
            yield compressed_at, compressed, bytes(data[name_at + 4 : name_at + 4 + name_size])


def _zstd_blocks(data: memoryview) -> Iterator[int]:
    """The most bytes that each block of each frame becomes. Spec: RFC 8878; ends where something else begins."""
    at = 0
    while at + 5 <= len(data):
        magic = _number(data, at, 4)
        if magic in _ZSTD_SKIPPED:
            at += 8 + _number(data, at + 4, 4)
            continue
        if magic != _ZSTD_MAGIC:
            return
        flags = data[at + 4]
        is_single = flags >> 5 & 1
        content_bytes = (1 if is_single else 0, 2, 4, 8)[flags >> 6]
        at += 5 + (not is_single) + (0, 1, 2, 4)[flags & 3] + content_bytes
        is_last = False
        while not is_last and at + 3 <= len(data):
            head = _number(data, at, 3)
            is_last, kind, size = bool(head & 1), head >> 1 & 3, head >> 3
            at += 3 + (1 if kind == 1 else size)
            yield _ZSTD_BLOCK_BYTES if kind == 2 else size
        at += 4 * (flags >> 2 & 1)


def _number(data: Any, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")
