"""Which column of a text file is t, x, y and p: what the user says, a header, a comment, or the usual order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from aestream.field_names import FIELD_OF_NAME, FIELDS, field_named
from aestream.formats.csv_lines import Line, separator_of, split
from aestream.formats.fields import ADVICE, FieldsError, check_fields

_MOST_COLUMNS = 255
_SIZED_NAME = re.compile(r"(.*\S)@([1-9]\d{0,4})")  # x@346: faery writes the sensor's width into the header
_SIZE_NAME = re.compile(r"geometry:([1-9]\d{0,4})x([1-9]\d{0,4})")  # behind the names of the columns: our own
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\][]*\]")


@dataclass(frozen=True)
class Layout:
    """What the columns are.

    Attributes:
        order: a letter per column: t, x, y, p, and "_" for one to skip.
        shape: sensor (width, height), where the header tells it.
        time_unit: where the name of the time tells it.
        told: whether the file or the user says so; else it is the usual order.
    """

    order: str
    shape: tuple[int, int] | None = None
    time_unit: str | None = None
    told: bool = True


def is_number(word: str) -> bool:
    """Whether a word is a decimal number."""
    return _NUMBER.fullmatch(word) is not None


def find_layout(
    lines: list[Line], comments: list[str], separator: str, columns: str | None, fields: Mapping[str, str] | None
) -> tuple[Layout, list[Line]]:
    """The layout of the columns, and the lines behind a header. ``columns`` overrides whatever the file says.

    Raises:
        FormatError: if there is a header whose names are others.
        ValueError: if ``fields`` names no column of the header, or is given with ``columns``.
    """
    check_fields(fields)
    if columns is not None and fields is not None:
        raise FieldsError(f"pass columns or fields; got {columns!r} and {fields!r}")
    heads, behind = split_heads(lines)
    names = _names_of(heads[-1]) if heads else []
    size = _SIZE_NAME.fullmatch(names[-1]) if names else None
    shape = (int(size[1]), int(size[2])) if size else None
    names = names[:-1] if size else names
    layout = _layout_of(names, fields) if names else None
    if layout is not None and shape is not None:
        layout = replace(layout, shape=shape)
    if columns is not None:
        unit = layout.time_unit if layout is not None and layout.order.index("t") == columns.index("t") else None
        return Layout(columns, shape or _shape_of(names), unit), behind
    if layout is not None:
        return layout, behind
    if heads:
        known = ", ".join(sorted(FIELD_OF_NAME, key=lambda name: name not in FIELDS))
        raise heads[-1].error(f"expected columns named {known}; found {heads[-1].short()}; {ADVICE}")
    width = len(split(behind[0].text, separator)) if behind else len(FIELDS)
    for comment in comments:
        if (layout := _layout_of_comment(comment, width, fields)) is not None:
            return layout, behind
    if fields is not None:
        raise FieldsError(
            f"fields is for a file whose columns have names; found {lines[0].short() if lines else 'none'}"
        )
    return Layout(FIELDS, told=False), behind


def split_heads(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The lines before the first one with a number, of which the last may be a header, and the others.

    Of lines without any number only the first is a head.
    """
    count = next((number for number, line in enumerate(lines) if _has_number(line)), min(len(lines), 1))
    return lines[:count], lines[count:]


def _has_number(line: Line) -> bool:
    return any(_NUMBER.match(word) for word in split(line.text, separator_of(line.text)))


def _names_of(line: Line) -> list[str]:
    return [word.strip("\"' ") for word in split(line.text, separator_of(line.text))]


def _layout_of(names: list[str], fields: Mapping[str, str] | None = None) -> Layout | None:
    """What a header says; None unless it names each of t, x, y, p once."""
    plain = [found[1] if (found := _SIZED_NAME.fullmatch(name)) else name for name in names]
    given = {name: letter for letter, name in (fields or {}).items()}
    missing = [name for name in given if name not in plain]
    if missing:
        raise FieldsError(f"fields must name columns, which are {', '.join(plain)}; got {missing[0]!r}")
    order, time_unit = "", None
    for name in plain:
        named = field_named(name)
        if name in given:
            order += given[name]
        elif named is None or named.letter in (fields or {}):
            order += "_"
        else:
            order += named.letter
        if order[-1] == "t" and named is not None:
            time_unit = named.time_unit
    if sorted(order.replace("_", "")) != sorted(FIELDS) or len(order) > _MOST_COLUMNS:
        return None
    return Layout(order, _shape_of(names), time_unit)


def _shape_of(names: list[str]) -> tuple[int, int] | None:
    sizes = {found[1].lower(): int(found[2]) for name in names if (found := _SIZED_NAME.fullmatch(name))}
    return (sizes["x"], sizes["y"]) if "x" in sizes and "y" in sizes else None


def _layout_of_comment(comment: str, width: int, fields: Mapping[str, str] | None) -> Layout | None:
    """What a comment says about so many columns: names and nothing else, or in prose the four names in a row."""
    text = comment.lstrip("#% \t")
    for words in (re.split(r"[\s,;]+", text), re.split(r"[\s,;:.=|]+", _ASIDE.sub(" ", text))):
        words = [word.strip("\"'") for word in words if word]
        try:
            if len(words) == width and (layout := _layout_of(words, fields)) is not None:
                return layout
        except FieldsError:
            continue
        if width != len(FIELDS):
            continue
        runs = (words[start : start + width] for start in range(len(words) - width + 1))
        for run in runs:
            if all(field_named(word) for word in run) and (layout := _layout_of(run)) is not None:
                return layout
    return None
