"""Making one shard: a task that runs in a thread, another process, or on another machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aestream.datasets.file import FileInput
from aestream.prepared.plan import PlannedShard
from aestream.prepared.records import TensorForm, encode_events
from aestream.prepared.shard import Item, Shard, ShardWriter, Stretch
from aestream.prepared.sources import Recordings
from aestream.prepared.targets import encode_target
from aestream.representations.base import as_records

_BATCH_BYTES = 8 << 20


@dataclass(frozen=True)
class Made:
    """What became of a shard.

    Attributes:
        name: of its file.
        counts: items of each of its recordings that are in it.
        failed: recordings of which something is missing, and why.
        bytes, sha256: of the file's body.
        is_new: whether it was made now.
    """

    name: str
    counts: list[tuple[int, int]]
    failed: list[tuple[int, str]]
    bytes: int
    sha256: str
    is_new: bool

    @classmethod
    def of(cls, shard: Shard, is_new: bool) -> Made:
        """The account of a shard that is there."""
        counts = [(stretch.recording, stretch.length) for stretch in shard.stretches]
        return cls(shard.path.name, counts, shard.failed, shard.path.stat().st_size, shard.digest, is_new)


def find_made(out: str, planned: PlannedShard) -> Made | None:
    """The account of a shard that is there, whole, and of which nothing is missing."""
    path = Path(out) / planned.name
    try:
        shard = Shard(path, planned.key)
    except OSError:
        return None
    return None if shard.failed else Made.of(shard, is_new=False)


def make_shard(
    out: str, planned: PlannedShard, dataset: Any, numbers: list[int], form: TensorForm | None, errors: str
) -> Made:
    """Make a shard, unless it is there.

    Args:
        out: the folder.
        dataset: the recordings of this shard alone.
        numbers: which recording of the whole dataset each of them is.
        form: of tensors; None for events.
        errors: ``"report"``: what cannot be read is left out and told; ``"raise"``.

    Raises:
        OSError: if the shard cannot be written.
    """
    found = find_made(out, planned)
    if found is not None:
        return found
    recordings = Recordings(dataset)
    stretches: list[Stretch] = []
    failed: list[tuple[int, str]] = []
    with ShardWriter(Path(out) / planned.name, planned.key) as writer:
        for run in planned.runs:
            items = _items(recordings, numbers.index(run.recording), range(run.first, run.stop), form)
            count = 0
            while True:
                try:
                    item = next(items, None)
                except (ValueError, OSError) as error:
                    if errors == "raise":
                        raise
                    failed.append((run.recording, f"items {run.first + count} to {run.stop - 1}: {error}"))
                    break
                if item is None:
                    break
                writer.add(item)
                count += 1
            if count:
                file = recordings.open(numbers.index(run.recording))
                seed = file.seed - 2**64 if file.seed >= 2**63 else file.seed
                stretches.append(Stretch(run.recording, run.first, count, seed, *(file.shape or (0, 0))))
        writer.finish(stretches, failed)
    return Made.of(Shard(Path(out) / planned.name, planned.key, verify=False), is_new=True)


def _items(recordings: Recordings, number: int, places: range, form: TensorForm | None) -> Iterator[Item]:
    file = recordings.open(number)
    if form is None:
        plain = _with(file, representation=None, event_transform=None)
        for place in places:
            events, *target, times = plain[place]
            data, kind, base = encode_events(as_records(events))
            yield _item(data, kind, base, times, target)
        return
    plain = _with(file)
    step = max(1, _BATCH_BYTES // max(form.item_bytes, 1))
    for first in range(places.start, places.stop, step):
        for tensor, *target, times in plain.__getitems__(list(range(first, min(first + step, places.stop)))):
            data, kind, count = form.encode(tensor)
            yield _item(data, kind, count, times, target)


def _item(data: memoryview, kind: int, base: int, times: Any, target: list[Any]) -> Item:
    start, stop = np.asarray(times).tolist()
    return Item(data, kind, base, (start, stop), encode_target(target[0] if target else None))


def _with(file: FileInput, **changes: Any) -> FileInput:
    """The recording with items as they are stored: times with them, nothing that happens when they are read."""
    plain = file._with(transform=None, target_transform=None, with_times=True, **changes)
    plain.targets = file.targets
    plain.device = torch.device("cpu")
    return plain
