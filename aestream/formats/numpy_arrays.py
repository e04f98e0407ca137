"""NPY and NPZ: one structured array, four arrays, or an array [N, 4]. Spec: numpy.org/doc, "numpy.lib.format"."""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.base import OpenedFile, Request
from aestream.formats.fields import ADVICE, FIELD_OF_NAME, FIELDS, check_columns

_HEADER_BYTES = 1 << 16  # NumPy refuses to read longer ones
_SAMPLE_ROWS = 1 << 16
_TRUSTED_RATIO = 64  # of inflated bytes to the file's
_ALWAYS_TRUSTED = 16 << 20
_NAMES = FIELD_OF_NAME | {"x_pos": "x", "y_pos": "y"}
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
        array: npt.NDArray[Any] = np.ndarray(shape, self.dtype, file, self.size, order="F" if self.is_fortran else "C")
        return array


def open_npy(request: Request) -> OpenedFile:
    """Open one array: structured, with fields called t, x, y, p or alike, or ``[N, 4]`` with the columns t, x, y, p.

    ``columns`` gives another order, or more columns. Times of integers are microseconds, as are those of whole floats;
    floats with a fraction are seconds. Rows are decoded from the mapped file; of one that is cut, whole rows are kept.

    Raises:
        FormatError: if the header is damaged, or the array is none of events; if it is plainly in another order.
        ValueError: if ``columns`` is no such word, or given for a structured array.
    """
    file = request.bytes
    header = _read_header(memoryview(file)[:_HEADER_BYTES])
    row_bytes = header.dtype.itemsize * math.prod(header.shape[1:])
    available = len(file) - header.size
    rows = header.shape[0]
    missing = row_bytes * rows - available
    if missing > 0:
        if header.is_fortran and len(header.shape) > 1:  # whole columns are missing
            raise FormatError(f"expected {row_bytes * rows} bytes of data, found {available}", header.size)
        rows = available // row_bytes
    array = header.view(memoryview(file), rows)
    columns, order = _columns_of(array, request.options.columns)
    us_per_unit = _us_per_unit(columns["t"])
    base = array.__array_interface__["data"][0]
    places = [
        (header.size + each.__array_interface__["data"][0] - base, each.strides[0], each.dtype.str)
        for each in (columns[field] for field in FIELDS)
    ]
    recording = _core.open_rows(file, places, num_events=rows, us_per_unit=us_per_unit)
    return OpenedFile(recording, "npy", None, _metadata(order, us_per_unit), missing_bytes=max(missing, 0))


def open_npz(request: Request) -> OpenedFile:
    """Open an archive of arrays called t, x, y, p or alike, or of one array that ``open_npy`` would take.

    The one is called ``event_data``, or alone in the archive. Members are inflated when the file is opened.

    Raises:
        FormatError: if the archive is damaged, its members are no events, or would inflate to far more than the file.
        ValueError: as ``open_npy``.
    """
    try:
        with zipfile.ZipFile(request.path) as archive:
            arrays = _read_members(archive, len(request.bytes))
    except FormatError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise FormatError(f"expected a sound zip archive, found: {error}") from None
    if len(arrays) == 1:
        ((name, array),) = arrays.items()
        columns, order = _columns_of(array, request.options.columns)
    else:
        columns, order = {_NAMES[name.lower()]: array for name, array in arrays.items()}, FIELDS
        for name, array in arrays.items():
            _check_number(array.dtype, name)
            if array.ndim != 1 or len(array) != len(columns["t"]):
                shapes = ", ".join(f"{name} {list(each.shape)}" for name, each in arrays.items())
                raise FormatError(f"expected four arrays of one length, found {shapes}")
        if request.options.columns is not None:
            raise ValueError(f"columns={request.options.columns!r} is for an array [N, 4]; found named arrays")
    us_per_unit = _us_per_unit(columns["t"])
    recording = _core.open_arrays([columns[field] for field in FIELDS], us_per_unit=us_per_unit)
    return OpenedFile(recording, "npz", None, _metadata(order, us_per_unit))


def _read_header(data: memoryview) -> _Header:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in _READERS:
            raise FormatError(f"expected version 1.0 to 3.0 of the NPY format, found {version[0]}.{version[1]}", 6)
        shape, is_fortran, dtype = _READERS[version](stream)
    except FormatError:
        raise
    except (
        ValueError,
        TypeError,
        SyntaxError,
        tokenize.TokenError,
        RecursionError,
        MemoryError,
        OverflowError,
    ) as error:
        raise FormatError(f"expected the header of an array, found: {error}", 0) from None
    if dtype.hasobject:
        raise FormatError("expected numbers, found Python objects, which are never unpickled", 0)
    if not shape or min(shape) < 0 or 0 in (*shape[1:], dtype.itemsize):
        raise FormatError(f"expected an array of events, found shape {shape} of {dtype}", 0)
    return _Header(shape, is_fortran, dtype, stream.tell())


