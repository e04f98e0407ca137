"""What the numbers of a file mean that does not say so: one rule for text, arrays and HDF5, from all of its rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import get_worker_info

from aestream.errors import TimeUnitWarning
from aestream.event_columns import UNIT_ADVICE, guess_time_unit

US_PER_UNIT = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
POWER_OF_UNIT = {"s": 6, "ms": 3, "us": 0, "ns": -3}

_PIECE_ROWS = 1 << 16
_LONG_S = 7 * 86_400  # no recording is a week long
_WARNED: set[tuple[str, str]] = set()

#: Reads rows [first, last) of a column.
Rows = Callable[[int, int], npt.NDArray[Any]]


def rows_of(column: npt.NDArray[Any]) -> Rows:
    """The rows of an array."""
    return lambda first, last: column[first:last]


def time_unit_of(read: Rows, count: int, dtype: np.dtype[Any], path: str) -> str:
    """What the times of a file count that does not say so.

    Integers are microseconds; floats are seconds if one of all has a fraction, else microseconds. Warns with a
    TimeUnitWarning where that could be wrong.
    """
    if dtype.kind != "f" or count == 0:
        return "us"
    pieces = (read(first, min(first + _PIECE_ROWS, count)) for first in range(0, count, _PIECE_ROWS))
    unit = "s" if any(guess_time_unit(piece) == "s" for piece in pieces) else "us"
    first, last = float(read(0, 1)[0]), float(read(count - 1, count)[0])
    warn_of_guess(path, unit, first, last)
    return unit


def warn_of_guess(path: str, unit: str, first: float, last: float) -> None:
    """Warn, once per file and process, of times that are floats and may count something else."""
    doubt = None
    if unit == "us" and (first != 0 or last != 0):
        doubt = "are floats without a fraction, taken for microseconds"
    if unit == "s" and abs(last - first) > _LONG_S:
        doubt = f"have fractions and are taken for seconds, though they span {abs(last - first):.0f}"
    if doubt is None or (path, doubt) in _WARNED or get_worker_info() is not None:
        return
    _WARNED.add((path, doubt))
    message = f"times of {path!r} {doubt}: {UNIT_ADVICE}"
    warnings.warn(message, TimeUnitWarning, stacklevel=2)


def off_of(read: Rows, count: int) -> int | None:
    """What stands for OFF in a column of polarities: 0, or -1 where the first that is not 1 is not 0; None: unknown."""
    for first in range(0, count, _PIECE_ROWS):
        piece = read(first, min(first + _PIECE_ROWS, count))
        others = np.flatnonzero(piece != 1)
        if len(others):
            return 0 if piece[others[0]] == 0 else -1
    return None
