"""NPY and NPZ: one structured array, four arrays, or an array [N, 4]. Spec: numpy.org/doc, "numpy.lib.format"."""

from __future__ import annotations

import functools
import io
import math
import tokenize
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.errors import FormatError
from aestream.field_names import FIELDS, field_named
from aestream.formats.base import OpenedFile, ReadOptions, Request, Spooled
from aestream.formats.fields import ADVICE, check_columns, check_order, choose_fields
from aestream.formats.units import US_PER_UNIT, Rows, off_of, time_unit_of
from aestream.formats.zip_archive import open_zip
from aestream.formats.zip_members import map_members, read_pieces

_HEADER_BYTES = 1 << 16  # NumPy refuses to read longer ones
_SAMPLE_ROWS = 1 << 16
_KEPT_ROWS = 1 << 20  # of a column that is read from front to back
_TRUSTED_RATIO = 64  # of inflated bytes to the file's
_ALWAYS_TRUSTED = 16 << 20
_SHOWN = 8  # members of an archive, in messages
_SINGLE = ("event_data", "events")
_SIZE = "sensor_size"
_NUMBERS = "biuf"
_HEADER_ERRORS = (ValueError, TypeError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError, OverflowError)
_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    (3, 0): np.lib.format.read_array_header_2_0,  # but for the encoding of names that are not ours
}


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]
    size: int  # bytes before the data

    def view(self, file: bytes | memoryview, rows: int) -> npt.NDArray[Any]:
        """So many rows of the array, in the file's memory."""
        shape = (rows, *self.shape[1:])
        order: Literal["F", "C"] = "F" if self.is_fortran else "C"
        try:
            array: npt.NDArray[Any] = np.ndarray(shape, self.dtype, file, self.size, order=order)
        except ValueError as error:  # more than can be addressed, though there are no rows
            raise FormatError(f"expected an array of events, found shape {shape} of {self.dtype}: {error}") from None
        return array


def open_npy(request: Request) -> OpenedFile:
    """Open one array: structured, with fields called t, x, y, p or alike, or ``[N, 4]`` with the columns t, x, y, p.

    ``columns`` gives another order, or more columns; ``fields`` the names of fields that are called otherwise. Times
    count ``time_unit``; else what the name of their field says; else seconds where they are floats and one of all has a
    fraction; else microseconds. Rows are decoded from the mapped file; of one that is cut, whole rows are kept.

    Raises:
        FormatError: if the header is damaged, or the array is none of events; if it is plainly in another order.
        ValueError: if ``columns`` is no such word, or given for a structured array, or ``fields`` for another.
    """
    file = request.bytes
    header = _read_header(memoryview(file))
    row_bytes = header.dtype.itemsize * math.prod(header.shape[1:])
    available = len(file) - header.size
    rows = header.shape[0]
    missing = row_bytes * rows - available
    if missing > 0:
        if header.is_fortran and len(header.shape) > 1:  # whole columns are missing
            raise FormatError(f"expected {row_bytes * rows} bytes of data, found {available}", header.size)
        rows = available // row_bytes
    array = header.view(memoryview(file), rows)
    recording, metadata = _open_columns(_columns_of(array, request.options), file, request)
    return OpenedFile(recording, "npy", None, metadata, missing_bytes=max(missing, 0))


