"""Members of a zip archive as mapped bytes: stored ones where they lie in the file, deflated ones in a spool."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.spool import PIECE_BYTES, Spool

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, bytes of the name, bytes of the extra field
_SOURCE_BYTES = 1 << 18  # that are inflated at a time: what does not fit into a piece is copied
_KEPT_BYTES = 4 << 20  # of the mapped file: to let go of fewer costs more than it gives
_SECRET = 1 << 0 | 1 << 5 | 1 << 6  # flags: encrypted, a patch, strongly encrypted


def read_pieces(file: _core.MappedFile, info: zipfile.ZipInfo) -> Iterator[bytes | memoryview]:
    """What a member holds; its size and its CRC are checked.

    Raises:
        FormatError: if it is damaged, encrypted, or neither stored nor deflated.
    """
    place = _place_of(file, info)
    pieces = _stored if info.compress_type == zipfile.ZIP_STORED else _inflated
    size = crc = 0
    for piece in pieces(file, place):
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        if size > info.file_size:
            break
        yield piece
    if size != info.file_size:
        found = "more" if size > info.file_size else f"{size}"
        raise FormatError(f"expected {info.file_size} bytes in {info.filename}, found {found}", place.start)
    if crc != info.CRC:
        raise FormatError(f"expected the checksum {info.CRC:#010x} of {info.filename}, found {crc:#010x}", place.start)


def map_members(
    file: _core.MappedFile, infos: Mapping[str, zipfile.ZipInfo]
) -> tuple[_core.MappedFile, dict[str, slice]]:
    """The file that members of an archive lie in, which is the archive or a temporary one, and where in it.

    Raises:
        FormatError: as ``read_pieces``.
        OSError: if the temporary file has no room.
    """
    if all(info.compress_type == zipfile.ZIP_STORED for info in infos.values()):
        for info in infos.values():
            for _ in read_pieces(file, info):
                pass
        return file, {name: _place_of(file, info) for name, info in infos.items()}
    places = {}
    with Spool(len(file)) as spool:
        for name, info in infos.items():
            first = spool.size
            for piece in read_pieces(file, info):
                spool.write(piece)
            places[name] = slice(first, spool.size)
        return spool.map(), places


def _place_of(file: _core.MappedFile, info: zipfile.ZipInfo) -> slice:
    """Where the bytes of a member lie, behind a header of its own."""
    name, at = info.filename, info.header_offset
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(f"expected {name} stored or deflated, found compression {info.compress_type}")
    if info.flag_bits & _SECRET:
        raise FormatError(f"expected plain bytes in {name}, found encrypted ones")
    if not 0 <= at <= len(file) - _LOCAL_HEADER.size:
        raise FormatError(f"expected a header of {name} at byte {at}, found the end of the file")
    signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack_from(file, at)
    first = at + _LOCAL_HEADER.size + name_bytes + extra_bytes
    if signature != b"PK\3\4":
        raise FormatError(f"expected the header of {name}, found {signature!r}", at)
    if first + info.compress_size > len(file):
        raise FormatError(f"expected {info.compress_size} bytes of {name}, found the end of the file", first)
    return slice(first, first + info.compress_size)


def _stored(file: _core.MappedFile, place: slice) -> Iterator[memoryview]:
    data = memoryview(file)[place]
    for at in range(0, len(data), PIECE_BYTES):
        yield data[at : at + PIECE_BYTES]
        if file.is_large and (at + PIECE_BYTES) % _KEPT_BYTES == 0:
            file.forget(place.start + at + PIECE_BYTES - _KEPT_BYTES, place.start + at + PIECE_BYTES)


def _inflated(file: _core.MappedFile, place: slice) -> Iterator[bytes]:
    data = memoryview(file)[place]
    inflater = zlib.decompressobj(wbits=-15)
    try:
        for at in range(0, len(data), _SOURCE_BYTES):
            source: bytes | memoryview = data[at : at + _SOURCE_BYTES]
            while len(piece := inflater.decompress(source, PIECE_BYTES)):
                yield piece
                source = inflater.unconsumed_tail
            if (at + _SOURCE_BYTES) % _KEPT_BYTES == 0:
                end = place.start + at + _SOURCE_BYTES
                file.forget(end - _KEPT_BYTES, end)  # which nobody reads again
    except zlib.error as error:
        raise FormatError(f"expected sound deflated bytes, found: {error}", place.start) from None
