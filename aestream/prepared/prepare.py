"""prepare: a dataset into shards, on threads or on a cluster, with every item accounted for."""

from __future__ import annotations

import os
import queue
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from aestream.datasets.published import check_choice
from aestream.prepared.contents import MANIFEST, Contents, StoredShard, write_text
from aestream.prepared.making import Made, find_made, make_shard
from aestream.prepared.plan import Plan, make_plan
from aestream.prepared.sources import Recordings
from aestream.prepared.unfinished import remove_abandoned
from aestream.training.passport import require_equal

_LOST = "the client has lost its scheduler or its workers; run prepare again, it goes on"
_WAITING = 2048  # tasks that are handed over and not done yet


@dataclass(frozen=True)
class Failure:
    """A recording of which something is missing, and why."""

    recording: str
    error: str


@dataclass(frozen=True)
class PrepareReport:
    """What `prepare` did.

    Attributes:
        made, kept: shards that were made now, and that were there already.
        items: items in all of them.
        bytes: their size.
        failed: what could not be read; empty if everything is there.
        changed: recordings that have changed since the run before, or are new or gone.
    """

    made: int
    kept: int
    items: int
    bytes: int
    failed: tuple[Failure, ...]
    changed: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.items} items, {self.bytes / 1e6:.1f} MB: {self.made} shards made, {self.kept} kept"]
        if self.changed:
            lines.append(f"{len(self.changed)} recordings have changed since the run before, as {self.changed[0]}")
        lines.extend(f"not read: {failure.recording}: {failure.error}" for failure in self.failed)
        return "\n".join(lines)


def prepare(
    dataset: Any,
    out: str | os.PathLike[str],
    *,
    what: str = "events",
    client: Any = None,
    workers: int | None = None,
    shard_bytes: int = 64 << 20,
    errors: str = "report",
    progress: bool | None = None,
) -> PrepareReport:
    """Write what a dataset yields into shards, from which `PreparedDataset` reads it.

    A run that was interrupted goes on where it was: run it again. Shards and manifest are the same bytes whoever made
    them, and appear when they are complete. A recording that has changed since is made again, and said.

    Items are made a piece at a time, so that memory does not grow with them. Tensors are an exception where something
    has to see all events of an item at once: an ``event_transform`` that is no coordinate map, `AveragedTimeSurface`,
    and each step of `Steps` of what counts its bins by the events' own times.

    Args:
        dataset: a `FileInput`, `RecordingDataset` or any of `aestream.datasets`.
        out: a folder, made if it is not there; with a ``client`` one that all of its workers see under this name.
        what: ``"events"``: the events of each window, in 8 bytes each; transforms and representation are applied when
            they are read. ``"tensors"``: what ``event_transform`` and ``representation`` make of them, whole or as
            cells that are not zero, whichever is smaller. ``transform`` and ``target_transform`` are applied when they
            are read in both.
        client: whatever has ``submit(function, *arguments)``: an executor, a ``dask.distributed.Client``. None: threads
            of this process. Processes need a dataset that can be pickled.
        workers: threads, if there is no client; None: one per core.
        shard_bytes: size of a shard, about.
        errors: ``"report"``: a recording that cannot be read is in the report and stops nothing else; ``"raise"``.
        progress: show a bar, if tqdm is installed; None: if stderr is a terminal.

    Raises:
        TypeError: if the dataset has no recordings, or a target is no number, text, array or tensor.
        ValueError: if the folder holds something that was made otherwise (it shows both passports), or an
            ``event_transform`` is random where tensors are stored.
        OSError: if a shard cannot be written. What is complete stays.

    Warns:
        UserWarning: if recordings have changed since the folder was prepared, or cannot be read.
    """
    check_choice("errors", errors, ("report", "raise"))
    plan = make_plan(dataset, what, shard_bytes)
    if errors == "raise" and plan.unreadable:
        raise ValueError(f"{plan.files[plan.unreadable[0][0]].name}: {plan.unreadable[0][1]}")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder)
    changed = _compare(plan, folder)
    done: dict[str, Made] = {}
    with _bar(sum(plan.lengths), progress) as advance:
        for made in _make_all(plan, dataset, os.fspath(folder.resolve()), client, workers, errors):
            done[made.name] = made
            advance(sum(count for _, count in made.counts))
    report, contents = _account(plan, [done[shard.name] for shard in plan.shards], changed)
    write_text(folder / MANIFEST, contents.to_json())
    _tidy(folder, set(done))
    if report.failed:
        first = report.failed[0]
        message = f"{len(report.failed)} recordings could not be read as a whole, as {first.recording}: {first.error}"
        warnings.warn(message, UserWarning, stacklevel=2)
    return report


def read_contents(folder: Path) -> Contents | None:
    """The manifest of a folder, if it has one."""
    path = folder / MANIFEST
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    return Contents.from_json(text, str(path))


