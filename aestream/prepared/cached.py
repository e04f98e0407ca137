"""CachedDataset: a dataset that prepares itself while it is used."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aestream.datasets.epoch import Epoch
from aestream.prepared.contents import Contents, StoredShard, write_text
from aestream.prepared.dataset import PreparedDataset
from aestream.prepared.making import make_shard
from aestream.prepared.plan import Plan, make_plan
from aestream.prepared.prepare import read_contents
from aestream.prepared.shard import Shard
from aestream.prepared.sources import Recordings
from aestream.prepared.unfinished import remove_abandoned
from aestream.training.passport import require_equal

_SHARD_BYTES = 4 << 20  # the first item of a shard waits for all of it
_MARK = "cache.json"
_POLL_S = 0.02


class CachedDataset(PreparedDataset):
    """A dataset whose shards are made when an item in them is first asked for, and read ever after; see `cached`."""

    def __init__(self, dataset: Any, path: str | os.PathLike[str], *, what: str) -> None:
        plan = make_plan(dataset, what, _SHARD_BYTES)
        if plan.unreadable:
            number, error = plan.unreadable[0]
            raise ValueError(f"{plan.files[number].name}: {error}")
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder)
        self._place = _OnDemand(dataset, plan, folder)
        self._set_contents(self._place.contents())
        sample = Recordings(dataset).first_readable()
        self.device = sample.device
        self.representation, self.event_transform = sample.representation, sample.event_transform
        self.transform, self.target_transform, self.with_times = (
            sample.transform,
            sample.target_transform,
            sample.with_times,
        )
        self.shape, self.classes = plan.passport.shape, plan.passport.classes
        self.window_us, self.window_events, self.stride = sample.window_us, sample.window_events, sample.stride
        self._epoch = sample._epoch or Epoch()
        self._forget()


class _OnDemand:
    """A folder whose shards are made when they are opened."""

    def __init__(self, dataset: Any, plan: Plan, folder: Path) -> None:
        self.name = os.fspath(folder)
        self._dataset, self._plan, self._folder = dataset, plan, folder
        self._check()

    def _check(self) -> None:
        """Refuse a folder that caches something else, and mark it as this dataset's."""
        empty = Contents.of(self._plan, [0] * len(self._plan.files), [], [])
        mark = self._folder / _MARK
        if read_contents(self._folder) is not None:
            raise ValueError(f"{self.name!r} is a prepared folder: read it by PreparedDataset, or take another one")
        with contextlib.suppress(FileNotFoundError):
            before = Contents.from_json(mark.read_text(), str(mark))
            if before.what != self._plan.what:
                raise ValueError(f"{self.name!r} holds {before.what}, not {self._plan.what}: take another folder")
            require_equal(before.passport, self._plan.passport, f"{self.name!r} caches items of another passport")
        write_text(mark, empty.to_json())

    def contents(self) -> Contents:
        """What the folder will hold when all of it is made."""
        shards = [
            StoredShard(shard.name, shard.key, sum(run.stop - run.first for run in shard.runs), 0, "")
            for shard in self._plan.shards
        ]
        return Contents.of(self._plan, self._plan.lengths, [], shards)

    def open(self, number: int, shard: StoredShard) -> Shard:
        """A shard; made now, if it is not there or is damaged, by one process while others wait for it."""
        path = self._folder / shard.name
        with contextlib.suppress(OSError):
            return Shard(path, shard.key)
        with _alone(self._folder / ".tmp" / f"{shard.name}.lock"):
            with contextlib.suppress(OSError):
                return Shard(path, shard.key)  # another process has made it
            planned = self._plan.shards[number]
            numbers = sorted({run.recording for run in planned.runs})
            part = Recordings(self._dataset).part(numbers)
            make_shard(self.name, planned, part, numbers, self._plan.form, "raise")
        return Shard(path, shard.key, verify=False)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """While one process is inside, others wait. What a process that has died has locked is free."""
    import fcntl

    path.parent.mkdir(exist_ok=True)
    with open(path, "w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_POLL_S)  # and not in the system's call, so that Ctrl-C is heard
        yield


def cached(dataset: Any, path: str | os.PathLike[str], *, what: str = "events") -> CachedDataset:
    """The same dataset, which keeps in a folder what it has decoded: the first epoch writes, later ones read.

    Several processes may share the folder, workers among them. A recording that changes is decoded anew.

    Args:
        dataset: a `FileInput` or a `RecordingDataset`.
        path: a folder, made if it is not there.
        what: as in `aestream.datasets.prepare`.

    Raises:
        ValueError: if the folder caches another dataset's items (it shows both passports).
        OSError: if a shard cannot be written.
    """
    return CachedDataset(dataset, path, what=what)