def _read_members(archive: zipfile.ZipFile, file_bytes: int) -> dict[str, npt.NDArray[Any]]:
    """The arrays of events by name: one, or one for each field."""
    infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    fields = [name for name in infos if name.lower() in _NAMES]
    if len({_NAMES[name.lower()] for name in fields}) == len(fields) == len(FIELDS):
        wanted = fields
    elif "event_data" in infos or len(infos) == 1:
        wanted = ["event_data" if "event_data" in infos else next(iter(infos))]
    else:
        found = ", ".join(infos) or "none"
        raise FormatError(f"expected arrays called t, x, y, p, or one called event_data; found {found}")
    claimed = sum(infos[name].file_size for name in wanted)
    most = _TRUSTED_RATIO * file_bytes + _ALWAYS_TRUSTED
    if claimed > most:
        raise FormatError(f"expected members of at most {most} bytes for a file of {file_bytes}, found {claimed}")
    return {name: _read_member(archive, infos[name]) for name in wanted}


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(f"expected {info.filename} stored or deflated, found compression {info.compress_type}")
    with archive.open(info) as member:
        data = member.read(info.file_size)  # whose CRC is checked
    try:
        header = _read_header(memoryview(data)[:_HEADER_BYTES])
    except FormatError as error:
        raise FormatError(f"{info.filename}: {error}") from None
    needed = header.size + header.dtype.itemsize * math.prod(header.shape)
    if len(data) < needed:
        raise FormatError(f"expected {needed} bytes in {info.filename}, found {len(data)}")
    return header.view(data, header.shape[0])


def _columns_of(array: npt.NDArray[Any], order: str | None) -> tuple[dict[str, npt.NDArray[Any]], str]:
    """The columns of t, x, y, p, and their order in the array."""
    if order is not None:
        check_columns(order)
    if array.dtype.names is None:
        return _columns_of_matrix(array, order)
    names = [name for name in array.dtype.names if name.lower() in _NAMES]
    letters = "".join(_NAMES[name.lower()] for name in names)
    if array.ndim != 1 or sorted(letters) != sorted(FIELDS):
        found = f"{list(array.shape)} of {', '.join(array.dtype.names)}"
        raise FormatError(f"expected an array [N] with one field each called {', '.join(_NAMES)}; found {found}")
    if order is not None:
        raise ValueError(f"columns={order!r} is for an array [N, 4]; found the fields {', '.join(array.dtype.names)}")
    for name in names:
        _check_number(array.dtype[name], name)
    return {letter: array[name] for letter, name in zip(letters, names, strict=True)}, letters


def _columns_of_matrix(array: npt.NDArray[Any], order: str | None) -> tuple[dict[str, npt.NDArray[Any]], str]:
    _check_number(array.dtype, "the array")
    expected = len(order or FIELDS)
    if array.ndim != 2 or array.shape[1] != expected:
        raise FormatError(f"expected an array [N, {expected}], found {list(array.shape)}; {ADVICE}")
    if order is None:
        _check_order(array[:_SAMPLE_ROWS])
    order = order or FIELDS
    return {letter: array[:, order.index(letter)] for letter in FIELDS}, order


def _check_number(dtype: np.dtype[Any], name: str) -> None:
    if dtype.kind not in _NUMBERS or dtype.itemsize > 8 or dtype.shape:
        raise FormatError(f"expected integers, floats or booleans in {name}, found {dtype}")


def _check_order(rows: npt.NDArray[Any]) -> None:
    """Refuse rows that are plainly in another order than t, x, y, p."""
    t, x, y, p = rows.T
    largest = np.iinfo(np.int16).max
    for name, coordinates in (("x", x), ("y", y)):
        if (coordinates > largest).any():
            raise FormatError(f"expected the columns t, x, y, p; found {coordinates.max()} for {name}; {ADVICE}")
    if not np.isin(p, (-1, 0, 1)).all():
        odd = p[~np.isin(p, (-1, 0, 1))][0]
        raise FormatError(f"expected the columns t, x, y, p; found {odd} for a polarity; {ADVICE}")
    falls = int((t[1:] < t[:-1]).sum())
    if falls > len(t) // 4:
        raise FormatError(f"expected the columns t, x, y, p; found {falls} falls in {len(t)} times; {ADVICE}")


def _us_per_unit(times: npt.NDArray[Any]) -> float:
    """Floats with a fraction are seconds; all other times are microseconds."""
    sample = times[:_SAMPLE_ROWS]
    is_seconds = times.dtype.kind == "f" and bool((np.isfinite(sample) & (sample != np.trunc(sample))).any())
    return 1e6 if is_seconds else 1.0


def _metadata(order: str, us_per_unit: float) -> dict[str, Any]:
    return {"columns": order, "time_unit": "us" if us_per_unit == 1 else "s"}
