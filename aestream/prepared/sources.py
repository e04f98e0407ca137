"""What is prepared: the recordings of a dataset, with what says that they are still the same."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from aestream.datasets.file import FileInput
from aestream.datasets.recordings import RecordingDataset
from aestream.prepared.targets import encode_target

_BLOCK, _BLOCKS = 64 << 10, 16


class SourceFile(NamedTuple):
    """A file as it was: what a person, and the next run, compare.

    Attributes:
        name: its path below the dataset's root, and which recording in it.
        size, mtime_ns: bytes, and the time of its last change.
        sha256: of its size and of 16 blocks of 64 KiB spread over it; of all of a file up to 1 MiB.
    """

    name: str
    size: int
    mtime_ns: int
    sha256: str


class Recordings:
    """The recordings of a `RecordingDataset`, or the one of a `FileInput`.

    Raises:
        TypeError: if it is another kind of dataset.
    """

    def __init__(self, dataset: Any) -> None:
        if not isinstance(dataset, FileInput | RecordingDataset):
            kind = type(dataset).__name__
            raise TypeError(f"expected a FileInput or a RecordingDataset (or a data set made of them), got a {kind}")
        self.dataset: FileInput | RecordingDataset = dataset

    @property
    def count(self) -> int:
        """How many there are."""
        return self.dataset.num_recordings if isinstance(self.dataset, RecordingDataset) else 1

    def open(self, number: int) -> FileInput:
        """One of them."""
        return self.dataset.recording(number) if isinstance(self.dataset, RecordingDataset) else self.dataset

    def first_readable(self) -> FileInput:
        """The first one that can be opened; the error of the first, if none can."""
        for number in range(self.count):
            with contextlib.suppress(ValueError, OSError):
                return self.open(number)
        return self.open(0)

    @property
    def shape(self) -> tuple[int, int] | None:
        """(width, height) of every item in pixels."""
        return self.dataset.shape

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, by label."""
        return tuple(map(str, getattr(self.dataset, "classes", None) or ()))

    def part(self, numbers: list[int]) -> FileInput | RecordingDataset:
        """A dataset of some of them."""
        return self.dataset.subset(numbers) if isinstance(self.dataset, RecordingDataset) else self.dataset

    def lengths(self) -> tuple[list[int], list[tuple[int, str]]]:
        """Items of each, and those that cannot be read: their numbers and the errors. These have no items."""
        try:
            if isinstance(self.dataset, RecordingDataset):
                return self.dataset.recording_lengths.tolist(), []
            return [len(self.dataset)], []
        except (ValueError, OSError):
            return self._lengths_one_by_one()

    def _lengths_one_by_one(self) -> tuple[list[int], list[tuple[int, str]]]:
        lengths, failed = [], []
        for number in range(self.count):
            try:
                lengths.append(len(self.open(number)))
            except (ValueError, OSError) as error:
                lengths.append(0)
                failed.append((number, str(error)))
        return lengths, failed

    def files(self) -> list[SourceFile]:
        """Every recording's file as it is now."""
        if isinstance(self.dataset, FileInput):
            return [stamped(os.path.basename(self.dataset.path), self.dataset.path)]
        paths = self.dataset.paths
        return [stamped(self.dataset.name(number), path) for number, path in enumerate(paths)]

    def labels_digest(self, number: int) -> str:
        """A digest of a recording's windows and targets, as they were given."""
        if isinstance(self.dataset, FileInput):
            members = [self.dataset._cut.windows, self.dataset.targets]
        else:
            entry = self.dataset._entries[number]
            members = [entry.number, entry.stream, entry.spans, entry.targets]
        digest = hashlib.sha256()
        for member in members:
            _feed(digest, member)
        return digest.hexdigest()


def stamped(name: str, path: str) -> SourceFile:
    """A file, or a folder's files, as they are now. What is not there has a size of −1."""
    digest, size, changed = hashlib.sha256(), 0, 0
    try:
        for part in _files(path):
            status = os.stat(part)
            size += status.st_size
            changed = max(changed, status.st_mtime_ns)
            digest.update(f"{status.st_size}\n".encode())
            with open(part, "rb") as stream:
                last = max(status.st_size - _BLOCK, 0)
                for place in sorted({last * step // (_BLOCKS - 1) for step in range(_BLOCKS)}):
                    stream.seek(place)
                    digest.update(stream.read(_BLOCK))
    except OSError:
        return SourceFile(name, -1, 0, "")
    return SourceFile(name, size, changed, digest.hexdigest())


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    return sorted(entry.path for entry in os.scandir(path) if entry.is_file())


def _feed(digest: Any, value: Any) -> None:
    """Tell a digest what a value is: of labels that are read when asked for, which file they are in, and its stamp."""
    if is_dataclass(value) and not isinstance(value, type):
        digest.update(type(value).__qualname__.encode())
        for field in fields(value):
            _feed(digest, getattr(value, field.name))
    elif isinstance(value, os.PathLike) or (isinstance(value, str) and os.path.isfile(value)):
        name = os.path.basename(os.fspath(value))
        digest.update(repr(stamped(name, os.fspath(value))).encode())
    elif isinstance(value, list | tuple):
        digest.update(f"{len(value)} members\n".encode())
        for member in value:
            _feed(digest, member)
    elif isinstance(value, np.ndarray | np.generic | torch.Tensor | str | int | float | Mapping) or value is None:
        digest.update(encode_target(value))
    else:
        for place in range(len(value)):
            _feed(digest, value[place])
