"""LZ4 frames laid out by hand: of matches at any distance, over blocks that are linked or not, compressed or stored."""

from __future__ import annotations

import struct

_PRIMES = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1)


def encode_lz4(
    data: bytes,
    *,
    block_bytes: int = 1 << 16,
    linked: bool = True,
    stored: bool = False,
    content_size: bool = False,
    furthest: int = 65535,
    longest: int = 1000,
) -> bytes:
    """One frame without checksums; every match is the nearest one of at most ``furthest`` bytes back."""
    flags = bytes([0x40 | (not linked) << 5 | content_size << 3, 0x40])
    described = flags + (struct.pack("<Q", len(data)) if content_size else b"")
    frame = struct.pack("<I", 0x184D2204) + described + bytes([_hash(described) >> 8 & 0xFF])
    for begin in range(0, len(data), block_bytes):
        end = min(begin + block_bytes, len(data))
        block = data[begin:end] if stored else _encode_block(data[:end], begin, linked, furthest, longest)
        frame += struct.pack("<I", len(block) | stored << 31) + block
    return frame + bytes(4)


def _encode_block(data: bytes, begin: int, linked: bool, furthest: int, longest: int) -> bytes:
    out, at, literals = b"", begin, begin
    while at < len(data) - 12:
        first = max(0 if linked else begin, at - furthest)
        found = data.rfind(data[at : at + 4], first, at + 3)
        if found < 0:
            at += 1
            continue
        length = 4
        while length < longest and at + length < len(data) - 5 and data[found + length] == data[at + length]:
            length += 1
        out += _sequence(data[literals:at], length - 4, struct.pack("<H", at - found))
        at = literals = at + length
    return out + _sequence(data[literals:], 0, b"")


def _sequence(literals: bytes, length: int, distance: bytes) -> bytes:
    token = bytes([min(len(literals), 15) << 4 | min(length, 15)])
    return token + _more(len(literals)) + literals + distance + _more(length)


def _more(length: int) -> bytes:
    return b"" if length < 15 else b"\xff" * ((length - 15) // 255) + bytes([(length - 15) % 255])


def _hash(data: bytes) -> int:
    """XXH32 of less than 16 bytes."""
    value = _PRIMES[4] + len(data)
    whole = len(data) // 4 * 4
    for (number,) in struct.iter_unpack("<I", data[:whole]):
        value = _rotated(value + number * _PRIMES[2], 17) * _PRIMES[3]
    for byte in data[whole:]:
        value = _rotated(value + byte * _PRIMES[4], 11) * _PRIMES[0]
    value &= 0xFFFFFFFF
    value = (value ^ value >> 15) * _PRIMES[1] & 0xFFFFFFFF
    value = (value ^ value >> 13) * _PRIMES[2] & 0xFFFFFFFF
    return value ^ value >> 16


def _rotated(value: int, count: int) -> int:
    value &= 0xFFFFFFFF
    return (value << count | value >> (32 - count)) & 0xFFFFFFFF