def open_npz(request: Request) -> OpenedFile:
    """Open an archive of arrays called t, x, y, p or alike, or of one array that ``open_npy`` would take.

    The one is called ``event_data`` or ``events``, or alone in the archive; ``fields`` names the four where they are
    called otherwise. Other members, such as labels, are left alone, but for ``sensor_size``, integers (width, height).
    Members are checked when the file is opened. Where all that are read are stored, they stay in the mapped file; else
    they are inflated into a temporary file, which takes room in ``$TMPDIR`` in every process that opens the file.

    Raises:
        FormatError: if the archive is damaged, its members are no events, or would inflate to far more than the file.
        ValueError: as ``open_npy``.
    """
    options = request.options
    with open_zip(request) as archive:
        infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if not any(name.endswith(".npy") for name in archive.namelist()):
            names = ", ".join(archive.namelist()[:_SHOWN]) or "nothing"
            raise FormatError(f"expected arrays of NumPy in the archive, or one recording alone; found {names}")
    file, places = map_members(request.bytes, _choose_members(infos, len(request.bytes), options.fields))
    size = _read_size(request.bytes, infos[_SIZE]) if _SIZE in infos else None
    data = memoryview(file)
    arrays = {name: _array_of(data[place], infos[name].filename) for name, place in places.items()}
    if len(arrays) == 1:
        ((name, array),) = arrays.items()
        found = _columns_of(array, options)
    else:
        chosen = choose_fields(arrays, options.fields, "the archive")
        arrays = {name: np.ravel(array) if max(array.shape) == array.size else array for name, array in arrays.items()}
        found = _Found({letter: arrays[name] for letter, name in chosen.names.items()}, FIELDS, chosen.time_unit)
        for name, array in arrays.items():
            _check_number(array.dtype, name)
            if array.ndim != 1 or len(array) != len(found.columns["t"]):
                shapes = ", ".join(f"{name} {list(each.shape)}" for name, each in arrays.items())
                raise FormatError(f"expected four arrays of one length, found {shapes}")
        if options.columns is not None:
            raise ValueError(f"columns={options.columns!r} is for an array [N, 4]; found named arrays")
    recording, metadata = _open_columns(found, file, request)
    spooled = None if file is request.bytes else Spooled(len(file), "the inflated arrays")
    return OpenedFile(recording, "npz", size, metadata, spooled=spooled)


def _open_columns(found: _Found, file: _core.MappedFile, request: Request) -> tuple[_core.Recording, dict[str, Any]]:
    """The recording of columns that lie in a mapped file, and what they are."""
    columns = [found.columns[field] for field in FIELDS]
    base = np.frombuffer(memoryview(file), np.uint8).__array_interface__["data"][0]
    places = [(each.__array_interface__["data"][0] - base, each.strides[0], each.dtype.str) for each in columns]
    rows = len(columns[0])
    unit, off = found.time_unit(file, request), off_of(_rows_of(found.columns["p"], file), rows)
    recording = _core.open_rows(file, places, num_events=rows, us_per_unit=US_PER_UNIT[unit], off=off)
    return recording, {"columns": found.order, "time_unit": unit}


def _rows_of(column: npt.NDArray[Any], file: _core.MappedFile) -> Rows:
    """The rows of a column in a mapped file, which lets go of those that were passed."""

    def read(first: int, last: int) -> npt.NDArray[Any]:
        if first % _KEPT_ROWS == 0 and file.is_large:
            file.forget(0, len(file))
        return column[first:last]

    return read


def _read_header(data: memoryview) -> _Header:
    start = bytes(data[:12])
    length = start[8:10] if start[6:7] == b"\1" else start[8:]
    return _parse_header(bytes(data[: min(8 + len(length) + int.from_bytes(length, "little"), _HEADER_BYTES)]))


@functools.lru_cache(maxsize=64)  # the coordinates of one archive have the same
def _parse_header(data: bytes) -> _Header:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in _READERS:
            raise FormatError(f"expected version 1.0 to 3.0 of the NPY format, found {version[0]}.{version[1]}", 6)
        shape, is_fortran, dtype = _READERS[version](stream)
    except FormatError:
        raise
    except _HEADER_ERRORS as error:
        raise FormatError(f"expected the header of an array, found: {error}", 0) from None
    if dtype.hasobject:
        raise FormatError("expected numbers, found Python objects, which are never unpickled", 0)
    if not shape or min(shape) < 0 or 0 in (*shape[1:], dtype.itemsize):
        raise FormatError(f"expected an array of events, found shape {shape} of {dtype}", 0)
    return _Header(shape, is_fortran, dtype, stream.tell())


