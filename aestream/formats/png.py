"""PNG pictures with all of their bits. Spec: w3.org/TR/png. Other readers give 16-bit colour as 8 bits, silently."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by colour type; palettes are not read
_MOST_PIXELS = 1 << 26


def read_png(path: str) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """The pixels of a file of 8 or 16 bits a channel.

    Returns:
        uint8 or uint16 ``[H, W, C]``: grey, grey and alpha, RGB or RGBA.

    Raises:
        ValueError: if the file is no such PNG, or damaged; names it.
    """
    with open(path, "rb") as file:
        data = file.read()
    try:
        return _decode(data)
    except (ValueError, struct.error, zlib.error) as error:
        raise ValueError(f"{path!r}: {error}") from None


def _decode(data: bytes) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    if not data.startswith(_SIGNATURE):
        raise ValueError("expected the signature of a PNG, found something else")
    width, height, channels, depth, packed = _read_chunks(data)
    pixel_bytes = channels * depth // 8
    size = height * (1 + width * pixel_bytes)
    inflater = zlib.decompressobj()
    stored = inflater.decompress(packed, size)
    if len(stored) < size:
        raise ValueError(f"expected {size} bytes of pixels, found {len(stored)}")
    lines = np.frombuffer(stored, np.uint8).reshape(height, 1 + width * pixel_bytes)
    filters = lines[:, 0]
    if filters.max() > 4:
        raise ValueError(f"expected filters 0 to 4, found {filters.max()}")
    planes = lines[:, 1:].reshape(height, width, pixel_bytes)
    # A filter looks back by one pixel, so that each byte of the pixels is a picture of its own.
    pixels = np.stack([_unfilter(filters, planes[:, :, byte]) for byte in range(pixel_bytes)], axis=2)
    if depth == 8:
        return pixels
    wide: npt.NDArray[np.uint16] = np.ascontiguousarray(pixels).view(">u2").astype(np.uint16)
    return wide


def _read_chunks(data: bytes) -> tuple[int, int, int, int, bytes]:
    """Width, height, channels, bits, and the packed pixels."""
    header: bytes | None = None
    packed = []
    position = len(_SIGNATURE)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        tail = data[position + 8 + length : position + 12 + length]
        if len(tail) < 4 or zlib.crc32(kind + body) != int.from_bytes(tail, "big"):
            raise ValueError(f"expected a whole chunk at byte {position}, found a damaged one")
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            packed.append(body)
        elif kind == b"IEND":
            break
        position += 12 + length
    if header is None or len(header) != 13 or not packed:
        raise ValueError("expected a header and pixels, found none")
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    if depth not in (8, 16) or colour not in _CHANNELS or interlace or not 0 < width * height <= _MOST_PIXELS:
        found = f"{width}x{height}, {depth} bits, colour type {colour}, interlace {interlace}"
        raise ValueError(f"expected 8 or 16 bits of grey or colour, not interlaced; found {found}")
    return width, height, _CHANNELS[colour], depth, b"".join(packed)


def _unfilter(filters: npt.NDArray[np.uint8], plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """One byte of every pixel, ``[H, W]``. Pillow does it a hundred times as fast as Python, where it is installed."""
    try:
        from PIL import Image
    except ImportError:
        return unfilter_slowly(filters, plane)
    height, width = plane.shape
    lines = zlib.compress(np.column_stack([filters, plane]).tobytes(), 0)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b""))
    png = _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    with Image.open(io.BytesIO(png)) as picture:
        return np.array(picture)


def unfilter_slowly(filters: npt.NDArray[np.uint8], plane: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """What the filters of the spec say: none, left, above, their mean, Paeth's predictor."""
    height, width = plane.shape
    above, lines = [0] * width, []
    for kind, stored in zip(filters.tolist(), plane.tolist(), strict=True):
        line: list[int] = []
        left = corner = 0
        for byte, up in zip(stored, above, strict=True):
            guess = (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]
            left, corner = (byte + guess) % 256, up
            line.append(left)
        lines.append(line)
        above = line
    return np.array(lines, np.uint8).reshape(height, width)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))
