"""RecordingDataset: many recordings as one map-style dataset, opened when an item needs them."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch.utils.data import Dataset, Subset

from aestream.arguments import by_row, check_shape, index_within, positive, to_index
from aestream.datasets.batch import rows_of
from aestream.datasets.file import FileInput
from aestream.datasets.manifest import Manifest, read_manifest
from aestream.datasets.opened import Entry, OpenedRecordings, is_single
from aestream.datasets.ragged import collate_labelled
from aestream.datasets.samplers import ItemIndex, draw_of
from aestream.datasets.together import columns_together
from aestream.datasets.windows import check_spans
from aestream.representations import Frame

if TYPE_CHECKING:
    from aestream.prepared.cached import CachedDataset

_WINDOW_US = 10_000
_MOST_TOGETHER = 1024  # recordings that are held open at once, whatever max_open says


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
        max_open: files that stay open.
        progress: show a bar while the manifest is read, if tqdm is installed; None: on a terminal, if it takes long.
        options: as in ``FileInput``, but for windows and targets. Random transforms draw by (seed, number of the
            recording, epoch, item).

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
        window_us: int | None = _WINDOW_US,
        window_events: int | None = None,
        max_open: int = 256,
        progress: bool | None = None,
        **options: Any,
    ) -> None:
        positive("max_open", max_open)
        if "windows" in options or "targets" in options:
            raise ValueError("windows and targets are each recording's: give them in items")
        if window_events is None:
            lengths = {"window_us": window_us}
        elif window_us in (None, _WINDOW_US):
            lengths = {"window_events": window_events}
        else:
            raise ValueError("window_us and window_events exclude each other: each says what a window is")
        self.classes = tuple(classes)
        self._progress = progress
        self._entries = [_entry(number, item) for number, item in enumerate(items)]
        _check_entries(self._entries)
        self._manifest: Manifest | None = None
        self._ends: npt.NDArray[np.int64] | None = None
        self._files = OpenedRecordings(None if shape is None else check_shape(shape), options | lengths, max_open)
        if root is None:
            root = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in self.paths])
        self.root = os.path.abspath(root)
        if shape is None and options.get("representation", Frame()) is not None:
            self._files.shape = self._agreed_shape()

    @property
    def paths(self) -> list[str]:
        """The file of every recording."""
        return [entry.path for entry in self._entries]

    def set_epoch(self, epoch: int) -> None:
        """Make random event transforms draw anew, in this process and in workers that are there already."""
        self._files.epoch.number = epoch

    @property
    def shape(self) -> tuple[int, int] | None:
        """(width, height) of every item in pixels."""
        return self._files.shape

    @property
    def manifest(self) -> Manifest:
        """Sizes, spans and counts of every recording, read when first asked for."""
        if self._manifest is None:
            names = [entry.path if entry.stream is None else f"{entry.path}#{entry.stream}" for entry in self._entries]
            self._manifest = read_manifest(
                names,
                lambda number: self._files.open(self._entries[number]._replace(spans=None)),
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
        return len(self._entries)

    @property
    def recording_lengths(self) -> npt.NDArray[np.int64]:
        """int64 ``[num_recordings]``: how many items each recording has, in order."""
        return np.diff(self._item_ends(), prepend=0)

    def _item_ends(self) -> npt.NDArray[np.int64]:
        if self._ends is None:
            counted = None
            if not self._files.whole and any(entry.spans is None for entry in self._entries):
                counted = self.manifest.num_items.tolist()
            lengths = [
                len(entry.spans) if entry.spans is not None else 1 if counted is None else counted[number]
                for number, entry in enumerate(self._entries)
            ]
            self._ends = np.cumsum(lengths, dtype=np.int64)
        return self._ends

    def __len__(self) -> int:
        ends = self._item_ends()
        return int(ends[-1]) if len(ends) else 0

    def locate(self, index: int) -> tuple[int, int]:
        """The recording that an item lies in, and its place there; both count from 0."""
        index, ends = index_within(index, len(self), "items"), self._item_ends()
        recording = int(np.searchsorted(ends, index, side="right"))
        return recording, index - int(ends[recording - 1] if recording else 0)

    def _locate_all(self, indices: list[int]) -> list[tuple[int, int]]:
        """`locate` of each."""
        ends, all = self._item_ends(), np.asarray([to_index(index) for index in indices], np.int64)
        length = int(ends[-1]) if len(ends) else 0
        wrong = (all < -length) | (all >= length)
        if wrong.any():
            raise IndexError(f"index {indices[int(wrong.argmax())]} is out of range for {length} items")
        all = all % length if length else all
        recordings = np.searchsorted(ends, all, side="right")
        items = all - np.where(recordings > 0, ends[recordings - 1], 0)
        return list(zip(recordings.tolist(), items.tolist(), strict=True))

    def recording(self, number: int) -> FileInput:
        """A recording as a ``FileInput``, whose items are those of the dataset."""
        return self._files.get(self._entries[number])

    def target(self, index: int) -> Any:
        """The target of an item as it was given, without its events; None if there are no targets."""
        return self._target(*self.locate(index))

    def _target(self, recording: int, item: int) -> Any:
        entry = self._entries[recording]
        return entry.targets if entry.has_one_target else entry.targets[item]

    @property
    def targets(self) -> list[Any]:
        """The target of every item as it was given, in order."""
        lengths = self.recording_lengths.tolist()
        return [self._target(number, item) for number, length in enumerate(lengths) for item in range(length)]

    @property
    def labels(self) -> list[Any]:
        """The target of every recording where it has one for all of its items; None where it has not."""
        return [entry.targets if entry.has_one_target else None for entry in self._entries]

    def __getitem__(self, index: Any) -> Any:
        """An item; of a slice a dataset of these items, as ``FileInput`` has it."""
        if isinstance(index, slice):
            return Subset(self, range(*index.indices(len(self))))
        recording, item = self.locate(index)
        wanted = _drawing_as(index, item)
        columns = self._files.columns_of_small_files([self._entries[recording]], [draw_of(wanted)])
        return self.recording(recording)[wanted] if columns is None else rows_of(columns, remember=False)[0]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """The items of a batch, made together: as one, or else those of each recording."""
        places = self._locate_all(indices)
        numbers = {recording for recording, _ in places}
        wanted = [_drawing_as(index, item) for index, (_, item) in zip(indices, places, strict=True)]
        if 1 < len(numbers) <= _MOST_TOGETHER:
            entries = [self._entries[recording] for recording, _ in places]
            columns = self._files.columns_of_small_files(entries, [draw_of(index) for index in wanted])
            if columns is None:
                columns = columns_together([self._files.get(entry) for entry in entries], wanted)
            if columns is not None:
                return rows_of(columns, remember=True)
        by_recording: dict[int, list[int]] = {}
        for position, (recording, _) in enumerate(places):
            by_recording.setdefault(recording, []).append(position)
        items: list[Any] = [None] * len(places)
        for recording, positions in by_recording.items():
            made = self.recording(recording).__getitems__([wanted[position] for position in positions])
            for position, item in zip(positions, made, strict=True):
                items[position] = item
        return items

    def window(self, index: int) -> tuple[int, int]:
        """The half-open window of an item: start and stop, µs."""
        recording, item = self.locate(index)
        return self.recording(recording).window(item)

    def name(self, recording: int) -> str:
        """A recording's path below ``root``, with slashes on every machine; and its number in a file of several."""
        entry = self._entries[recording]
        name = os.path.relpath(os.path.abspath(entry.path), self.root).replace(os.sep, "/")
        return name if entry.stream is None else f"{name}#{entry.stream}"

    def cached(self, path: str | os.PathLike[str], *, what: str = "events") -> CachedDataset:
        """This dataset, which keeps in a folder what it has decoded; see `aestream.prepared.cached.cached`."""
        from aestream.prepared.cached import cached

        return cached(self, path, what=what)

    def subset(self, recordings: Sequence[int]) -> RecordingDataset:
        """The dataset of some recordings, in the order given, which may be none."""
        part = copy.copy(self)
        part._entries = [self._entries[number] for number in recordings]
        part._files = self._files.empty()
        part._manifest = part._ends = None
        return part

    def __repr__(self) -> str:
        size = "unknown shape" if self.shape is None else f"{self.shape[0]}x{self.shape[1]}"
        classes = f", {len(self.classes)} classes" if self.classes else ""
        return f"{type(self).__name__}({self.num_recordings} recordings below {self.root!r}, {size}{classes})"


