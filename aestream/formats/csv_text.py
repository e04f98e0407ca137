"""Text, one event a line: which separator, which columns and which unit of time; the core reads the lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.base import OpenedFile, Request
from aestream.formats.fields import ADVICE, FIELD_OF_NAME, FIELDS, check_columns

_SAMPLE_BYTES = 1 << 16
_CHECKED_LINES = 256
_MOST_COLUMNS = 255
_SIZE = re.compile(r"[1-9]\d{0,4}")
_NAME = re.compile(r"([A-Za-z_]\w*)(?:@([1-9]\d{0,4}))?")  # x@346: faery writes the sensor's width into the header
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class _Line(NamedTuple):
    number: int  # from 1
    offset: int  # bytes from the start of the file
    text: str

    def error(self, message: str) -> FormatError:
        return FormatError(f"line {self.number}: {message}", self.offset)


@dataclass(frozen=True)
class _Layout:
    order: str  # a letter per column: t, x, y, p, and "_" for one to skip
    shape: tuple[int, int] | None = None
    named: bool = True


def open_csv(request: Request) -> OpenedFile:
    """Open a text file in any of the usual dialects.

    Separators are commas, semicolons, tabs or spaces. Columns go by the names in a header (t, ts, time or timestamp;
    x; y; p, pol, polarity or on; others are ignored), which may be a comment; by ``columns``; or are t, x, y, p. The
    sensor's width and height are a first line of two numbers, or ``x@346,y@260`` in a header. If a time among the first
    lines has a decimal point, all are seconds, else microseconds. A file without a line of data holds no events.

    Raises:
        FormatError: if a header has other names, or lines without header are plainly not t, x, y, p.
        ValueError: if ``columns`` is not such a word, or contradicts the header.
    """
    file, columns = request.bytes, request.options.columns
    if columns is not None:
        check_columns(columns)
    lines, comments = _data_lines(file)
    shape, lines = _take_geometry(lines)
    separator = _separator(lines[0].text if lines else ",")
    layout, lines = _take_header(lines, comments, separator, columns)
    order = layout.order
    if lines and columns is None and not layout.named:
        _check_unnamed(lines, separator)
    pointed = (_split(line.text, separator) for line in lines if "." in line.text)
    seconds = any(_is_decimal(words[order.index("t")]) for words in pointed if len(words) == len(order))
    recording = _core.open_csv(
        file,
        lines[0].offset if lines else len(file),
        separator=separator,
        columns=[order.index(letter) for letter in FIELDS],
        num_columns=len(order),
        seconds=seconds,
    )
    metadata = {"separator": separator, "columns": order, "time_unit": "s" if seconds else "us"}
    return OpenedFile(recording, "csv", layout.shape or shape, metadata)


def _data_lines(file: _core.MappedFile) -> tuple[list[_Line], list[str]]:
    """Lines that hold data or a header, from the start of the file, and the comments before them."""
    size = _SAMPLE_BYTES
    while True:
        data: list[_Line] = []
        comments: list[str] = []
        for line in _lines(file, size):
            text = line.text.strip(" \t\r")
            if text.startswith("#"):
                comments += [] if data else [text]
            elif text:
                data.append(line)
        if len(data) > 2 or size >= len(file):
            return data, comments
        size *= 8  # comments, or very long lines


def _lines(file: _core.MappedFile, size: int) -> Iterator[_Line]:
    """The lines in the first `size` bytes, but for a last one that goes on behind them."""
    sample = bytes(memoryview(file)[:size])
    if len(sample) < len(file):
        sample = sample[: sample.rfind(b"\n") + 1]
    offset = 0
    for number, line in enumerate(sample.split(b"\n"), start=1):
        yield _Line(number, offset, line.decode("latin-1"))
        offset += len(line) + 1


def _take_geometry(lines: list[_Line]) -> tuple[tuple[int, int] | None, list[_Line]]:
    """Width and height, if they are the first line and a longer one follows."""
    words = [_split(line.text, _separator(line.text)) for line in lines[:2]]
    if len(words) == 2 and len(words[0]) == 2 < len(words[1]) and all(_SIZE.fullmatch(word) for word in words[0]):
        return (int(words[0][0]), int(words[0][1])), lines[1:]
    return None, lines


def _separator(line: str) -> str:
    """The separator that occurs most in a line; a blank, which stands for any run of blanks, if there is no other."""
    best = max(",;\t", key=line.strip(" \r").count)
    aligned = best == "\t" and "" in _split(line, best)  # several tabs in a row, or tabs and spaces
    return " " if best not in line or aligned else best


def _split(line: str, separator: str) -> list[str]:
    words = line.split() if separator == " " else line.strip(" \r").split(separator)
    return [word.strip() for word in words]


def _take_header(
    lines: list[_Line], comments: list[str], separator: str, columns: str | None
) -> tuple[_Layout, list[_Line]]:
    """The layout of the columns, and the lines behind the header."""
    if lines and not any(_NUMBER.match(word) for word in _split(lines[0].text, separator)):
        names = [word.strip("\"'") for word in _split(lines[0].text, separator)]
        layout = _layout_of(names)
        if layout is None and columns is None:
            known = ", ".join(FIELD_OF_NAME)
            raise lines[0].error(f"expected columns named {known}; found {_short(lines[0])}; {ADVICE}")
        lines = lines[1:]
    else:
        named = [_layout_of(re.split(r"[\s,;]+", comment.lstrip("# \t"))) for comment in comments]
        layout = next((one for one in named if one), None)
    if layout is None:
        return _Layout(columns or FIELDS, named=False), lines
    if columns is not None and columns.rstrip("_") != layout.order.rstrip("_"):
        raise ValueError(f'columns={columns!r} contradicts the header, whose columns are "{layout.order}"')
    return layout, lines


def _layout_of(names: list[str]) -> _Layout | None:
    """What a header says; None unless it names each of t, x, y, p once."""
    matches = [_NAME.fullmatch(name) for name in names]
    order = "".join(FIELD_OF_NAME.get(match[1].lower(), "_") if match else "_" for match in matches)
    if sorted(order.replace("_", "")) != sorted(FIELDS) or len(order) > _MOST_COLUMNS:
        return None
    width, height = (matches[order.index(axis)][2] for axis in "xy")  # type: ignore[index]
    return _Layout(order, (int(width), int(height)) if width and height else None)


def _check_unnamed(lines: list[_Line], separator: str) -> None:
    """Refuse lines that are plainly in another order than t, x, y, p."""
    words = _split(lines[0].text, separator)
    if len(words) != len(FIELDS):
        message = f"expected the four columns t, x, y, p; found {len(words)} in {_short(lines[0])}; {ADVICE}"
        raise lines[0].error(message)
    for line in lines[:_CHECKED_LINES]:
        polarity = _split(line.text, separator)[3:4]  # none in a line that is cut
        if polarity and _NUMBER.fullmatch(polarity[0]) and float(polarity[0]) not in (-1, 0, 1):
            raise line.error(f"expected the columns t, x, y, p; found {polarity[0]} for a polarity; {ADVICE}")


def _short(line: _Line) -> str:
    return repr(line.text.strip()[:60])


def _is_decimal(time: str) -> bool:
    return "." in time and _NUMBER.fullmatch(time) is not None
