"""Which module opens which file: by content, never by the extension alone."""

from __future__ import annotations

import errno
import os
from typing import Any

import aestream._core as _core
from aestream.errors import FormatError
from aestream.event_columns import check_time_unit
from aestream.formats.aedat3 import open_aedat3
from aestream.formats.aedat4 import open_aedat4
from aestream.formats.base import Format, Identity, OpenedFile, ReadOptions, Request
from aestream.formats.bin40 import is_bin40, open_bin40
from aestream.formats.compressed import WRAPPERS, is_wrappable, open_compressed, zip_member
from aestream.formats.csv_text import open_csv
from aestream.formats.es import open_es
from aestream.formats.fields import check_fields
from aestream.formats.hdf5 import open_hdf5
from aestream.formats.jaer import open_jaer
from aestream.formats.matlab import is_matlab, open_matlab
from aestream.formats.numpy_arrays import open_npy, open_npz
from aestream.formats.prophesee import open_dat, open_headerless, open_raw
from aestream.formats.ros import is_bag_folder, open_rosbag1, open_rosbag2

_FORMATS = {  # by the name that detect_format() gives
    "raw": Format(open_raw),
    "dat": Format(open_dat),
    "aedat1": Format(open_jaer, ("chip", "mirror")),
    "aedat2": Format(open_jaer, ("chip", "mirror")),
    "aedat3": Format(open_aedat3, ("stream",)),
    "aedat4": Format(open_aedat4, ("stream",)),
    "csv": Format(open_csv, ("columns", "fields", "time_unit")),
    "es": Format(open_es, ("mirror",)),
    "bin40": Format(open_bin40),
    "rosbag": Format(open_rosbag1, ("stream",)),
    "rosbag2": Format(open_rosbag2, ("stream",)),
    "mcap": Format(open_rosbag2, ("stream",)),
    "npy": Format(open_npy, ("columns", "fields", "time_unit")),
    "npz": Format(open_npz, ("columns", "fields", "time_unit")),
    "hdf5": Format(open_hdf5, ("columns", "fields", "time_unit", "stream")),
    "matlab": Format(open_matlab, ("time_unit", "mirror")),
}
_FORCED = {  # by the name that a user gives
    **dict.fromkeys(("evt2", "evt21", "evt21_legacy", "evt3"), Format(open_headerless)),
    **{name: _FORMATS[name] for name in ("aedat1", "aedat2", "csv", "bin40")},
}


def open_file(path: str | bytes | os.PathLike[Any], options: ReadOptions = ReadOptions()) -> OpenedFile:  # noqa: B008
    """Open an event file.

    Raises:
        FormatError: if the bytes are of no format that is known, or damaged.
        ValueError: if an option is not for files of this format, or contradicts the file.
        OSError: if the file cannot be opened, or changes meanwhile.
    """
    path = os.fsdecode(path)
    check_time_unit(options.time_unit)
    check_fields(options.fields)
    file = None if os.path.isdir(path) else _mapped(path)
    identity: Identity = folder_identity(path) if file is None else (("", *file.identity),)
    try:
        opened = _open(Request(path, file, options))
    except FormatError as error:
        if file is not None:
            file.check()
        raise error.located(path) from None
    if file is not None:
        file.check()
    opened.file, opened.identity = file, identity
    return opened


def _open(request: Request) -> OpenedFile:
    detected = _detect(request)
    if detected in (*WRAPPERS, "zip"):
        return open_compressed(request, detected, _open_inflated)
    return _choose(request, detected).open(request)


def _mapped(path: str) -> _core.MappedFile:
    try:
        return _core.MappedFile(path)
    except OSError as error:
        if error.errno == errno.EINVAL:
            kind = "expected a file, found a pipe or a device, whose bytes have no places: write them to a file first"
            raise OSError(errno.EINVAL, kind, path) from None
        raise


def folder_identity(path: str) -> Identity:
    """The files in a folder, by name."""
    statuses = sorted((entry.name, entry.stat()) for entry in os.scandir(path) if entry.is_file())
    return tuple((name, each.st_dev, each.st_ino, each.st_size, each.st_mtime_ns, 0) for name, each in statuses)


def _detect(request: Request) -> str:
    if request.file is None and is_bag_folder(request.path):
        return "rosbag2"
    forced = request.options.format
    if forced is None and is_bin40(request):  # whose first bytes may look like anybody's
        return "bin40"
    if forced is None and is_matlab(request):
        return "matlab"
    try:
        detected = _core.detect_format(request.bytes)
    except FormatError:  # a header that is cut, or a payload that looks like one
        if forced is None:
            raise
        return ""
    if detected == "npz" and zip_member(request) is not None:
        return "zip"
    return "bin40" if (forced, detected) == ("bin40", "raw") else detected


def _open_inflated(request: Request) -> OpenedFile:
    """Open what was inside a compressed file."""
    detected = _detect(request)
    if detected and not is_wrappable(detected):
        raise FormatError(f"expected a stream of events in a compressed file, found a {detected} file")
    return _choose(request, detected).open(request)


def _choose(request: Request, detected: str) -> Format:
    """The format that the user names, unless a RAW header says where the payload begins; else the one of the bytes."""
    forced = request.options.format
    if forced is not None and forced not in _FORCED:
        known = ", ".join(_FORCED)
        raise ValueError(f"format must be one of {known}, or None to look at the bytes; got {forced!r}")
    by_user = forced is not None and detected != "raw"
    name = str(forced) if by_user else detected
    chosen = (_FORCED if by_user else _FORMATS).get(name)
    if chosen is None:
        is_empty = request.file is not None and len(request.file) == 0
        found = f"{name} file" if name else "an empty file" if is_empty else "bytes of no known format"
        raise FormatError(f"expected one of {', '.join(_FORMATS)}; found {found}")
    for option, value in request.options.given.items():
        if option != "format" and option not in chosen.options:
            takers = " and ".join(other for other, each in _FORMATS.items() if option in each.options)
            raise ValueError(f"{option}={value!r} is for {takers} files; found a file of format {name}")
    return chosen
