"""The first lines of a text file, whatever its encoding, and what they say without being read as columns."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.spool import PIECE_BYTES, Spool

_SAMPLE_BYTES = 1 << 16
#: Data must begin within so many bytes: no header or comment of a real file is as long.
MOST_HEADER_BYTES = 1 << 20
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_SIZE = re.compile(r"[1-9]\d{0,4}")
_GEOMETRY = re.compile(r"[#%]\s*geometry\s*[:=\s]\s*([1-9]\d{0,4})\s*[,xX]\s*([1-9]\d{0,4})\s*", re.IGNORECASE)


class Line(NamedTuple):
    """One line of text.

    Attributes:
        number: from 1.
        offset: bytes from the start of the file.
        text: without its end; bytes that are no UTF-8 are kept by ``surrogateescape``.
        ended: whether a line end follows.
    """

    number: int
    offset: int
    text: str
    ended: bool

    def error(self, message: str) -> FormatError:
        """An error at this line."""
        return FormatError(f"line {self.number}: {message}", self.offset)

    def short(self) -> str:
        """Its start, for messages."""
        return ascii(self.text.strip()[:60])


def as_plain_text(file: _core.MappedFile) -> tuple[_core.MappedFile, bool]:
    """The file itself, or a spool with the same text in UTF-8 and lines that end with LF; and whether it is that."""
    head = bytes(memoryview(file)[:_SAMPLE_BYTES])
    encoding = _UTF16_MARKS.get(head[:2])
    if encoding is None and (b"\n" in head or b"\r" not in head):
        return file, False
    decoder = codecs.getincrementaldecoder(encoding or "latin-1")("replace")
    with Spool(len(file)) as spool:
        for start in range(2 if encoding else 0, len(file), PIECE_BYTES):
            piece = memoryview(file)[start : start + PIECE_BYTES]
            text = decoder.decode(bytes(piece), start + PIECE_BYTES >= len(file))
            spool.write(text.replace("\r", "\n").encode("utf-8" if encoding else "latin-1"))
            if file.is_large:
                file.forget(start, start + PIECE_BYTES)
        return spool.map(), True


def data_lines(file: _core.MappedFile) -> tuple[list[Line], list[str]]:
    """Lines that hold data or a header, from the start of the file, and the comments before them.

    There are none, or few, in a file whose first ``MOST_HEADER_BYTES`` hold none.
    """
    for size in (_SAMPLE_BYTES, MOST_HEADER_BYTES):
        data: list[Line] = []
        comments: list[str] = []
        for line in _lines(file, size):
            text = line.text.strip(" \t\r")
            if text.startswith(("#", "%")):
                comments += [] if data else [text]
            elif text:
                data.append(line)
        if len(data) > 2 or size >= len(file):
            break
    return data, comments


def _lines(file: _core.MappedFile, size: int) -> Iterator[Line]:
    """The lines in the first `size` bytes, but for a last one that goes on behind them."""
    sample = bytes(memoryview(file)[:size])
    if len(sample) < len(file):
        sample = sample[: sample.rfind(b"\n") + 1]
    offset = len(_UTF8_MARK) if sample.startswith(_UTF8_MARK) else 0
    pieces = sample[offset:].split(b"\n")
    for number, line in enumerate(pieces, start=1):
        yield Line(number, offset, line.decode("utf-8", "surrogateescape"), number < len(pieces))
        offset += len(line) + 1


def take_geometry(lines: list[Line], comments: list[str]) -> tuple[tuple[int, int] | None, list[Line]]:
    """Width and height: a comment that says so; or a first line of two numbers, which longer ones follow."""
    for comment in comments:
        if found := _GEOMETRY.fullmatch(comment):
            return (int(found[1]), int(found[2])), lines
    words = [split(line.text, separator_of(line.text)) for line in lines[:2]]
    if len(words) == 2 and len(words[0]) == 2 < len(words[1]) and all(_SIZE.fullmatch(word) for word in words[0]):
        return (int(words[0][0]), int(words[0][1])), lines[1:]
    return None, lines


def separator_of(line: str) -> str:
    """The separator that occurs most in a line; a blank, which stands for any run of blanks, if there is no other."""
    stripped = line.strip(" \r\t")
    best = max(",;\t", key=stripped.count)
    aligned = best == "\t" and "" in split(stripped, best)  # several tabs in a row, or tabs and spaces
    return " " if best not in stripped or aligned else best


def split(line: str, separator: str) -> list[str]:
    """The columns of a line without quotes; an empty one at its end, behind a trailing separator, is none."""
    words = line.split() if separator == " " else line.strip(" \r").split(separator)
    if len(words) > 1 and not words[-1].strip():
        words.pop()
    words = [word.strip() for word in words]
    return [word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word for word in words]
