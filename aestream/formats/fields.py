"""The names and orders of event fields, which text, arrays and HDF5 share."""

from __future__ import annotations

#: The fields of an event, a letter each.
FIELDS = "txyp"

#: Which field a column of this name, in lower case, holds.
FIELD_OF_NAME = {name: name for name in FIELDS} | {
    "ts": "t",
    "time": "t",
    "timestamp": "t",
    "pol": "p",
    "polarity": "p",
    "on": "p",
}

ADVICE = 'pass columns="txyp" with these letters in the order of the file\'s columns, "_" for a column to skip'


def check_columns(columns: str) -> None:
    """Raise ValueError unless ``columns`` holds each field once, and apart from them only ``"_"``."""
    if sorted(columns.replace("_", "")) != sorted(FIELDS):
        raise ValueError(f'columns takes each of the letters t, x, y, p once, and "_"; found {columns!r}')
