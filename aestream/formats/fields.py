"""Which of the names in a file are t, x, y and p: one rule for text, arrays and HDF5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from aestream.errors import FormatError
from aestream.event_columns import MINUS_ONES, Column
from aestream.field_names import FIELDS, field_named

ADVICE = 'pass columns="txyp" with these letters in the order of the file\'s columns, "_" for a column to skip'
FIELDS_ADVICE = 'pass fields={"t": "timestamps", ...} with the name of each field that is called otherwise'


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
    if not isinstance(columns, str) or sorted(columns.replace("_", "")) != sorted(FIELDS):
        raise ValueError(f'columns takes each of the letters t, x, y, p once, and "_"; found {columns!r}')


def check_order(t: Column, x: Column, y: Column, p: Column) -> None:
    """Refuse rows that nobody gave an order for, and that are plainly in another than t, x, y, p."""
    largest = np.iinfo(np.int16).max
    for name, coordinates in (("x", x), ("y", y)):
        if (coordinates > largest).any():
            raise FormatError(f"expected the columns t, x, y, p; found {coordinates.max()} for {name}; {ADVICE}")
    odd = [value for value in np.unique(p) if value not in (0, 1, *MINUS_ONES)]
    if odd:
        row = int(np.isin(p, odd).argmax())
        raise FormatError(f"row {row}: expected the columns t, x, y, p; found {p[row]} for a polarity; {ADVICE}")
    falls = count_falls(t)
    if falls > len(t) // 4:
        raise FormatError(f"expected the columns t, x, y, p; found {falls} falls in {len(t)} times; {ADVICE}")


def count_falls(column: Column) -> int:
    """How often a value is below the one before it."""
    return int((column[1:] < column[:-1]).sum())
