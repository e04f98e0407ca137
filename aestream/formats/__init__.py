"""Which module opens which file: by content, never by the extension alone."""

from __future__ import annotations

import os
from collections.abc import Callable

from aestream import _core
from aestream.errors import FormatError
from aestream.formats.aedat4 import open_aedat4
from aestream.formats.base import OpenedFile
from aestream.formats.csv_text import open_csv
from aestream.formats.prophesee import open_dat, open_headerless, open_raw

_OPENERS: dict[str, Callable[[_core.MappedFile], OpenedFile]] = {
    "raw": open_raw,
    "dat": open_dat,
    "aedat4": open_aedat4,
}
_HEADERLESS = ("evt2", "evt21", "evt21_legacy", "evt3")
_FORCED = (*_HEADERLESS, "csv")


def open_file(path: str | os.PathLike[str], *, format: str | None = None, columns: str | None = None) -> OpenedFile:
    """Open an event file.

    Args:
        path: the file.
        format: its format, for payloads without a header; None looks at the bytes.
        columns: order of the columns of a text file without a header, such as ``"txyp"``.

    Raises:
        FormatError: if the bytes are of no format that this version reads, or damaged.
        ValueError: if ``columns`` is given for another format than text, or contradicts the file's header.
        OSError: if the file cannot be opened.
    """
    file = _core.MappedFile(os.fspath(path))
    try:
        return _open(file, format, columns)
    except FormatError as error:
        raise error.located(os.fspath(path)) from None


def _open(file: _core.MappedFile, format: str | None, columns: str | None) -> OpenedFile:
    detected = _core.detect_format(file)
    if format is not None and format not in _FORCED:
        raise ValueError(f"format must be one of {', '.join(_FORCED)}, or None to look at the bytes; got {format!r}")
    if format in _HEADERLESS and detected != "raw":
        return open_headerless(file, format)
    if detected == "csv" or (format == "csv" and not detected):
        return open_csv(file, columns=columns)
    if columns is not None:
        raise ValueError(f"columns is for text files; found a file of format {detected or 'unknown'}")
    if detected not in _OPENERS:
        known = ", ".join([*_OPENERS, "csv"])
        found = f"{detected} file" if detected else "bytes of no known format"
        raise FormatError(f"expected one of {known}; found {found}")
    return _OPENERS[detected](file)
