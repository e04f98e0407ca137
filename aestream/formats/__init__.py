"""Which module opens which file: by content, never by the extension alone."""

from __future__ import annotations

import os

from aestream import _core
from aestream.errors import FormatError
from aestream.formats.aedat4 import open_aedat4
from aestream.formats.base import Format, OpenedFile, ReadOptions, Request
from aestream.formats.csv_text import open_csv
from aestream.formats.hdf5 import open_hdf5
from aestream.formats.numpy_arrays import open_npy, open_npz
from aestream.formats.prophesee import open_dat, open_headerless, open_raw

_FORMATS = {  # by the name that detect_format() gives
    "raw": Format(open_raw),
    "dat": Format(open_dat),
    "aedat4": Format(open_aedat4, ("stream",)),
    "csv": Format(open_csv, ("columns",)),
    "npy": Format(open_npy, ("columns",)),
    "npz": Format(open_npz, ("columns",)),
    "hdf5": Format(open_hdf5, ("columns", "stream")),
}
_FORCED = {  # by the name that a user gives
    **dict.fromkeys(("evt2", "evt21", "evt21_legacy", "evt3"), Format(open_headerless)),
    "csv": _FORMATS["csv"],
}


def open_file(path: str | os.PathLike[str], options: ReadOptions = ReadOptions()) -> OpenedFile:  # noqa: B008 - frozen
    """Open an event file.

    Raises:
        FormatError: if the bytes are of no format that is known, or damaged.
        ValueError: if an option is not for files of this format, or contradicts the file.
        OSError: if the file cannot be opened.
    """
    path = os.fspath(path)
    request = Request(path, None if os.path.isdir(path) else _core.MappedFile(path), options)
    try:
        return _choose(request).open(request)
    except FormatError as error:
        raise error.located(path) from None


def _choose(request: Request) -> Format:
    """The format that the user names, unless a RAW header says where the payload begins; else the one of the bytes."""
    detected, forced = _core.detect_format(request.bytes), request.options.format
    if forced is not None and forced not in _FORCED:
        known = ", ".join(_FORCED)
        raise ValueError(f"format must be one of {known}, or None to look at the bytes; got {forced!r}")
    by_user = forced is not None and detected != "raw"
    name = str(forced) if by_user else detected
    chosen = (_FORCED if by_user else _FORMATS).get(name)
    if chosen is None:
        found = f"{name} file" if name else "bytes of no known format"
        raise FormatError(f"expected one of {', '.join(_FORMATS)}; found {found}")
    for option, value in request.options.given().items():
        if option != "format" and option not in chosen.options:
            takers = " and ".join(other for other, each in _FORMATS.items() if option in each.options)
            raise ValueError(f"{option}={value!r} is for {takers} files; found a file of format {name}")
    return chosen
