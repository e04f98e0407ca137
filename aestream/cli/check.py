"""``aestream check``: whether files are sound."""

from __future__ import annotations

import sys
from typing import Any

import click

from aestream.cli.options import read_options
from aestream.cli.output import printable
from aestream.cli.sources import expand
from aestream.cli.summary import Summary, summarise
from aestream.errors import FormatError


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--strict", is_flag=True, help="Times that step back are a fault, too.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing of sound files.")
@read_options
def check(files: tuple[str, ...], strict: bool, quiet: bool, reading: dict[str, Any]) -> None:
    """Decode every event and list what is wrong, with the byte or the event where it is.

    Faults are damage, a file that ends inside a word or packet, and events outside of the sensor. Times that step back
    are noted: real sensors do that. Of a folder, all recordings in it and in the folders in it are checked. Exits with
    1 if there is a fault, with 0 if all files are sound.

    \b
    aestream check recording.raw
    aestream check --strict data/*.dat && echo all sound
    """
    faulty = 0
    paths = [str(path) for path, _ in expand(files)]
    for path in paths:
        faults, notes = _examine(path, strict, reading)
        faulty += bool(faults)
        for fault in faults:
            click.echo(printable(f"{path}: fault: {fault}"))
        for note in notes:
            click.echo(printable(f"{path}: note: {note}"))
        if not faults and not quiet:
            click.echo(printable(f"{path}: sound"))
    if len(paths) > 1 and not (quiet and not faulty):
        click.echo(f"{len(paths) - faulty} of {len(paths)} files are sound")
    sys.exit(1 if faulty else 0)


def _examine(path: str, strict: bool, reading: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Faults and notes of one file."""
    try:
        summary = summarise(path, reading)
    except (FormatError, OSError, ValueError, ImportError) as error:
        return [str(error).removeprefix(f"{path}, ").removeprefix(f"{path}: ")], []
    faults, notes = list(summary.warnings), list[str]()
    if summary.first_outside is not None:
        faults.append(_outside(summary))
    if summary.steps_back.count:
        (faults if strict else notes).append(_steps_back(summary))
    if summary.shape is None:
        notes.append("the file does not say its sensor's size: pass --shape to check coordinates")
    if summary.events == 0:
        notes.append("there is no event")
    return faults, notes


def _outside(summary: Summary) -> str:
    number, x, y = summary.first_outside or (0, 0, 0)
    width, height = summary.shape or (0, 0)
    return f"{summary.outside} events outside of {width}x{height}, the first is event {number} at x={x}, y={y}"


def _steps_back(summary: Summary) -> str:
    steps = summary.steps_back
    return f"time steps back {steps.count} times, at most {steps.longest_us} µs after event {steps.at_event}"
