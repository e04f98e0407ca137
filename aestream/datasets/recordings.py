"""RecordingDataset: many recordings as one map-style dataset, opened when an item needs them."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from aestream.arguments import check_shape, positive
from aestream.datasets.manifest import Manifest, read_manifest
from aestream.datasets.opened import OpenedRecordings
from aestream.datasets.ragged import collate_labelled
from aestream.datasets.samplers import ItemIndex, draw_of
from aestream.datasets.spans import as_spans
from aestream.representations import Frame


class Part(NamedTuple):
    """One of several recordings in one file: its path, and what ``FileInput`` calls ``stream``."""

    path: str
    stream: int | str


class RecordingDataset(Dataset[Any]):
    """Labelled recordings. Its item is ``(x, target)``, or ``x`` where no recording has a target.

    Files are opened when an item needs them, and the latest 256 stay open. What must be known of all of them (sizes of
    sensors, numbers of items) is read once, side by side, and kept in the user's cache folder.

    Args:
        items: ``(path, windows, targets)`` per recording. ``windows``: int64 ``[N, 2]`` of half-open spans in µs, or
            None for those of ``window_us`` and the like. ``targets``: with windows one per window, or one number or
            string for all; without windows the recording's, which each of its items has. None for all: no targets.
        shape: (width, height) of all items in pixels; a smaller sensor is padded to the right and below, of a larger
            one what lies beyond is cut off. None: the files', which must agree.
        classes: names of the classes, by label.
        root: the folder that names of recordings count from; None: what their paths have in common.
        window_us: length of a window, µs; None: each recording is one item.
        target_transform: applied to each target.
        with_times: add int64 ``[2]`` to each item, its window's start and stop in µs.
        max_open: files that stay open.
        progress: show a bar while the manifest is read, if tqdm is installed; None: on a terminal, if it takes long.
        options: as in ``FileInput``.

    Raises:
        ValueError: if there is no recording, targets do not match windows, or sensors differ and ``shape`` is None.
        FormatError: if a file is no recording; names it. Some files are not looked at before an item needs them.
    """

    collate: Callable[[list[Any]], Any] = staticmethod(collate_labelled)

    def __init__(
        self,
        items: Iterable[tuple[Any, Any, Any]],
        shape: tuple[int, int] | None = None,
        *,
        classes: Sequence[str] = (),
        root: str | os.PathLike[str] | None = None,
        window_us: int | None = 10_000,
        window_events: int | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        with_times: bool = False,
        max_open: int = 256,
        progress: bool | None = None,
        **options: Any,
    ) -> None:
        positive("max_open", max_open)
        positive("window_us", window_us)
        self.classes = tuple(classes)
        self.target_transform = target_transform
        self.with_times = with_times
        self._progress = progress
        self._read_items(items)
        self._manifest: Manifest | None = None
        self._ends: npt.NDArray[np.int64] | None = None
        options = options | {"window_us": window_us, "window_events": window_events}
        self._files = OpenedRecordings(None if shape is None else check_shape(shape), options, max_open)
        common = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in self.paths])
        self.root = os.path.abspath(root) if root is not None else common
        if shape is None and options.get("representation", Frame()) is not None:
            self._files.shape = self._agreed_shape()

    def _read_items(self, items: Iterable[tuple[Any, Any, Any]]) -> None:
        self.paths: list[str] = []
        self._streams: list[int | str | None] = []
        self._spans: list[npt.NDArray[np.int64] | None] = []
        self._targets: list[Any] = []
        for place, windows, targets in items:
            path, stream = place if isinstance(place, Part) else (place, None)
            spans = None if windows is None else as_spans(windows)
            if spans is not None and not _is_single(targets) and len(targets) != len(spans):
                raise ValueError(f"{os.fspath(path)!r} has {len(spans)} windows, but {len(targets)} targets")
            self.paths.append(os.fspath(path))
            self._streams.append(stream)
            self._spans.append(spans)
            self._targets.append(targets)
        if not self.paths:
            raise ValueError("expected one recording or more, got none")
        unlabelled = [path for path, target in zip(self.paths, self._targets, strict=True) if target is None]
        if unlabelled and len(unlabelled) != len(self.paths):
            raise ValueError(f"{len(unlabelled)} of {len(self.paths)} recordings have no target, as {unlabelled[0]!r}")

    @property
    def shape(self) -> tuple[int, int] | None:
        """(width, height) of every item in pixels."""
        return self._files.shape

    @property
    def manifest(self) -> Manifest:
        """Sizes, spans and counts of every recording, read when first asked for."""
        if self._manifest is None:
            streams = self._streams
            names = [
                path if stream is None else f"{path}#{stream}" for path, stream in zip(self.paths, streams, strict=True)
            ]
            self._manifest = read_manifest(
                names,
                lambda number: self._files.open(self.paths[number], streams[number], None, as_found=True),
                paths=self.paths,
                variant=self._files.variant,
                progress=self._progress,
            )
        return self._manifest

    def _agreed_shape(self) -> tuple[int, int]:
        shapes, first, count = np.unique(self.manifest.shapes, axis=0, return_index=True, return_counts=True)
        if len(shapes) > 1:
            found = ", ".join(
                f"{f'{w}x{h}' if w else 'no size'} in {n}, as {self.paths[i]!r}"
                for (w, h), i, n in zip(shapes.tolist(), first, count, strict=True)
            )
            raise ValueError(f"recordings have sensors of different sizes: {found}; pass shape=(width, height)")
        width, height = shapes[0].tolist()
        if width == 0:
            raise ValueError(f"{self.paths[0]!r} does not say its sensor's shape: pass shape=(width, height)")
        return width, height

    @property
    def num_recordings(self) -> int:
        """Recordings, each a file or a part of one."""
        return len(self.paths)

    @property
    def recording_lengths(self) -> npt.NDArray[np.int64]:
        """int64 ``[num_recordings]``: how many items each recording has, in order."""
        return np.diff(self._item_ends(), prepend=0)

    def _item_ends(self) -> npt.NDArray[np.int64]:
        if self._ends is None:
            lengths = [1 if spans is None else len(spans) for spans in self._spans]
            if not self._files.whole and any(spans is None for spans in self._spans):
                counted = self.manifest.num_items.tolist()
                lengths = [counted[i] if spans is None else len(spans) for i, spans in enumerate(self._spans)]
            self._ends = np.cumsum(lengths, dtype=np.int64)
        return self._ends

    def __len__(self) -> int:
        ends = self._item_ends()
        return int(ends[-1]) if len(ends) else 0

    def locate(self, index: int) -> tuple[int, int]:
        """The recording that an item lies in, and its place there; both count from 0."""
        length = len(self)
        if not -length <= index < length:
            raise IndexError(f"index {index} is out of range for {length} items")
        ends = self._item_ends()
        index = int(index) % length
        recording = int(np.searchsorted(ends, index, side="right"))
        return recording, index - int(ends[recording - 1] if recording else 0)

    def recording(self, number: int) -> Any:
        """A recording as a ``FileInput``, whose windows are its items."""
        return self._files.get(number, self.paths[number], self._streams[number], self._spans[number])

    def target(self, index: int) -> Any:
        """The target of an item, without its events; None if there are no targets."""
        return self._target(*self.locate(index))

    def _target(self, recording: int, item: int) -> Any:
        targets = self._targets[recording]
        return targets if self._spans[recording] is None or _is_single(targets) else targets[item]

    @property
    def targets(self) -> list[Any]:
        """The target of every item, in order."""
        lengths = self.recording_lengths.tolist()
        return [self._target(number, item) for number, length in enumerate(lengths) for item in range(length)]

    @property
    def labels(self) -> list[Any]:
        """The target of every recording where it has one for all of its items; None where it has not."""
        return [
            target if spans is None or _is_single(target) else None
            for spans, target in zip(self._spans, self._targets, strict=True)
        ]

    def __getitem__(self, index: int) -> Any:
        recording, item = self.locate(index)
        return self._labelled(recording, item, self.recording(recording)[ItemIndex.of(item, draw_of(index))])

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """The items of a batch; those of one recording are made together."""
        places = [self.locate(index) for index in indices]
        by_recording: dict[int, list[int]] = {}
        for position, (recording, _) in enumerate(places):
            by_recording.setdefault(recording, []).append(position)
        items: list[Any] = [None] * len(places)
        for recording, positions in by_recording.items():
            made = self.recording(recording).__getitems__(
                [ItemIndex.of(places[position][1], draw_of(indices[position])) for position in positions]
            )
            for position, x in zip(positions, made, strict=True):
                items[position] = self._labelled(recording, places[position][1], x)
        return items

    def _labelled(self, recording: int, item: int, x: Any) -> Any:
        parts = [x]
        if self._targets[0] is not None:
            target = self._target(recording, item)
            parts.append(target if self.target_transform is None else self.target_transform(target))
        if self.with_times:
            parts.append(torch.from_numpy(self.recording(recording)._windows.bounds([item])[0]))
        return tuple(parts) if len(parts) > 1 else x

    def window(self, index: int) -> tuple[int, int]:
        """The half-open window of an item: start and stop, µs."""
        recording, item = self.locate(index)
        start, stop = self.recording(recording)._windows.bounds([item])[0].tolist()
        return start, stop

    def name(self, recording: int) -> str:
        """A recording's path below ``root``, with slashes on every machine; and its number in a file of several."""
        name = os.path.relpath(os.path.abspath(self.paths[recording]), self.root).replace(os.sep, "/")
        stream = self._streams[recording]
        return name if stream is None else f"{name}#{stream}"

    def subset(self, recordings: Sequence[int]) -> RecordingDataset:
        """The dataset of some recordings, in the order given, which may be none."""
        part = copy.copy(self)
        for name in ("paths", "_streams", "_spans", "_targets"):
            values = getattr(self, name)
            setattr(part, name, [values[number] for number in recordings])
        part._files = self._files.empty()
        part._manifest = part._ends = None
        return part

    def __repr__(self) -> str:
        size = "unknown shape" if self.shape is None else f"{self.shape[0]}x{self.shape[1]}"
        classes = f", {len(self.classes)} classes" if self.classes else ""
        return f"{type(self).__name__}({self.num_recordings} recordings below {self.root!r}, {size}{classes})"


def _is_single(target: Any) -> bool:
    """Whether a target is one for all windows, not one for each."""
    return target is None or isinstance(target, int | float | str | np.generic)
