"""``aestream convert``: files of any format into files of any other."""

from __future__ import annotations

import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aestream.cli.made import Made
from aestream.cli.options import ROI, TIME, Time, open_cut, read_options
from aestream.cli.output import console as make_console
from aestream.cli.output import printable
from aestream.cli.sources import Source, expand
from aestream.convert import Converted, convert
from aestream.writers import endings


@dataclass(frozen=True)
class Job:
    """How every file of one command is converted."""

    reading: dict[str, Any]
    writing: dict[str, Any]
    start: Time | None
    stop: Time | None
    made: Made = field(default_factory=Made)

    def how(self, source: Path) -> dict[str, Any]:
        """What a file is made from and with, as plain values."""
        given = {**self.reading, **self.writing, "start": self.start, "stop": self.stop}
        given.pop("threads", None)  # changes no event
        return {"from": os.path.realpath(source)} | {
            name: str(value) for name, value in given.items() if value is not None and value is not False
        }

    def run(self, source: Path, target: Path, progress: Any = None) -> Converted:
        """Convert one file."""
        file = open_cut(source, self.start, self.stop, self.reading)
        target.parent.mkdir(parents=True, exist_ok=True)
        done = convert(file, target, progress=progress, **self.writing)
        self.made.remember(target, self.how(source))
        return done


