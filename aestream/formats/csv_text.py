"""Text, one event a line: which columns, which unit of time and which sensor; the core reads the lines."""

from __future__ import annotations

from typing import Any

import numpy as np

import aestream._core as _core
from aestream.errors import FormatError
from aestream.field_names import FIELDS
from aestream.formats.base import OpenedFile, Request, Spooled
from aestream.formats.csv_header import Layout, find_layout, is_number, split_heads
from aestream.formats.csv_lines import (
    MOST_HEADER_BYTES,
    Line,
    as_plain_text,
    data_lines,
    separator_of,
    split,
    take_geometry,
)
from aestream.formats.fields import ADVICE, check_columns, count_falls
from aestream.formats.units import POWER_OF_UNIT, warn_of_guess

_LFS = b"version https://git-lfs"
_CHECKED_LINES = 256
_FEWEST_TIMES = 16  # that say anything about their order


def open_csv(request: Request) -> OpenedFile:
    """Open a text file in any of the usual dialects.

    Separators are commas, semicolons, tabs or spaces, and a header may have another; lines end with LF, CR LF or CR; a
    byte order mark says UTF-8 or UTF-16. Lines before a header that hold no number are left aside. Columns go by
    ``columns``; else by the names in a header, which may be a comment (``fields`` says otherwise; columns with further
    names are ignored); else they are t, x, y, p. Numbers may be written as floats. The sensor's width and height are a
    first line of two numbers, a line ``%geometry:346,260``, or ``x@346,y@260`` in a header. Times count ``time_unit``;
    else what their column's name says, such as ``t_us``; else seconds, if one of all has a fraction; else microseconds.
    A file without a line of data holds no events.

    Raises:
        FormatError: if a header has other names or is longer than a mebibyte, or lines without header are plainly not
            t, x, y, p.
        ValueError: if ``columns`` or ``fields`` is not such an argument, or not for this file.
    """
    options = request.options
    if options.columns is not None:
        check_columns(options.columns)
    if bytes(memoryview(request.bytes)[: len(_LFS)]) == _LFS:
        raise FormatError("expected events, found a pointer of Git LFS: git lfs pull fetches the file")
    file, is_spooled = as_plain_text(request.bytes)
    lines, comments = data_lines(file)
    shape, lines = take_geometry(lines, comments)
    heads, rows = split_heads(lines)
    separator = separator_of((rows or heads)[0].text if lines else ",")
    layout, lines = find_layout(lines, comments, separator, options.columns, options.fields)
    if not lines and len(file) > MOST_HEADER_BYTES:
        raise FormatError(f"expected a line of data within the first {MOST_HEADER_BYTES} bytes, found none", 0)
    if lines:
        _check_width(lines, separator, layout)
        if not layout.told:
            _check_order(lines, separator)
            _check_times(lines[:_CHECKED_LINES], separator)
    begin = lines[0].offset if lines else len(file)
    dialect: dict[str, Any] = {
        "separator": separator,
        "columns": [layout.order.index(letter) for letter in FIELDS],
        "num_columns": len(layout.order),
    }
    spelling, off = _core.survey_csv(file, begin, **dialect)
    unit = options.time_unit or layout.time_unit
    if unit is None:
        unit = "s" if spelling == "fraction" else "us"
        if spelling != "integer":
            warn_of_guess(request.path, unit, *_ends(file, lines, separator, layout))
    recording = _core.open_csv(file, begin, power=POWER_OF_UNIT[unit], off=off, **dialect)
    metadata = {"separator": separator, "columns": layout.order, "time_unit": unit}
    spooled = Spooled(len(file), "the text in UTF-8, its lines ended by LF") if is_spooled else None
    return OpenedFile(recording, "csv", layout.shape or shape, metadata, spooled=spooled)


def _check_width(lines: list[Line], separator: str, layout: Layout) -> None:
    """Refuse a first line with another number of columns; one that ends the file may be cut."""
    words = split(lines[0].text, separator)
    if len(words) == len(layout.order) or (len(lines) == 1 and not lines[0].ended):
        return
    said = f'the columns "{layout.order}"' if layout.told else "the four columns t, x, y, p"
    raise lines[0].error(f"expected {said}; found {len(words)} in {lines[0].short()}; {ADVICE}")


def _check_order(lines: list[Line], separator: str) -> None:
    """Refuse lines that are plainly in another order than t, x, y, p."""
    for line in lines[:_CHECKED_LINES]:
        words = split(line.text, separator)[1:4]  # fewer in a line that is cut
        for name, word in zip("xy", words, strict=False):
            if is_number(word) and not float(word).is_integer():
                raise line.error(f"expected the columns t, x, y, p; found {word} for {name}; {ADVICE}")
        if len(words) == 3 and is_number(words[2]) and not _is_polarity(float(words[2])):
            raise line.error(f"expected the columns t, x, y, p; found {words[2]} for a polarity; {ADVICE}")


def _check_times(lines: list[Line], separator: str) -> None:
    """Refuse times that fall again and again beside a column that only rises: that one holds the times."""
    rows = [split(line.text, separator)[:3] for line in lines]
    columns = np.array([[float(word) for word in row] for row in rows if len(row) == 3 and all(map(is_number, row))]).T
    if not len(lines) // 2 < columns.shape[-1] >= _FEWEST_TIMES:
        return
    t, *others = columns
    falls = count_falls(t)
    for name, column in zip("xy", others, strict=True):
        if falls > len(t) // 4 and count_falls(column) == 0 and column[0] < column[-1]:
            found = f"{falls} falls in {len(t)} times, and none in {name}"
            raise lines[0].error(f"expected the columns t, x, y, p; found {found}; {ADVICE}")


def _is_polarity(value: float) -> bool:
    return value in (-1, 0, 1, 2**8 - 1, 2**16 - 1, 2**32 - 1)


def _ends(file: _core.MappedFile, lines: list[Line], separator: str, layout: Layout) -> tuple[float, float]:
    """The times of the first line and of one close to the end."""
    last = bytes(memoryview(file)[max(len(file) - 4096, 0) :]).rstrip().rpartition(b"\n")
    found = []
    for text in (lines[0].text, last[0].rpartition(b"\n")[2].decode("latin-1"), last[2].decode("latin-1")):
        words = split(text, separator)
        at = layout.order.index("t")
        if len(words) == len(layout.order) and is_number(words[at]):
            found.append(float(words[at]))
    return (found[0], found[-1]) if found else (0.0, 0.0)
