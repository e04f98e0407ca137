"""MATLAB files of ASL-DVS: arrays ts, x, y and pol of a DAVIS240C. Layout: github.com/PIX2NVS/NVS2Graph."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

import aestream._core as _core
from aestream.errors import FormatError
from aestream.field_names import FIELD_OF_NAME, FIELDS
from aestream.formats.base import OpenedFile, Request
from aestream.formats.units import US_PER_UNIT, off_of, rows_of, time_unit_of

_SIGNATURE = b"MATLAB 5.0 MAT-file"
_SHAPE = (240, 180)


def is_matlab(request: Request) -> bool:
    """Whether a file begins as MATLAB's do, version 5 to 7."""
    return request.file is not None and bytes(memoryview(request.file)[: len(_SIGNATURE)]) == _SIGNATURE


def open_matlab(request: Request) -> OpenedFile:
    """Open a file of four arrays of one length, called ts, x, y, pol or alike, of a sensor of 240x180.

    ``mirror`` names the axes to mirror against the stored order; None: none, as stored, where y counts upwards.

    Raises:
        FormatError: if the file is damaged, or its arrays are no events.
        ValueError: if ``mirror`` is no such word.
        ImportError: if SciPy is missing; names the extra.
    """
    mirror = request.options.mirror or ""
    if mirror not in ("", "x", "y", "xy"):
        raise ValueError(f'mirror must be "", "x", "y" or "xy"; got {mirror!r}')
    arrays = _read(request.path)
    columns = {
        FIELD_OF_NAME[name.lower()]: np.ravel(array) for name, array in arrays.items() if name.lower() in FIELD_OF_NAME
    }
    lengths = {letter: len(column) for letter, column in columns.items()}
    if sorted(columns) != sorted(FIELDS) or len(set(lengths.values())) != 1:
        raise FormatError(f"expected arrays ts, x, y, pol of one length, found {', '.join(arrays) or 'none'}")
    if any(column.dtype.kind not in "biuf" for column in columns.values()):
        raise FormatError("expected arrays of numbers, found others")
    for letter, length in zip("xy", _SHAPE, strict=True):
        if letter in mirror:
            columns[letter] = (length - 1 - columns[letter].astype(np.int64)).astype(np.int16)
    t, p = columns["t"], columns["p"]
    unit = request.options.time_unit or time_unit_of(rows_of(t), len(t), t.dtype, request.path)
    off = off_of(rows_of(p), len(p))
    recording = _core.open_arrays([columns[letter] for letter in FIELDS], us_per_unit=US_PER_UNIT[unit], off=off)
    return OpenedFile(recording, "matlab", _SHAPE, {"mirror": mirror, "time_unit": unit})


def _read(path: str) -> dict[str, Any]:
    try:
        from scipy.io import loadmat
    except ImportError:
        raise ImportError("MATLAB files need SciPy: pip install 'aestream[matlab]'") from None
    try:
        loaded = loadmat(path)
    except (ValueError, TypeError, KeyError, IndexError, EOFError, OSError, NotImplementedError, zlib.error) as error:
        raise FormatError(f"expected a sound MATLAB file, found: {error}") from None
    return {name: array for name, array in loaded.items() if not name.startswith("__")}
