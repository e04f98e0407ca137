"""Text with one event a line, in any of the usual dialects (FORMATS.md, section 12)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from .events import to_events

NAMES = {"t": ("t", "ts", "time", "timestamp"), "x": ("x",), "y": ("y",), "p": ("p", "pol", "polarity", "on")}


def decode(payload: bytes, *, columns: str | None = None) -> np.ndarray:
    """Decode a whole file; columns: the order of the columns, such as "xypt". A cut last line is dropped."""
    named, _, lines = _split(payload)
    order = columns or named or "txyp"
    rows = []
    for number, line in lines:
        words = _words(line)
        if len(words) < len(order) and number == payload.count(b"\n") + 1:
            break  # the last line, without a line end
        if len(words) != len(order):
            raise ValueError(f"line {number}: {len(words)} columns instead of {len(order)}")
        value = dict(zip(order, words, strict=True))
        rows.append((_time(value["t"]), int(value["x"]), int(value["y"]), _polarity(value["p"])))
    return to_events(rows)


def geometry(payload: bytes) -> tuple[int, int] | tuple[None, None]:
    """(width, height) from 'x@346,y@260' in the header or from a first line of two numbers."""
    return _split(payload)[1]


def _split(payload: bytes) -> tuple[str | None, tuple, list[tuple[int, str]]]:
    """(column order named in the file, geometry, numbered lines of events)."""
    lines = [(number, line.strip()) for number, line in enumerate(payload.decode("ascii").split("\n"), start=1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    first = _words(lines[0][1]) if lines else []
    if len(first) == 2 and all(word.isdigit() for word in first):
        return None, (int(first[0]), int(first[1])), lines[1:]
    if not first or not re.match(r"[A-Za-z]", first[0]):
        return None, (None, None), lines
    size = {word.split("@")[0]: int(word.split("@")[1]) for word in first if "@" in word}
    order = "".join(_letter(word) for word in first)
    return order, (size.get("x"), size.get("y")), lines[1:]


def _words(line: str) -> list[str]:
    return re.split(r"\s*[,;\s]\s*", line)


def _letter(name: str) -> str:
    """The field that a column of this name holds."""
    return next(letter for letter, names in NAMES.items() if name.split("@")[0].lower() in names)


def _time(word: str) -> int:
    """Microseconds; with a decimal point seconds, rounded to the nearest microsecond from the digits."""
    if "." not in word:
        return int(word)
    return int((Decimal(word) * 1_000_000).to_integral_value(ROUND_HALF_UP))


def _polarity(word: str) -> bool:
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    return int(word) > 0
