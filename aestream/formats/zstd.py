"""Zstandard frames, inflated into memory that is there."""

from __future__ import annotations

import cramjam
import zstandard
from typing_extensions import Buffer

_idle: list[zstandard.ZstdDecompressor] = []  # each in use by one thread at a time


def inflate_zstd(compressed: Buffer, out: Buffer) -> int:
    """Inflate ``compressed`` into ``out``, and give the size of what it held.

    A frame that says its size, as whoever has all of it at hand writes it, goes through a context that stays: cramjam's
    stream takes 1.7 times as long for packets of 60 kB, and 2.8 times for 4 kB. All others, and damaged ones, are
    cramjam's.

    Raises:
        cramjam.DecompressionError: if the bytes are damaged, or ``out`` is too small: then it holds what fitted.
    """
    frame, room = memoryview(compressed), memoryview(out)
    size = _size_of(frame)
    if 0 <= size <= len(room):
        try:
            decompressor = _idle.pop()
        except IndexError:
            decompressor = zstandard.ZstdDecompressor()
        try:
            room[:size] = decompressor.decompress(frame, allow_extra_data=False)
            return size
        except zstandard.ZstdError:
            pass
        finally:
            _idle.append(decompressor)
    return cramjam.zstd.decompress_into(compressed, out)


def _size_of(frame: memoryview) -> int:
    """What the first frame says that it holds; -1 if it does not."""
    try:
        return zstandard.frame_content_size(frame)
    except zstandard.ZstdError:
        return -1
