"""Checks of arguments that several entry points share: what came, and what is allowed."""

from __future__ import annotations

from numbers import Real
from operator import index
from typing import Any

import numpy as np

MAX_LENGTH = 32767  # of a sensor's side: coordinates are int16


def positive(name: str, value: int | None) -> None:
    """Raise ValueError unless ``value`` is None or a whole number from 1."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1):
        raise ValueError(f"{name} must be a whole number, 1 or more; got {value!r}")


def to_time(name: str, value: float) -> int:
    """A time in µs as a plain integer; ValueError unless it is whole."""
    if isinstance(value, float | np.floating) and value.is_integer():
        return int(value)
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"{name} must be a whole number of microseconds; got {value!r}") from None


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


def check_window(start_us: int | None, stop_us: int | None) -> None:
    """Raise ValueError if the half-open window is known and ends before it starts."""
    if start_us is not None and stop_us is not None and start_us > stop_us:
        raise ValueError(f"stop_us must not be before start_us; got [{start_us}, {stop_us})")


def positive_or_none(name: str, value: Any) -> None:
    """Raise ValueError unless ``value`` is None or a number above 0."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if value is not None and not (is_number and value > 0):
        raise ValueError(f"{name} must be a positive number or None; got {value!r}")
