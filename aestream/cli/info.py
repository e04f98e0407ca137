"""``aestream info``: what is in a file."""

from __future__ import annotations

import sys
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from aestream.cli.options import DURATION, ROI, read_options
from aestream.cli.output import console, printable, to_json
from aestream.cli.sources import expand
from aestream.cli.summary import Jumps, Summary, summarise
from aestream.errors import FormatError


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each file, units in the names.")
@click.option("--gap", type=DURATION, default=100_000, help="From what length on a silence is a gap.  [default: 100ms]")
@click.option("--roi", type=ROI, help="Look at this region only; its corner becomes (0, 0).")
@read_options
def info(
    files: tuple[str, ...],
    as_json: bool,
    gap: int,
    roi: tuple[int, int, int, int] | None,
    reading: dict[str, Any],
) -> None:
    """Show format, sensor, events, time span, rate, polarity balance, gaps and steps back in time.

    Reads every event. Of a folder, all recordings in it and in the folders in it. Exits with 1 if a file cannot be
    read.

    \b
    aestream info recording.raw
    aestream info --json *.aedat4 | jq .rate_hz
    aestream info --gap 1s --columns xytp --time-unit ms events.csv
    aestream info data/
    """
    failed = False
    for path, _ in expand(files):
        try:
            summary = summarise(str(path), reading, gap_us=gap, roi=roi)
        except (FormatError, OSError, ValueError, ImportError) as error:
            click.echo(printable(f"{path}: {error}" if str(path) not in str(error) else str(error)), err=True)
            failed = True
            continue
        if as_json:
            click.echo(to_json(summary.to_json()))
        else:
            _show(summary)
    sys.exit(1 if failed else 0)


def _show(summary: Summary) -> None:
    table = Table(
        title=Text(printable(summary.path), "italic"), title_justify="left", show_header=False, box=None, pad_edge=False
    )
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _rows(summary):
        table.add_row(Text(printable(name)), Text(printable(value)))
    console().print(table)


def _rows(summary: Summary) -> list[tuple[str, str]]:
    shape = "not in the file" if summary.shape is None else f"{summary.shape[0]} x {summary.shape[1]}"
    rows = [("format", summary.format), ("sensor", shape), ("events", f"{summary.events:,}")]
    if summary.events:
        ratio = summary.on_ratio or 0.0
        rows += [
            ("time", f"{summary.t_start_us} to {summary.t_stop_us} µs: {summary.duration_s:.6f} s"),
            ("rate", f"{summary.rate_hz:,.0f} events/s"),
            ("polarity", f"{ratio:.1%} ON, {1 - ratio:.1%} OFF"),
            ("coordinates", f"x up to {summary.max_x}, y up to {summary.max_y}"),
            ("outside", f"{summary.outside:,} events outside of the sensor"),
            (f"gaps >= {summary.gap_us / 1000:g} ms", _jumps(summary.gaps)),
            ("steps back", _jumps(summary.steps_back)),
        ]
    per_event = f", {summary.bytes / summary.events:.2f} bytes an event" if summary.events else ""
    rows.append(("size", f"{summary.bytes:,} bytes{per_event}"))
    rows += [("warning", warning) for warning in summary.warnings]
    return rows + [(f"  {key}", str(value)) for key, value in summary.metadata.items()]


def _jumps(jumps: Jumps) -> str:
    if jumps.count == 0:
        return "none"
    return f"{jumps.count:,}; the longest {jumps.longest_us:,} µs, after event {jumps.at_event:,} at {jumps.at_us} µs"
