"""What fields of events are called: in files, arrays and tables alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

#: The fields of an event, a letter each.
FIELDS = "txyp"

#: Which field a column of this name, in lower case, holds.
FIELD_OF_NAME = {
    name: letter
    for letter, names in {
        "t": ("t", "ts", "time", "times", "timestamp", "timestamps"),
        "x": ("x", "xs", "x_pos"),
        "y": ("y", "ys", "y_pos"),
        "p": ("p", "ps", "pol", "pols", "polarity", "polarities", "on"),
    }.items()
    for name in names
}

# t_us, timestamp(ns), "time [µs]"; a lone surrogate is the µ of a file in Latin-1
_TIME_WITH_UNIT = re.compile(r"(t|ts|times?|timestamps?)\s*[_ \[(]\s*(s|sec|seconds?|ms|us|µs|μs|\udcb5s|ns)[\])]?")
_UNITS = {"s": "s", "sec": "s", "second": "s", "seconds": "s", "ms": "ms", "ns": "ns"}


class Named(NamedTuple):
    """A field as a name tells it: its letter, and for a time the unit that is part of the name, or None."""

    letter: str
    time_unit: str | None = None


def field_named(name: str) -> Named | None:
    """The field that a column, array or dataset of this name holds, or None."""
    lower = name.strip().lower()
    if lower in FIELD_OF_NAME:
        return Named(FIELD_OF_NAME[lower])
    found = _TIME_WITH_UNIT.fullmatch(lower)
    return Named("t", _UNITS.get(found[2], "us")) if found else None


def field_among(names: Iterable[str], letter: str) -> str | None:
    """The first of a few names that means t, x, y or p, of which the letter itself goes first; None: there is none."""
    found = [name for name in names if FIELD_OF_NAME.get(name.lower()) == letter]
    return letter if letter in found else next(iter(found), None)