def _drawing_as(index: int, item: int) -> int:
    """An item of a recording that draws as a sampler says: once for a sequence; by itself where it says nothing."""
    return ItemIndex.of(item, index.draw) if isinstance(index, ItemIndex) else item


def _entry(number: int, item: Any) -> Entry:
    if not isinstance(item, tuple | list) or len(item) != 3:
        raise ValueError(f"items must be (path, windows or None, targets or None) each; got {item!r} for item {number}")
    place, windows, targets = item
    path, stream = place if isinstance(place, Part) else (place, None)
    path, targets = os.fsdecode(path), by_row(targets)
    if windows is None:
        return Entry(number, path, stream, None, targets)
    try:
        spans = check_spans(windows)
    except ValueError as error:
        raise ValueError(f"{path!r}: {error}") from None
    if not is_single(targets) and len(targets) != len(spans):
        raise ValueError(f"{path!r} has {len(spans)} windows, but {len(targets)} targets")
    return Entry(number, path, stream, spans, targets)


def _check_entries(entries: list[Entry]) -> None:
    if not entries:
        raise ValueError("expected one recording or more, got none")
    unlabelled = [entry.path for entry in entries if entry.targets is None]
    if unlabelled and len(unlabelled) != len(entries):
        raise ValueError(f"{len(unlabelled)} of {len(entries)} recordings have no target, as {unlabelled[0]!r}")
