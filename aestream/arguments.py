"""Checks of arguments that several entry points share: what came, and what is allowed."""

from __future__ import annotations

from numbers import Real
from operator import index
from typing import Any

import numpy as np

MAX_LENGTH = 32767  # of a sensor's side: coordinates are int16
_INT64 = np.iinfo(np.int64)


def positive(name: str, value: int | None) -> None:
    """Raise ValueError unless ``value`` is None or a whole number from 1 that fits int64."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
        raise ValueError(f"{name} must be a whole number, 1 or more; got {value!r}")
    if value is not None and value > _INT64.max:
        raise ValueError(f"{name} must fit int64; got {value!r}")


def to_time(name: str, value: float) -> int:
    """A time in µs as a plain integer; ValueError unless it is whole and fits int64."""
    try:
        is_whole_float = isinstance(value, float | np.floating) and value.is_integer()
        time = int(value) if is_whole_float else index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"{name} must be a whole number of microseconds; got {value!r}") from None
    if not _INT64.min <= time <= _INT64.max:
        raise ValueError(f"{name} must fit int64, in microseconds; got {value!r}")
    return time


def to_index(value: Any) -> int:
    """The number of an item as it came, where it is a whole number; TypeError for anything else."""
    try:
        return value if isinstance(value, int) else index(value)
    except TypeError:
        raise TypeError(
            f"an index is a whole number; got {value!r}: torch.utils.data.Subset(dataset, indices) are several items"
        ) from None


def index_within(value: Any, length: int, what: str) -> int:
    """The index from 0 of one of so many items, which ``what`` calls by their name; IndexError if it is beyond them."""
    number = to_index(value)
    if not -length <= number < length:
        raise IndexError(f"index {value} is out of range for {length} {what}")
    return number % length


def register(known: dict[str, Any], cls: type) -> None:
    """Note a class by its name; a name that one of this package has stays that class's."""
    before = known.get(cls.__name__)
    if before is None or not before.__module__.startswith("aestream."):
        known[cls.__name__] = cls


def check_epoch(epoch: int) -> int:
    """The number of an epoch; ValueError unless it is whole and fits int64."""
    if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer) or not _INT64.min <= epoch <= _INT64.max:
        raise ValueError(f"epoch must be a whole number; got {epoch!r}")
    return int(epoch)


def by_row(values: Any) -> Any:
    """A column or table of pandas as an array, whose rows have numbers: by itself it takes an index for a label."""
    return values.to_numpy() if hasattr(values, "iloc") else values


def check_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """A sensor's (width, height) as plain integers; ValueError unless both are whole numbers from 1 to 32767."""
    try:
        width, height = shape
        width, height = index(width), index(height)
    except (TypeError, ValueError):
        raise ValueError(f"shape must be (width, height), each from 1 to {MAX_LENGTH}, got {shape!r}") from None
    if not (1 <= width <= MAX_LENGTH and 1 <= height <= MAX_LENGTH):
        raise ValueError(f"shape must be (width, height), each from 1 to {MAX_LENGTH}, got {shape!r}")
    return width, height


def check_window(start_us: Any, stop_us: Any) -> tuple[int | None, int | None]:
    """The edges of a half-open window as plain integers, where they are known.

    Raises:
        ValueError: if one is not whole, or does not fit int64; if the window ends before it starts.
    """
    start_us = None if start_us is None else to_time("start_us", start_us)
    stop_us = None if stop_us is None else to_time("stop_us", stop_us)
    if start_us is not None and stop_us is not None and start_us > stop_us:
        raise ValueError(f"stop_us must not be before start_us; got [{start_us}, {stop_us})")
    return start_us, stop_us


def positive_or_none(name: str, value: Any) -> None:
    """Raise ValueError unless ``value`` is None or a number above 0."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if value is not None and not (is_number and value > 0):
        raise ValueError(f"{name} must be a positive number or None; got {value!r}")
