"""The recordings of a dataset that are open: the latest some hundred, so that any number of files can be in it."""

from __future__ import annotations

import errno
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch

from aestream.datasets.batch import Column
from aestream.datasets.epoch import Epoch
from aestream.datasets.file import FileInput
from aestream.datasets.together import Stamp, columns_of_small_files
from aestream.datasets.windows import Cut, Spans
from aestream.option_checks import check_item_options
from aestream.options import FileOptions, resolved
from aestream.transforms.base import seed_of, seeded

_OF_WINDOWS = ("window_us", "window_events", "stride", "start_us", "stop_us", "include_incomplete")
_SMALL_FORMATS = ("bin40", "dat", "evt2", "evt3")  # whose small files the core reads whole
_TRIES = 8  # batches that may turn out not to be of small files before this is not tried any more
_BESIDE_OPTIONS = ("device", "ignore_time")  # arguments of FileInput that are no options
_OF_READING = ("format", "columns", "fields", "time_unit", "chip", "stream", "mirror")


class Entry(NamedTuple):
    """One recording of a dataset.

    Attributes:
        number: in the dataset that it was first in: what random transforms draw by.
        path, stream: the file, and which recording in it; None where the file decides.
        spans: its windows; None: those of the dataset's options.
        targets: with ``spans`` one per window, or one for all; else the recording's; None: none.
    """

    number: int
    path: str
    stream: int | str | None
    spans: Spans | None
    targets: Any

    @property
    def has_one_target(self) -> bool:
        """Whether all items have the same target."""
        return self.spans is None or is_single(self.targets)


@dataclass(frozen=True)
class SameTarget:
    """A sequence of one target, again and again."""

    target: Any
    length: int

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Any:
        return self.target


def is_single(target: Any) -> bool:
    """Whether a target is one for all windows, not one for each."""
    return target is None or isinstance(target, str) or not hasattr(target, "__len__")


class OpenedRecordings:
    """Opens recordings with the options of a dataset, and keeps the latest ``max_open`` open, per process.

    Attributes:
        shape: (width, height) that every recording is given, whatever its header says; None: its own.
        epoch: what random transforms of all recordings draw by, shared with workers.
    """

    def __init__(self, shape: tuple[int, int] | None, options: dict[str, Any], max_open: int) -> None:
        given = {name: value for name, value in options.items() if name not in _BESIDE_OPTIONS}
        check_item_options(resolved(FileOptions, given, "FileInput"))  # now, and not when the first file is opened
        Cut.of(cast(FileOptions, given))
        self.shape = shape
        self.epoch = Epoch()
        self._options = options
        self._max_open = max_open
        self._forget()

    def _forget(self) -> None:
        self._opened: OrderedDict[int, FileInput] = OrderedDict()
        self._templates: dict[tuple[int | str | None, bool], FileInput] = {}  # not open, without targets
        self._first_format = ""  # of the recording that was opened first
        self._tries = _TRIES
        self._stamps: dict[int, int] = {}  # by number of the recording
        self._lock = threading.Lock()
        self._process = os.getpid()

    @property
    def whole(self) -> bool:
        """Whether a recording without a list of windows is one window."""
        return self._options.get("window_us") is None and self._options.get("window_events") is None

    @property
    def variant(self) -> str:
        """The options that say how many items a file has."""
        return repr([(name, self._options.get(name)) for name in (*_OF_WINDOWS, *_OF_READING)])

    def get(self, entry: Entry) -> FileInput:
        """A recording with its windows and targets, opened now if it is not."""
        with self._lock:
            if entry.number in self._opened:
                self._opened.move_to_end(entry.number)
                return self._opened[entry.number]
        file = self.open(entry)
        if self.shape is not None:
            file.shape = self.shape  # pads or crops, which FileInput would refuse or warn of
        if entry.targets is not None:
            file.targets = SameTarget(entry.targets, len(file)) if entry.has_one_target else entry.targets
        file._address = (file.seed, entry.number)
        if file._epoch is not None:
            file._epoch = self.epoch
        if len(file._file.opened.identity) == 1:
            _, _, inode, size, modified_ns, _ = file._file.opened.identity[0]
            self._remember(entry, (inode, size, modified_ns))
        with self._lock:
            self._opened[entry.number] = file
            while len(self._opened) > self._max_open:
                self._opened.popitem(last=False)
        return file

    def open(self, entry: Entry) -> FileInput:
        """A recording as its header has it, without targets. The options are checked once, with the first one."""
        kind = (entry.stream, entry.spans is None)
        template = self._templates.get(kind)
        if template is not None:
            return template._of(entry.path, entry.spans)
        options = dict(self._options)
        if entry.stream is not None:
            options["stream"] = entry.stream
        if entry.spans is not None:
            options.pop("window_us", None)
            options.pop("window_events", None)
            options["windows"] = entry.spans
        file = FileInput(entry.path, **options)
        self._first_format = self._first_format or file.format
        self._templates[kind] = file._unopened(entry.path)
        return file

    def columns_of_small_files(self, entries: Sequence[Entry], draws: Sequence[int]) -> list[Column] | None:
        """The members of recordings that are one item each, made without opening them; None where they must be opened.

        Args:
            entries: the recordings, in the order of the items.
            draws: from where their random transforms draw.
        """
        like = self._templates.get((None, True))
        if like is None or not self._may_be_small or self.shape is None:
            return None
        if any(entry.stream is not None or entry.spans is not None for entry in entries):
            return None
        generators: list[torch.Generator | None] = [None] * len(entries)
        if like._epoch is not None:
            seeds = [seed_of(like.seed, entry.number) for entry in entries]
            generators = [seeded(seed, self.epoch.number, draw) for seed, draw in zip(seeds, draws, strict=True)]
        targets = None if entries[0].targets is None else [entry.targets for entry in entries]
        paths = [entry.path for entry in entries]
        made = columns_of_small_files(like, self._first_format, paths, self.shape, targets, generators)
        if made is None:
            self._tries -= 1
            return None
        columns, stamps = made
        for entry, stamp in zip(entries, stamps, strict=True):
            self._remember(entry, stamp)
        return columns

    def _remember(self, entry: Entry, stamp: Stamp) -> None:
        """OSError if the file has changed since its first item: half a training on one state of it helps nobody."""
        if self._stamps.setdefault(entry.number, hash(stamp)) != hash(stamp):
            raise OSError(errno.ESTALE, "the file has changed since it was opened first", entry.path)

    @property
    def _may_be_small(self) -> bool:
        return self._tries > 0 and self._first_format in _SMALL_FORMATS and self._is_plain

    @property
    def _is_plain(self) -> bool:
        """Whether recordings are whole items, read as their files say."""
        given = (
            name for name in (*_OF_READING, "start_us", "stop_us", "stride") if self._options.get(name) is not None
        )
        return self.whole and next(given, None) is None

    def empty(self) -> OpenedRecordings:
        """The same options and epoch, with no recording open."""
        other = OpenedRecordings(self.shape, self._options, self._max_open)
        other.epoch = self.epoch
        return other

    def __len__(self) -> int:
        return len(self._opened)

    def __getstate__(self) -> dict[str, Any]:
        """Without the open recordings: every process opens its own."""
        own = ("_opened", "_templates", "_first_format", "_tries", "_stamps", "_lock", "_process")
        return {name: value for name, value in self.__dict__.items() if name not in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()
