"""Which items go into which shard: the same on every machine, before anything is decoded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from aestream.arguments import positive
from aestream.datasets.file import FileInput
from aestream.datasets.published import check_choice
from aestream.datasets.ragged import collate_detections
from aestream.prepared.records import TensorForm
from aestream.prepared.sources import Recordings, SourceFile
from aestream.representations.base import Accumulated, element_type, is_fused
from aestream.training.passport import Passport

VERSION = 1


class Run(NamedTuple):
    """Items ``first`` to before ``stop`` of a recording."""

    recording: int
    first: int
    stop: int


class PlannedShard(NamedTuple):
    """A shard before it is made.

    Attributes:
        name: of its file; holds the beginning of its key.
        key: a digest of all that it is made from.
        runs: its items.
    """

    name: str
    key: str
    runs: list[Run]


class Members(NamedTuple):
    """What an item has beside x."""

    target: bool
    times: bool


@dataclass(frozen=True)
class Plan:
    """What a prepared folder will hold.

    Attributes:
        what: ``"events"`` or ``"tensors"``.
        passport: how the dataset makes its items.
        files: the recordings.
        lengths: items of each recording.
        unreadable: recordings whose items could not be counted, and why.
        shards: in order.
        collate: name of the collate function that fits.
        form: of tensors.
        members: which members an item has.
    """

    what: str
    passport: Passport
    files: list[SourceFile]
    lengths: list[int]
    unreadable: list[tuple[int, str]]
    shards: list[PlannedShard]
    collate: str
    form: TensorForm | None
    members: Members


def make_plan(dataset: Any, what: str, shard_bytes: int) -> Plan:
    """The plan for a dataset.

    Raises:
        TypeError: if it is no dataset of recordings, or a target cannot be stored.
        ValueError: if an argument is out of range, or tensors would be random ones or are not of one shape.
    """
    check_choice("what", what, ("events", "tensors"))
    positive("shard_bytes", shard_bytes)
    recordings = Recordings(dataset)
    sample = recordings.first_readable()
    passport = replace(Passport.of(sample), shape=recordings.shape, classes=recordings.classes)
    form = tensor_form(sample) if what == "tensors" else None
    lengths, unreadable = recordings.lengths()
    files = recordings.files()
    weights = [
        float(form.item_bytes) if form is not None else max(file.size, 1) / max(length, 1)
        for file, length in zip(files, lengths, strict=True)
    ]
    collate = "detections" if getattr(dataset, "collate", None) is collate_detections else "labelled"
    content = [VERSION, what, passport.to_dict(), collate]
    shards = []
    for number, runs in enumerate(_cut(lengths, weights, shard_bytes)):
        parts = [[*run, *files[run.recording], recordings.labels_digest(run.recording)] for run in runs]
        key = hashlib.sha256(json.dumps([*content, parts]).encode()).hexdigest()
        shards.append(PlannedShard(f"shard-{number:06}-{key[:12]}.safetensors", key, runs))
    members = Members(sample.targets is not None, sample.with_times)
    return Plan(what, passport, files, lengths, unreadable, shards, collate, form, members)


def _cut(lengths: list[int], weights: list[float], shard_bytes: int) -> list[list[Run]]:
    """Fill shard after shard in the order of the items."""
    shards: list[list[Run]] = []
    room = 0.0
    for recording, (length, weight) in enumerate(zip(lengths, weights, strict=True)):
        first = 0
        while first < length:
            if room < weight and room < shard_bytes:
                shards.append([])
                room = float(shard_bytes)
            count = min(length - first, max(1, int(room / weight)))
            shards[-1].append(Run(recording, first, first + count))
            room -= count * weight
            first += count
    return shards


def tensor_form(file: FileInput) -> TensorForm:
    """The shape and dtype of the tensors of a recording, and of all others.

    Raises:
        ValueError: if it has none, or they would be random.
    """
    representation, shape = file.representation, file.shape
    if not isinstance(representation, Accumulated) or not is_fused(representation) or shape is None:
        found = type(representation).__name__
        raise ValueError(
            f"what='tensors' needs a representation of aestream and a sensor's shape; got {found}, {shape}"
        )
    transform = file.event_transform
    if getattr(transform, "is_random", False):
        raise ValueError("event_transform is random, and prepared tensors are the same in every epoch: what='events'")
    if transform is not None:
        made = transformed_shape(file)
        shape = made if made is not None else shape
    return TensorForm(tuple(representation.output_shape(shape)), element_type(representation))


def transformed_shape(file: FileInput) -> tuple[int, int] | None:
    """The sensor's shape behind an event transform, as one item tells it."""
    events = file._with(representation=None, transform=None, target_transform=None)
    seen: list[tuple[int, int]] = []

    def look(_: Any, shape: tuple[int, int], **__: Any) -> int:
        seen.append(shape)
        return 0

    events.targets = file.targets
    events.representation = look
    if len(events):
        events[0]
    return seen[0] if seen else None
