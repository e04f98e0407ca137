"""The recordings of a dataset that are open: the latest some hundred, so that any number of files can be in it."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

from aestream.datasets.epoch import Epoch
from aestream.datasets.file import FileInput
from aestream.datasets.windows import Spans

_OF_WINDOWS = ("window_us", "window_events", "stride", "start_us", "stop_us", "include_incomplete")
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
        self.shape = shape
        self.epoch = Epoch()
        self._options = options
        self._max_open = max_open
        self._forget()

    def _forget(self) -> None:
        self._opened: OrderedDict[int, FileInput] = OrderedDict()
        self._templates: dict[tuple[int | str | None, bool], FileInput] = {}  # not open, without targets
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
        self._templates[kind] = file._unopened(entry.path)
        return file

    def empty(self) -> OpenedRecordings:
        """The same options and epoch, with no recording open."""
        other = OpenedRecordings(self.shape, self._options, self._max_open)
        other.epoch = self.epoch
        return other

    def __len__(self) -> int:
        return len(self._opened)

    def __getstate__(self) -> dict[str, Any]:
        """Without the open recordings: every process opens its own."""
        own = ("_opened", "_templates", "_lock", "_process")
        return {name: value for name, value in self.__dict__.items() if name not in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()