def _compare(plan: Plan, folder: Path) -> tuple[str, ...]:
    """The recordings that differ from those that the folder was prepared from."""
    before = read_contents(folder)
    if before is None:
        return ()
    if before.what != plan.what:
        raise ValueError(f"{str(folder)!r} holds {before.what}, not {plan.what}: take another folder")
    require_equal(before.passport, plan.passport, f"{str(folder)!r} was prepared with another passport")
    then, now = {file.name: file for file in before.files}, {file.name: file for file in plan.files}
    names = [*now, *(name for name in then if name not in now)]
    changed = tuple(name for name in names if then.get(name) != now.get(name))
    if changed:
        message = f"{len(changed)} recordings of {str(folder)!r} have changed, as {changed[0]!r}; they are made again"
        warnings.warn(message, UserWarning, stacklevel=3)
    return changed


def _make_all(plan: Plan, dataset: Any, out: str, client: Any, workers: int | None, errors: str) -> Iterator[Made]:
    """Every shard, in the order in which they are done."""
    if client is not None:
        yield from _hand_over(plan, dataset, out, client, errors)
        return
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        yield from _hand_over(plan, dataset, out, pool, errors)
    finally:
        pool.shutdown(cancel_futures=True)


def _hand_over(plan: Plan, dataset: Any, out: str, client: Any, errors: str) -> Iterator[Made]:
    recordings = Recordings(dataset)
    done: queue.Queue[Any] = queue.Queue()
    waiting: set[Any] = set()
    token = uuid4().hex[:8]
    try:
        for shard in plan.shards:
            found = find_made(out, shard)
            if found is not None:
                yield found
                continue
            numbers = sorted({run.recording for run in shard.runs})
            task = (out, shard, recordings.part(numbers), numbers, plan.form, errors)
            future = _submit(client, f"prepare-{shard.name.removesuffix('.safetensors')}-{token}", *task)
            waiting.add(future)
            future.add_done_callback(done.put)
            while len(waiting) >= _WAITING:
                yield _next(done, waiting, client)
        while waiting:
            yield _next(done, waiting, client)
    finally:
        for future in waiting:
            future.cancel()


def _submit(client: Any, name: str, *task: Any) -> Any:
    """Hand a task over; dask shows its name, and runs it again where a worker has died."""
    if type(client).__module__.partition(".")[0] == "distributed":
        return client.submit(make_shard, *task, key=name, pure=False, retries=3)
    return client.submit(make_shard, *task)


def _next(done: queue.Queue[Any], waiting: set[Any], client: Any) -> Made:
    """The next shard that is done.

    Raises:
        ConnectionError: if the client has lost its scheduler.
    """
    while True:
        try:
            future = done.get(timeout=0.5)
        except queue.Empty:
            if getattr(client, "status", "running") == "closed":
                waiting.clear()
                raise ConnectionError(_LOST) from None
            continue
        waiting.discard(future)
        try:
            made: Made = future.result()
        except (OSError, CancelledError) as error:
            if not type(error).__module__.startswith(("distributed", "concurrent", "asyncio")):
                raise
            waiting.clear()
            raise ConnectionError(_LOST) from error
        return made


def _account(plan: Plan, all_made: list[Made], changed: tuple[str, ...]) -> tuple[PrepareReport, Contents]:
    lengths = [0] * len(plan.files)
    failed = list(plan.unreadable)
    for made in all_made:
        failed.extend(made.failed)
        for recording, count in made.counts:
            lengths[recording] += count
    keys = {shard.name: shard.key for shard in plan.shards}
    stored = [
        StoredShard(made.name, keys[made.name], sum(count for _, count in made.counts), made.bytes, made.sha256)
        for made in all_made
    ]
    named = [(plan.files[number].name, error) for number, error in sorted(failed)]
    contents = Contents.of(plan, lengths, named, stored)
    new = sum(made.is_new for made in all_made)
    failures = tuple(Failure(*each) for each in named)
    size = sum(made.bytes for made in all_made)
    return PrepareReport(new, len(all_made) - new, sum(lengths), size, failures, changed), contents


def _tidy(folder: Path, names: set[str]) -> None:
    """Remove shards that the manifest does not name any more."""
    for path in folder.glob("shard-*.safetensors"):
        if path.name not in names:
            path.unlink(missing_ok=True)


@contextmanager
def _bar(total: int, progress: bool | None) -> Iterator[Callable[[int], Any]]:
    """A function that moves a bar on by so many items."""
    try:
        if progress is False:
            raise ImportError
        from tqdm import tqdm
    except ImportError:
        yield lambda items: None
        return
    with tqdm(total=total, desc="prepare", unit="item", disable=None if progress is None else False) as bar:
        yield bar.update