def _choose_members(
    infos: Mapping[str, zipfile.ZipInfo], file_bytes: int, fields: Mapping[str, str] | None
) -> dict[str, zipfile.ZipInfo]:
    """The members of events by name: one, or one for each field."""
    others = [name for name in infos if name != _SIZE]
    named = set((fields or {}).values())
    single = next((name for name in _SINGLE if name in infos), others[0] if len(others) == 1 else None)
    if single is None or _holds_fields(others) or (named and named <= set(others)):
        wanted = list(choose_fields(others, fields, "the archive").names.values())
    else:
        wanted = [single]
    claimed = sum(infos[name].file_size for name in wanted)
    most = _TRUSTED_RATIO * file_bytes + _ALWAYS_TRUSTED
    if claimed > most:
        raise FormatError(f"expected members of at most {most} bytes for a file of {file_bytes}, found {claimed}")
    return {name: infos[name] for name in wanted}


def _holds_fields(names: Iterable[str]) -> bool:
    """Whether names are those of all four fields, each once."""
    letters = [named.letter for name in names if (named := field_named(name))]
    return sorted(letters) == sorted(FIELDS)


def _read_size(file: _core.MappedFile, info: zipfile.ZipInfo) -> tuple[int, int] | None:
    """Two or more integers, of which the first are the width and the height; None for anything else."""
    if info.file_size > _HEADER_BYTES:
        return None
    size = _array_of(memoryview(b"".join(read_pieces(file, info))), info.filename)
    if size.dtype.kind not in "iu" or size.ndim != 1 or len(size) not in (2, 3) or not (size[:2] > 0).all():
        return None
    return int(size[0]), int(size[1])


def _array_of(data: memoryview, name: str) -> npt.NDArray[Any]:
    try:
        header = _read_header(data)
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from None
    needed = header.size + header.dtype.itemsize * math.prod(header.shape)
    if len(data) < needed:
        raise FormatError(f"expected {needed} bytes in {name}, found {len(data)}")
    return header.view(data, header.shape[0])


@dataclass(frozen=True)
class _Found:
    """The columns of t, x, y, p, their order in the array, and what the name of the time says that it counts."""

    columns: dict[str, npt.NDArray[Any]]
    order: str
    named_unit: str | None = None

    def time_unit(self, file: _core.MappedFile, request: Request) -> str:
        t = self.columns["t"]
        told = request.options.time_unit or self.named_unit
        return told or time_unit_of(_rows_of(t, file), len(t), t.dtype, request.path)


def _columns_of(array: npt.NDArray[Any], options: ReadOptions) -> _Found:
    order = options.columns
    if order is not None:
        check_columns(order)
    names = array.dtype.names
    if names is None:
        if options.fields is not None:
            raise ValueError(f"fields={dict(options.fields)!r} is for named fields; found an array {list(array.shape)}")
        return _columns_of_matrix(array, order)
    chosen = choose_fields(names, options.fields, f"an array {list(array.shape)} of named fields")
    if array.ndim != 1:
        raise FormatError(f"expected an array [N] of events, found {list(array.shape)}")
    if order is not None:
        raise ValueError(f"columns={order!r} is for an array [N, 4]; found the fields {', '.join(names)}")
    for name in chosen.names.values():
        _check_number(array.dtype[name], name)
    letters = "".join(sorted(FIELDS, key=lambda letter: names.index(chosen.names[letter])))
    return _Found({letter: array[name] for letter, name in chosen.names.items()}, letters, chosen.time_unit)


def _columns_of_matrix(array: npt.NDArray[Any], order: str | None) -> _Found:
    _check_number(array.dtype, "the array")
    expected = len(order or FIELDS)
    if array.ndim != 2 or array.shape[1] != expected:
        raise FormatError(f"expected an array [N, {expected}], found {list(array.shape)}; {ADVICE}")
    if order is None:
        check_order(*array[:_SAMPLE_ROWS].T)
    order = order or FIELDS
    return _Found({letter: array[:, order.index(letter)] for letter in FIELDS}, order)


def _check_number(dtype: np.dtype[Any], name: str) -> None:
    if dtype.kind not in _NUMBERS or dtype.itemsize > 8 or dtype.shape:
        raise FormatError(f"expected integers, floats or booleans in {name}, found {dtype}")
