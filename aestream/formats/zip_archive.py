"""Zip archives, whose list of members is looked at before the standard library makes an object of each."""

from __future__ import annotations

import errno
import struct
import zipfile

from aestream.errors import FormatError
from aestream.formats.base import Request

_MOST_LIST_BYTES = 4 << 20  # tens of thousands of members; those of arrays have a few
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _END64_BYTES, _LOCATOR64_BYTES = 22, 56, 20
_DAMAGE = (zipfile.BadZipFile, struct.error, EOFError, OSError, OverflowError, RuntimeError, ValueError)


def open_zip(request: Request) -> zipfile.ZipFile:
    """The archive at the request's path.

    Raises:
        FormatError: if it is damaged, or lists more members than any file of events has.
        OSError: if it cannot be opened.
    """
    size = _list_bytes(memoryview(request.bytes))
    if size > _MOST_LIST_BYTES:
        most = f"more than {_MOST_LIST_BYTES}"
        raise FormatError(f"expected a sound zip archive, found a list of members of {size} bytes, {most}")
    try:
        return zipfile.ZipFile(request.path)
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # which is a place that no file has
            raise
        raise FormatError(f"expected a sound zip archive, found: {error}") from None


def _list_bytes(data: memoryview) -> int:
    """What the end of the archive says of its list, found as the standard library does; 0 where there is no end."""
    tail = bytes(data[-(_END_BYTES + (1 << 16)) :])
    at = len(tail) - _END_BYTES
    if not (tail[at:].startswith(_END) and tail.endswith(b"\0\0")):
        at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        return 0
    (size,) = struct.unpack_from("<I", tail, at + 12)
    at64 = len(data) - len(tail) + at - _LOCATOR64_BYTES - _END64_BYTES
    if at64 >= 0 and data[at64 : at64 + 4] == _END64 and data[at64 + _END64_BYTES :][:4] == _LOCATOR64:
        (size,) = struct.unpack_from("<Q", data, at64 + 40)
    return int(size)
