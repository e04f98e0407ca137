"""What the program prints on, and how it ends: any encoding, a full disk and a closed pipe are no tracebacks."""

from __future__ import annotations

import codecs
import json
import math
import os
import sys
from typing import Any

import click
import numpy as np
from rich.console import Console

_ASCII = {"µ": "u", "×": "x", "−": "-", "…": "...", "–": "-"}


def console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console that takes text for what it is: no markup, no emoji, nothing highlighted."""
    return Console(stderr=stderr, quiet=quiet, markup=False, emoji=False, highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """Text of files and paths without what would steer a terminal."""
    return "".join(each if each.isprintable() or _is_stray(each) else ascii(each)[1:-1] for each in text)


def to_json(value: Any) -> str:
    """A line of JSON, which knows no NaN and no infinity: they are null."""
    return json.dumps(_plain(value), allow_nan=False)


def run(command: click.Command) -> None:
    """Run the program; always ends by SystemExit."""
    codecs.register_error("aestream", _replace)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="aestream")
    try:
        try:
            command(prog_name="aestream")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # such as of `| head`
        _drop_output()
        sys.exit(1)
    except OSError as error:
        _drop_output()
        place = f"{error.filename}: " if error.filename else "the output cannot be written: "
        click.echo(f"Error: {place}{error.strerror or error}", err=True)
        sys.exit(1)


def _drop_output() -> None:
    """Nothing more can be written: without this the interpreter would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _is_stray(character: str) -> bool:
    """Whether it stands for a byte of a name that is not UTF-8: it is written as that byte."""
    return "\udc80" <= character <= "\udcff"


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    given = error.object[error.start : error.end]
    if all(_is_stray(each) for each in given):
        return bytes(ord(each) - 0xDC00 for each in given), error.end
    return "".join(_ASCII.get(each) or ascii(each)[1:-1] for each in given), error.end


def _plain(value: Any) -> Any:
    """The value made of what JSON has."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
