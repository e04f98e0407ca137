"""Columns of events that somebody else made: checked, converted where that loses nothing, never bent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NoReturn, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import torch

from aestream.field_names import FIELDS, field_among

Column: TypeAlias = npt.NDArray[Any]
TimeUnit: TypeAlias = Literal["s", "ms", "us", "ns"]

TIME_UNITS: tuple[str, ...] = get_args(TimeUnit)
UNIT_ADVICE = 'time_unit="s", "ms", "us" or "ns" says what they count'
MINUS_ONES = (-1, 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**64 - 1)  # -1, and what it becomes where it is stored unsigned

_INT64 = np.iinfo(np.int64)
_INT16 = np.iinfo(np.int16)
_US_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}


def field_of(dtype: np.dtype[Any], name: str) -> str | None:
    """What the field t, x, y or p is called there, by the names that files have; None if it is missing."""
    return field_among(dtype.names or (), name)


def columns_of(events: Any) -> dict[str, Column]:
    """The columns t, x, y and p, as they came, of one length.

    Args:
        events: a structured array ``[N]`` with the fields t, x, y and p, or names that mean them, such as timestamp and
            polarity; or four arrays, tensors or sequences ``[N]`` in that order, such as ``Events``.

    Raises:
        ValueError: if it is neither; with what to pass instead.
    """
    dtype = getattr(events, "dtype", None)
    parts = tuple(iter(events)) if isinstance(events, (tuple, list)) else ()  # the length of Events is another
    if isinstance(dtype, np.dtype) and dtype.names is not None:
        fields = {name: field_of(dtype, name) for name in FIELDS}
        if None in fields.values():
            raise ValueError(f"events must have the fields t, x, y, p; got {', '.join(dtype.names)}")
        columns = {name: events[field] for name, field in fields.items()}
    elif len(parts) == len(FIELDS):
        columns = {name: _to_array(column, name) for name, column in zip(FIELDS, parts, strict=True)}
    else:
        expected = "events must be a structured array with the fields t, x, y, p, or four columns (t, x, y, p)"
        raise ValueError(f"{expected}; got {_describe(events)}")
    for name, column in columns.items():
        if column.ndim != 1 or column.shape != columns["t"].shape:
            raise ValueError(f"columns must have one dimension and one length; got {name} of shape {column.shape}")
    return columns


def _describe(events: Any) -> str:
    """What came, and for a table of events what to write instead."""
    if isinstance(events, (np.ndarray, torch.Tensor)):
        found = f"an array {list(events.shape)} of {events.dtype}"
        is_table = events.ndim == 2 and events.shape[1] == len(FIELDS)
        return f"{found}: for rows of t, x, y, p pass tuple(array.T)" if is_table else found
    is_rows = isinstance(events, list) and events and all(isinstance(row, (tuple, list)) for row in events)
    advice = ": for rows of t, x, y, p pass tuple(zip(*rows))" if is_rows else ""
    return f"{type(events).__name__}{advice}"


def _to_array(column: Any, name: str) -> Column:
    if not isinstance(column, torch.Tensor):
        return np.asarray(column)
    if column.device.type == "meta":
        raise ValueError(f"columns must hold data; got {name} on the device meta")
    column = column.detach().to_dense().cpu()
    array: Column = (column.float() if column.dtype == torch.bfloat16 else column).numpy()
    return array


def check_time_unit(time_unit: str | None) -> None:
    """Raise ValueError unless it is None or the name of a unit."""
    if time_unit is not None and time_unit not in TIME_UNITS:
        raise ValueError(f"time_unit must be one of {', '.join(TIME_UNITS)}, or None; got {time_unit!r}")


def guess_time_unit(column: Column) -> Literal["s", "us"]:
    """What times count that do not say so: seconds if one of them has a fraction, else microseconds.

    Looks at the whole column. Times that are no finite number have no say.
    """
    if column.dtype.kind != "f":
        return "us"
    return "s" if (np.isfinite(column) & (column != np.trunc(column))).any() else "us"


def to_microseconds(
    column: Column, time_unit: str | None = None, *, first_row: int = 0, guess: bool = False
) -> npt.NDArray[np.int64]:
    """Times as int64 microseconds: the column itself where it is that already, else a new array.

    Args:
        column: ``[N]`` integers or floats.
        time_unit: what they count: "s", "ms", "us" or "ns", rounded to the nearest microsecond. None: microseconds.
        first_row: number of the first row, for messages.
        guess: without ``time_unit``, take floats for seconds if one has a fraction, instead of refusing them.

    Raises:
        ValueError: naming the row, if a time is NaN or infinite, does not fit int64, or has a fraction of a
            microsecond though nobody said a unit; or if the column holds no numbers, or there is no such unit.
    """
    check_time_unit(time_unit)
    if column.dtype.kind not in "iuf":
        raise ValueError(f"t must be integers; got {column.dtype}")
    if column.dtype.kind == "f":
        _refuse(~np.isfinite(column), column, first_row, lambda t: f"t must be a finite number; got {t}")
        if time_unit is None and guess:
            time_unit = guess_time_unit(column)
        return _float_to_microseconds(column, time_unit, first_row)
    if time_unit == "ns":
        return (column // 1000 + (column % 1000 >= 500)).astype(np.int64)
    factor = _US_PER_UNIT[time_unit or "us"]
    _refuse_beyond("t", column, first_row, -(2**63 // factor), _INT64.max // factor)
    microseconds = column.astype(np.int64, copy=False)
    return microseconds if factor == 1 else microseconds * factor


def _float_to_microseconds(column: Column, time_unit: str | None, first_row: int) -> npt.NDArray[np.int64]:
    if time_unit is None:
        _refuse(
            column != np.trunc(column),
            column,
            first_row,
            lambda t: f"t must be integers; got {column.dtype} {t}; {UNIT_ADVICE}",
        )
    wide = column.astype(np.float64)
    scaled = np.rint(wide / 1000 if time_unit == "ns" else wide * _US_PER_UNIT[time_unit or "us"])
    too_far = (scaled < -(2.0**63)) | (scaled >= 2.0**63)
    _refuse(too_far, column, first_row, lambda t: f"t must fit int64 in microseconds; got {t}; {UNIT_ADVICE}")
    return scaled.astype(np.int64)


def to_coordinates(column: Column, name: str, *, first_row: int = 0) -> npt.NDArray[np.int16]:
    """x or y as int16: the column itself where it is that already, else a new array.

    Args:
        column: ``[N]`` integers, or floats that are whole.
        name: "x" or "y", for messages; ``first_row`` likewise.

    Raises:
        ValueError: naming the row, if a value is NaN, has a fraction or does not fit int16; or for another type.
    """
    if column.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be integers; got {column.dtype}")
    if column.dtype.kind == "f":
        _refuse(column != np.trunc(column), column, first_row, lambda value: f"{name} must be integers; got {value}")
    _refuse_beyond(name, column, first_row, _INT16.min, _INT16.max)
    return column.astype(np.int16, copy=False)


def to_polarity(column: Column, *, first_row: int = 0) -> npt.NDArray[np.bool_]:
    """Polarities as bool, True = ON: the column itself where it is that already, else a new array.

    Args:
        column: ``[N]`` of 0 and 1, or of -1 and 1, in any type; a -1 may have been stored unsigned, as 255, 65535,
            4294967295 or 2^64 - 1.
        first_row: number of the first row, for messages.

    Raises:
        ValueError: naming the row of the first value that is a third one; or if the column holds no numbers.
    """
    if column.dtype.kind == "b":
        return column
    if column.dtype.kind not in "iuf":
        raise ValueError(f"p must be integers; got {column.dtype}")
    is_on = column == 1
    odd = np.flatnonzero(~is_on)
    if len(odd):
        off = column[odd[0]]
        if off != 0 and _whole(off) not in MINUS_ONES:
            _refuse_polarity(int(odd[0]), off, first_row)
        third = odd[column[odd] != off]
        if len(third):
            _refuse_polarity(int(third[0]), column[third[0]], first_row)
    return np.asarray(is_on)


def _refuse_polarity(row: int, value: Any, first_row: int) -> NoReturn:
    raise ValueError(f"event {first_row + row}: p must be from 0 to 1; got {value} (or -1 and 1, where no p is 0)")


def _whole(value: Any) -> int | None:
    """The whole number that the value is, if it is one."""
    return int(value) if np.isfinite(value) and value == np.trunc(value) else None


def _refuse_beyond(name: str, column: Column, first_row: int, least: int, most: int) -> None:
    """Refuse what is beyond, in the column's own type, which may not hold the limits."""
    if column.dtype.kind != "f":
        own = np.iinfo(column.dtype)
        if own.min >= least and own.max <= most:
            return
        least, most = max(least, int(own.min)), min(most, int(own.max))
    _refuse(
        (column < least) | (column > most),
        column,
        first_row,
        lambda value: f"{name} must be from {least} to {most}; got {value}",
    )


def _refuse(wrong: Column, column: Column, first_row: int, explain: Callable[[Any], str]) -> None:
    """Raise ValueError for the first row that is wrong, if there is one."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        row = int(rows[0])
        raise ValueError(f"event {first_row + row}: {explain(column[row])}")
