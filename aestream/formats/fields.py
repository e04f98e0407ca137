"""The names and orders of event fields, which text, arrays and HDF5 share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aestream.errors import FormatError

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

ADVICE = 'pass columns="txyp" with these letters in the order of the file\'s columns, "_" for a column to skip'
FIELDS_ADVICE = 'pass fields={"t": "timestamps", ...} with the name of each field that is called otherwise'

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


class Chosen(NamedTuple):
    """The names of t, x, y, p by their letters, and the unit that the name of the time tells, or None."""

    names: dict[str, str]
    time_unit: str | None


def choose_fields(found: Iterable[str], fields: Mapping[str, str] | None, where: str) -> Chosen:
    """Which of the names that were found is t, x, y and p: what ``fields`` says, else what the names themselves do.

    Raises:
        FormatError: if one of the four is missing, or two names mean the same; lists what was found.
        ValueError: if ``fields`` has other keys than t, x, y, p, or names what is not there.
    """
    found = list(found)
    check_fields(fields)
    names = dict(fields or {})
    missing = [name for name in names.values() if name not in found]
    if missing:
        raise FieldsError(f"fields must name what is in {where}: {', '.join(found) or 'nothing'}; got {missing[0]!r}")
    unit = None
    for name in found:
        named = field_named(name)
        if named is None or named.letter in (fields or {}) or name in names.values():
            continue
        if named.letter in names:
            twice = f"{names[named.letter]} and {name}"
            raise FormatError(f"expected one each of t, x, y, p in {where}, found {twice}; {FIELDS_ADVICE}")
        names[named.letter] = name
        unit = named.time_unit or unit
    if len(names) != len(FIELDS):
        raise FormatError(
            f"expected t, x, y, p, or names that mean them, in {where}; found {', '.join(found) or 'nothing'}; "
            f"{FIELDS_ADVICE}"
        )
    if fields and "t" in fields:
        named = field_named(names["t"])
        unit = named.time_unit if named else None
    return Chosen({letter: names[letter] for letter in FIELDS}, unit)


class FieldsError(ValueError):
    """What ``fields`` says is not in the file."""


def check_fields(fields: Mapping[str, str] | None) -> None:
    """Raise ValueError unless ``fields`` maps some of t, x, y, p to names, each to another."""
    if fields is None:
        return
    is_mapping = isinstance(fields, Mapping) and all(isinstance(name, str) for name in fields.values())
    if not is_mapping or not set(fields) <= set(FIELDS) or len(set(fields.values())) != len(fields):
        raise ValueError(f'fields maps "t", "x", "y", "p" to names, each to another; got {fields!r}')


def check_columns(columns: str) -> None:
    """Raise ValueError unless ``columns`` holds each field once, and apart from them only ``"_"``."""
    if sorted(columns.replace("_", "")) != sorted(FIELDS):
        raise ValueError(f'columns takes each of the letters t, x, y, p once, and "_"; found {columns!r}')
