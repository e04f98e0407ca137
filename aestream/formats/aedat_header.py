"""The lines of text that lead an AEDAT 1, 2 or 3 file, and the cameras that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import aestream._core as _core
from aestream.errors import FormatError

CHIPS = {  # name → (width, height)
    "dvs128": (128, 128),
    "davis128": (128, 128),
    "davis208": (208, 192),
    "davis240": (240, 180),
    "davis346": (346, 260),
    "davis640": (640, 480),
}
_MOST_BYTES = 4 << 20  # of a header: jAER stores its preferences there, some hundred kilobytes
_CHIP = re.compile("|".join(CHIPS), re.IGNORECASE)
_TEXT = rb"#([\t\x20-\x7E\x80-\xFF]*)"
_LINES = (re.compile(_TEXT + rb"\r\n"), re.compile(_TEXT + rb"\n"))
_CUT_LINE = re.compile(_TEXT + rb"\r?\Z")


class HeaderLine(NamedTuple):
    """A line without its ``#`` and its end."""

    text: str
    start: int  # bytes from the start of the file
    stop: int


def header_lines(file: _core.MappedFile, last: str) -> Iterator[HeaderLine]:
    """The lines at the start of a file, up to and with the line ``last``; none where there is no header.

    What follows may begin with ``#`` by chance. A line is text without control characters that ends as the first one
    does, so that the end of the lines is found where ``last`` is missing.

    Raises:
        FormatError: if the file ends inside a line, or the lines are longer than 4 MiB.
    """
    view = memoryview(file)[:_MOST_BYTES] if len(file) else b""  # re takes no buffer without memory
    line = next((each for each in _LINES if each.match(view)), None)
    if line is None:
        return
    offset = 0
    while found := line.match(view, offset):
        text = found[1].decode("utf-8", "surrogateescape")
        offset = found.end()
        yield HeaderLine(text, found.start(), offset)
        if text == last:
            return
    is_cut = _CUT_LINE.match(view, offset)
    if len(view) < len(file) and (is_cut or offset == len(view)):
        raise FormatError(f"expected a header of at most {_MOST_BYTES} bytes, found more", offset)
    if is_cut:
        raise FormatError("expected a header line, found the end of the file in one", offset)


def chip_named(name: str) -> str | None:
    """The name in ``CHIPS`` that a camera or its class begins with: ``"davis240"`` for ``"DAVIS240C"``."""
    found = _CHIP.match(name.strip().rpartition(".")[2])
    return found[0].lower() if found else None
