"""``aestream doctor``: what may be wrong with a folder of recordings."""

from __future__ import annotations

import json
import sys
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from aestream.cli.options import DURATION, read_options
from aestream.datasets.doctor import DoctorReport, RecordingReport, examine


@click.command()
@click.argument("root", type=click.Path(exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object, units in the names.")
@click.option("--gap", type=DURATION, default=1_000_000, help="From what length on a silence is a gap.  [default: 1s]")
@click.option(
    "--hot",
    type=click.FloatRange(1, min_open=True),
    default=50.0,
    show_default=True,
    help="A pixel is hot with so many times the events of the others.",
)
@read_options
def doctor(root: str, as_json: bool, gap: int, hot: float, reading: dict[str, Any]) -> None:
    """Examine every recording below ROOT, and the boxes beside them, before a training does.

    Shows events, rate over time, polarity balance, hot pixels, steps back and gaps of each; then what is doubtful:
    the same events in two splits, labels without events, frozen boxes, files that cannot be read. Exits with 1 if
    anything is.

    \b
    aestream doctor data/digits
    aestream doctor --json gen1/train | jq .problems
    """
    try:
        report = examine(root, gap_us=gap, hot_factor=hot, **{k: v for k, v in reading.items() if v is not None})
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    problems = report.problems()
    if as_json:
        click.echo(json.dumps(report.to_json()))
    else:
        _show(report, problems)
    sys.exit(1 if problems else 0)


def _show(report: DoctorReport, problems: list[str]) -> None:
    table = Table(title=report.root, title_justify="left", box=None, pad_edge=False)
    table.add_column("recording", overflow="fold")
    table.add_column("rate over time")
    for name in ("events", "seconds", "events/s", "ON", "hot", "back", "gaps", "boxes"):
        table.add_column(name, justify="right")
    for each in report.recordings:
        table.add_row(*_row(each))
    Console(soft_wrap=True, highlight=False).print(table)
    for problem in problems:
        click.echo(problem)
    click.echo(f"{len(report.recordings)} recordings, {len(problems)} problems")


def _row(report: RecordingReport) -> list[str]:
    if report.error is not None:
        return [report.name, "cannot be read"]
    seconds = (report.t_stop_us - report.t_start_us) / 1e6
    rate = f"{report.events / seconds:,.0f}" if seconds else "-"
    ratio = "-" if report.on_ratio is None else f"{report.on_ratio:.0%}"
    counts = [str(len(report.hot_pixels)), str(report.steps_back), str(report.gaps)]
    boxes = "-" if report.boxes is None else str(report.boxes.boxes)
    return [report.name, _bars(report.rates_hz), f"{report.events:,}", f"{seconds:.3f}", rate, ratio, *counts, boxes]


def _bars(rates_hz: list[float]) -> str:
    """A character for each part of the time, as high as its rate."""
    most = max(rates_hz, default=0.0)
    return "".join(" ▁▂▃▄▅▆▇█"[round(8 * rate / most)] for rate in rates_hz) if most else ""
