"""Checks of the parameters of transforms: what came, and what is allowed."""

from __future__ import annotations

import math
from typing import Any


def number(name: str, value: Any, low: float, high: float = math.inf) -> None:
    """ValueError unless ``value`` is a finite number in [low, high]."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not low <= value <= high:
        allowed = f"{low:g} or more" if high == math.inf else f"in [{low:g}, {high:g}]"
        raise ValueError(f"{name} must be a number, {allowed}; got {value!r}")


def whole(name: str, value: Any, low: int, high: float = math.inf) -> None:
    """ValueError unless ``value`` is a whole number in [low, high]."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        allowed = f"{low} or more" if high == math.inf else f"in [{low}, {high:g}]"
        raise ValueError(f"{name} must be a whole number, {allowed}; got {value!r}")
