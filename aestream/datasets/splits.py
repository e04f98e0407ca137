"""Splits of a dataset by recording: seeded, stratified, the same on every machine."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Sequence
from typing import Any

from aestream.datasets.recordings import RecordingDataset


def split_by_recording(
    dataset: RecordingDataset, fractions: Sequence[float], *, seed: int = 0, stratify: bool = True
) -> tuple[RecordingDataset, ...]:
    """Parts of a dataset that share no recording.

    Which part a recording is in depends on the seed and on the names of the recordings below ``dataset.root``, and on
    nothing else: neither on where the folder lies nor on the order of files.

    Args:
        dataset: labelled recordings.
        fractions: of recordings, one per part, in sum 1, such as ``(0.8, 0.1, 0.1)``.
        seed: another one gives another split.
        stratify: split each class by itself, so that it has its share in every part. Needs one label per recording.

    Returns:
        a dataset per part, in the order of ``fractions``. A class that is in none of a part's recordings is a
        UserWarning that names both.

    Raises:
        ValueError: if fractions are not as above, or recordings have no label each and ``stratify`` is true.
    """
    if not isinstance(dataset, RecordingDataset):
        raise ValueError(f"dataset must be a RecordingDataset, such as EventFolder; got {type(dataset).__name__}")
    if not _are_shares(fractions):
        raise ValueError(f"fractions must be numbers, 0 or more, with a sum of 1; got {fractions!r}")
    labels = dataset.labels if stratify else [0] * dataset.num_recordings
    if any(label is None for label in labels):
        number = labels.index(None)
        raise ValueError(f"{dataset.name(number)!r} has no label of its own to stratify by: pass stratify=False")
    by_label: dict[object, list[int]] = {}
    for number, label in enumerate(labels):
        by_label.setdefault(label, []).append(number)
    parts: list[list[int]] = [[] for _ in fractions]
    for label, numbers in by_label.items():
        ordered = sorted(numbers, key=lambda number: _draw(seed, dataset.name(number)))
        offset = int.from_bytes(_draw(seed, f"class {label}")[:6], "big") / 2**48  # who gets what rounding leaves
        edges = _edges(len(ordered), fractions, offset)
        for part, start, stop in zip(parts, edges, edges[1:], strict=False):
            part.extend(ordered[start:stop])
        if stratify:
            _warn_of_missing(dataset, label, len(ordered), edges, fractions)
    return tuple(dataset.subset(sorted(part)) for part in parts)


def _are_shares(fractions: Any) -> bool:
    try:
        return min(fractions) >= 0 and math.isclose(sum(fractions), 1)
    except (TypeError, ValueError):  # no numbers; none at all
        return False


def _draw(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}\n{name}".encode()).digest()


def _edges(count: int, fractions: Sequence[float], offset: float) -> list[int]:
    """Where parts of ``count`` recordings begin and end: each share is rounded up or down, and right on average."""
    edges, total = [0], 0.0
    for fraction in fractions[:-1]:
        total += fraction
        edges.append(min(count, math.floor(round(count * total, 9) + offset)))
    return [*edges, count]


def _warn_of_missing(
    dataset: RecordingDataset, label: object, count: int, edges: list[int], fractions: Sequence[float]
) -> None:
    named = isinstance(label, int) and 0 <= label < len(dataset.classes)
    name = repr(dataset.classes[label]) if named else repr(label)  # type: ignore[call-overload]
    for part, fraction in enumerate(fractions):
        if fraction > 0 and edges[part] == edges[part + 1]:
            warnings.warn(
                f"part {part} has no recording of class {name}, which has {count}: add recordings, make fewer parts, "
                f"or try another seed",
                stacklevel=3,
            )