@click.command("convert")
@click.argument("sources", metavar="IN...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path())
@click.option(
    "--to", help="Ending or format of files in a folder, such as aedat4, evt3 or h5; or what OUT's ending leaves open."
)
@click.option("--start", type=TIME, help="Begin there: 1.5s after the first event, or @ and absolute microseconds.")
@click.option("--stop", type=TIME, help="End there.")
@click.option("--roi", type=ROI, help="Keep only this region; its corner becomes (0, 0).")
@click.option(
    "--drop-outside", is_flag=True, help="Leave out events outside of the sensor; otherwise they are an error."
)
@click.option("--from-zero", is_flag=True, help="Count times from --start, or from the first event.")
@click.option("--compression", help="For aedat4: none, lz4 or zstd.")
@click.option("--jobs", "-j", type=click.IntRange(1), help="Files at a time.  [default: one for each core]")
@click.option("--overwrite", is_flag=True, help="Convert again what is there already.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
@read_options
def convert_command(
    sources: tuple[Path, ...],
    target: str,
    to: str | None,
    start: Time | None,
    stop: Time | None,
    roi: tuple[int, int, int, int] | None,
    drop_outside: bool,
    from_zero: bool,
    compression: str | None,
    jobs: int | None,
    overwrite: bool,
    quiet: bool,
    reading: dict[str, Any],
) -> None:
    """Convert files from any format to any other.

    Times, coordinates and order stay as they are; what a format cannot hold is an error. OUT is a file, whose ending
    says the format (.raw is EVT3, .h5 DSEC's layout, .hdf5 Prophesee's), or, for several files or a folder, a folder
    with --to; the tree of folders is kept. A file appears under its name only when it is complete, and one that is
    newer than its source is not converted again: to go on after an interruption, give the same command. One that was
    made from another file or with other options is an error, unless there is --overwrite.

    \b
    aestream convert recording.raw recording.aedat4
    aestream convert recording.aedat4 cut.raw --start 1s --stop 1.5s --roi 100,50,320,240 --from-zero
    aestream convert recording.dat recording.raw --to evt2
    aestream convert data/*.raw converted/ --to aedat4 --compression lz4
    aestream convert data/ converted/ --to h5 --shape 640x480
    """
    writing: dict[str, Any] = {"roi": roi, "drop_outside": drop_outside, "from_zero": from_zero}
    if compression is not None:
        writing["compression"] = compression
    pairs, format = _plan(sources, target, to)
    if format is not None:
        writing["format"] = format
    job = Job(reading, writing, start, stop)
    console = make_console(stderr=True, quiet=quiet)
    todo, failed = [], False
    for pair in pairs:
        if overwrite or not _is_done(*pair):
            todo.append(pair)
        else:
            failed |= _report_done(job, *pair, console)
    if len(todo) == 1:
        failed |= _convert_one(job, *todo[0], console)
    else:
        failed |= _convert_many(job, todo, jobs, console)
    sys.exit(1 if failed else 0)


def _plan(sources: tuple[Path, ...], target: str, to: str | None) -> tuple[list[tuple[Path, Path]], str | None]:
    """Which file becomes which, and the format where the ending does not say it."""
    known = endings()
    format = next((name for name, ending in known.items() if to in (name, ending, ending[1:])), None)
    if to is not None and format is None:
        raise click.UsageError(f"--to must be one of {', '.join(known)}, or an ending of theirs; got {to!r}")
    found = expand(sources, without=target)
    is_file = [each.path for each in found] == list(sources)  # a folder was not searched
    if len(sources) == 1 and is_file and not target.endswith(os.sep) and not os.path.isdir(target):
        return [(sources[0], Path(target))], format
    if format is None:
        raise click.UsageError(f"--to is needed for files in the folder {target!r}: {', '.join(known)}")
    pairs = [(path, Path(target) / within.with_name(_stem(path) + known[format])) for path, within in _placed(found)]
    _check_distinct(pairs)
    return pairs, format


def _placed(found: list[Source]) -> list[Source]:
    """The sources, by their way from the folder above them all where some of other folders have one name."""
    names = Counter(each.within.with_name(_stem(each.path)) for each in found)
    if max(names.values(), default=1) == 1:
        return found
    paths = [Path(os.path.abspath(each.path)) for each in found]
    above = os.path.commonpath([path.parent for path in paths])
    return [Source(each.path, path.relative_to(above)) for each, path in zip(found, paths, strict=True)]


def _stem(source: Path) -> str:
    """The name without its ending, and without that of a compression around it."""
    name = source.name
    for wrapper in (".gz", ".zst", ".xz"):
        name = name.removesuffix(wrapper)
    return Path(name).stem


def _check_distinct(pairs: list[tuple[Path, Path]]) -> None:
    by_target: dict[Path, Path] = {}
    for source, target in pairs:
        if target in by_target:
            raise click.UsageError(f"{by_target[target]} and {source} would both become {target}")
        by_target[target] = source


def _is_done(source: Path, target: Path) -> bool:
    return target.exists() and target.stat().st_mtime >= source.stat().st_mtime


def _report_done(job: Job, source: Path, target: Path, console: Console) -> bool:
    """Say of a file that is there whether it is what the command would make. Returns whether it is something else."""
    made, wanted = job.made.how(target), job.how(source)
    if made is None:
        console.print(printable(f"{target}: there already, of what is not known (--overwrite converts again)"))
        return False
    if made == wanted:
        console.print(printable(f"{target}: there already (--overwrite converts again)"))
        return False
    names = sorted(name for name in made | wanted if made.get(name) != wanted.get(name))
    changes = ", ".join(f"{name} {made.get(name, 'as it is')}, not {wanted.get(name, 'as it is')}" for name in names)
    click.echo(printable(f"{target}: there already, but made with {changes} (--overwrite converts again)"), err=True)
    return True


def _convert_one(job: Job, source: Path, target: Path, console: Console) -> bool:
    with _progress(
        console, TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:.0f} %")
    ) as bar:
        task = bar.add_task(f"{source.name}", total=None)
        return _report(job, source, target, console, lambda done, total: bar.update(task, completed=done, total=total))


def _convert_many(job: Job, pairs: list[tuple[Path, Path]], jobs: int | None, console: Console) -> bool:
    workers = min(jobs or os.cpu_count() or 1, max(len(pairs), 1))
    if workers > 1:
        job.reading["threads"] = 1  # files side by side use the cores better than threads in one
    with _progress(console, BarColumn(), MofNCompleteColumn(), TextColumn("files"), TimeRemainingColumn()) as bar:
        task = bar.add_task("converting", total=len(pairs))
        with ThreadPoolExecutor(workers) as pool:
            failures = []
            futures = [pool.submit(_report, job, *pair, console) for pair in pairs]
            try:
                for future in futures:
                    failures.append(future.result())
                    bar.advance(task)
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                raise
    return any(failures)


def _report(job: Job, source: Path, target: Path, console: Console, progress: Any = None) -> bool:
    """Convert one file and say how it went. Returns whether it failed."""
    try:
        done = job.run(source, target, progress)
    except (ValueError, OSError, ImportError) as error:
        click.echo(printable(f"{source}: {error}" if str(source) not in str(error) else str(error)), err=True)
        return True
    outside = f", {done.outside:,} outside left out" if done.outside else ""
    shift = f", times shifted by {done.shift_us} µs" if done.shift_us else ""
    console.print(printable(f"{target}: {done.events:,} events{outside}{shift}"))
    return False


def _progress(console: Console, *columns: Any) -> Progress:
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
