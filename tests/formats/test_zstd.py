"""Zstandard frames inflated into memory: every kind of them gives what cramjam gives, and leaves what it leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cramjam
import numpy as np
import pytest
import zstandard

from aestream._core import inflate_zstd

TEXT = np.random.default_rng(0).integers(0, 7, 100_000).astype(np.uint8).tobytes()
SIZED = zstandard.ZstdCompressor().compress(TEXT)
UNSIZED = zstandard.ZstdCompressor(write_content_size=False).compress(TEXT)
CHECKED = zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)
EMPTY = zstandard.ZstdCompressor().compress(b"")
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"


@pytest.mark.parametrize("room", [len(TEXT), len(TEXT) + 1000])
@pytest.mark.parametrize("frame", [SIZED, UNSIZED, CHECKED])
def test_a_frame_is_inflated(frame, room):
    out = bytearray(b"\xff" * room)
    assert inflate_zstd(frame, out) == len(TEXT)
    assert out[: len(TEXT)] == TEXT


@pytest.mark.parametrize("frames", [EMPTY, SIZED + UNSIZED, SIZED + SIZED, SKIPPABLE + SIZED, SIZED + SKIPPABLE])
def test_frames_behind_each_other(frames):
    out, expected = bytearray(3 * len(TEXT)), bytearray(3 * len(TEXT))
    size = cramjam.zstd.decompress_into(frames, expected)
    assert inflate_zstd(frames, out) == size
    assert out == expected


DAMAGED = {
    "cut": SIZED[:-5],
    "cut in the header": SIZED[:5],
    "followed by others": SIZED + b"abc",
    "checksum": CHECKED[:-1] + bytes([CHECKED[-1] ^ 1]),
    "content": CHECKED[:50] + bytes([CHECKED[50] ^ 0xFF]) + CHECKED[51:],
    "none": b"\0" * 40,
}


@pytest.mark.parametrize("frame", DAMAGED.values(), ids=DAMAGED)
def test_damage_is_an_error(frame):
    with pytest.raises(cramjam.DecompressionError):
        inflate_zstd(frame, bytearray(len(TEXT)))
    assert inflate_zstd(SIZED, bytearray(len(TEXT))) == len(TEXT)  # the context still works


@pytest.mark.parametrize("frame", [SIZED, UNSIZED])
def test_what_fits_is_there_where_the_room_is_too_small(frame):
    out = bytearray(1000)
    with pytest.raises(cramjam.DecompressionError):
        inflate_zstd(frame, out)
    assert out == TEXT[:1000]


def test_threads_do_not_share_a_context():
    frames = [zstandard.ZstdCompressor().compress(TEXT[i:]) for i in range(200)]

    def inflated(i):
        out = bytearray(len(TEXT) - i)
        assert inflate_zstd(frames[i], out) == len(out)
        return out == TEXT[i:]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(inflated, range(200)))
