"""Making one shard: a task that runs in a thread, another process, or on another machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
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

_BATCH_BYTES = 8 << 20
_BLOCK_EVENTS = 1 << 20


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
            number = numbers.index(run.recording)
            parts = _parts(recordings, number, range(run.first, run.stop), form)
            count = 0
            while True:
                try:
                    part = next(parts)
                except StopIteration:
                    break
                except (ValueError, OSError) as error:
                    if errors == "raise":
                        raise
                    failed.append((run.recording, f"items {run.first + count} to {run.stop - 1}: {error}"))
                    writer.add(None)
                    break
                writer.add(part)
                count += isinstance(part, Item)
            if count:
                file = recordings.open(number)
                seed = file.seed - 2**64 if file.seed >= 2**63 else file.seed
                stretches.append(Stretch(run.recording, run.first, count, seed, *(file.shape or (0, 0))))
        writer.finish(stretches, failed)
    return Made.of(Shard(Path(out) / planned.name, planned.key, verify=False), is_new=True)


def _parts(
    recordings: Recordings, number: int, places: range, form: TensorForm | None
) -> Iterator[memoryview | Item | None]:
    """What a `ShardWriter` takes, of so many items of a recording."""
    file = recordings.open(number)
    if form is None:
        yield from _event_parts(_with(file, representation=None, event_transform=None), places)
    else:
        yield from _tensor_parts(_with(file), places, form)


def _event_parts(plain: FileInput, places: range) -> Iterator[memoryview | Item | None]:
    for place in places:
        span = plain._windows.bounds([place])
        first, last = plain._ordinals(span[0])
        blocks = partial(plain._blocks, first, last, _BLOCK_EVENTS)
        if last - first <= _BLOCK_EVENTS:
            only = list(blocks())
            blocks = partial(iter, only)
        kind, base = yield from encode_events(blocks)
        targets: Any = plain._targets_at([place])
        yield _end(kind, base, plain._times_of(span, blocks), () if targets is None else targets)


def _tensor_parts(plain: FileInput, places: range, form: TensorForm) -> Iterator[memoryview | Item | None]:
    step = max(1, _BATCH_BYTES // max(form.item_bytes, 1))
    for first in range(places.start, places.stop, step):
        for tensor, *target, times in plain.__getitems__(list(range(first, min(first + step, places.stop)))):
            data, kind, count = form.encode(tensor)
            yield data
            yield _end(kind, count, times, target)


def _end(kind: int, base: int, times: Any, target: Sequence[Any]) -> Item:
    start, stop = np.asarray(times).ravel().tolist()
    return Item(kind, base, (start, stop), encode_target(target[0] if len(target) else None))


def _with(file: FileInput, **changes: Any) -> FileInput:
    """The recording with items as they are stored: times with them, nothing that happens when they are read."""
    plain = file._with(transform=None, target_transform=None, with_times=True, **changes)
    plain.targets = file.targets
    plain.device = torch.device("cpu")
    return plain
