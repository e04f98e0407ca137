"""The recordings of a dataset that are open: the latest some hundred, so that any number of files can be in it."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.datasets.file import FileInput
from aestream.options import LENGTHS

_OF_WINDOWS = ("window_us", "window_events", "stride", "start_us", "stop_us", "include_incomplete")
_OF_READING = ("format", "columns", "fields", "time_unit", "chip", "stream", "mirror")


class OpenedRecordings:
    """Opens recordings with the options of a dataset, and keeps the latest ``max_open`` open, per process.

    Attributes:
        shape: (width, height) that every recording is given, whatever its header says; None: its own.
        whole: whether a recording without a list of windows is one window.
    """

    def __init__(self, shape: tuple[int, int] | None, options: dict[str, Any], max_open: int) -> None:
        self.shape = shape
        self.whole = options["window_us"] is None and options["window_events"] is None
        self._options = options
        self._max_open = max_open
        self._forget()

    def _forget(self) -> None:
        self._opened: OrderedDict[int, FileInput] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()

    @property
    def variant(self) -> str:
        """The options that say how many items a file has."""
        return repr([(name, self._options.get(name)) for name in (*_OF_WINDOWS, *_OF_READING)])

    def get(self, number: int, path: str, stream: int | str | None, spans: npt.NDArray[np.int64] | None) -> FileInput:
        """Recording ``number`` of the dataset, opened now if it is not."""
        with self._lock:
            if number in self._opened:
                self._opened.move_to_end(number)
                return self._opened[number]
        file = self.open(path, stream, spans)
        with self._lock:
            self._opened[number] = file
            while len(self._opened) > self._max_open:
                self._opened.popitem(last=False)
        return file

    def open(
        self, path: str, stream: int | str | None, spans: npt.NDArray[np.int64] | None, *, as_found: bool = False
    ) -> FileInput:
        """A recording, with its header's shape if ``as_found`` or if the dataset has none."""
        options = self._options if stream is None else self._options | {"stream": stream}
        if spans is not None:
            options = {name: value for name, value in options.items() if name not in LENGTHS} | {"windows": spans}
        file = FileInput(path, **options)
        if self.shape is not None and not as_found:
            file.shape = self.shape  # pads or crops, which a shape of FileInput would warn of
        return file

    def empty(self) -> OpenedRecordings:
        """The same options, with no recording open."""
        return OpenedRecordings(self.shape, self._options, self._max_open)

    def __len__(self) -> int:
        return len(self._opened)

    def __getstate__(self) -> dict[str, Any]:
        """Without the open recordings: every process opens its own."""
        return {"shape": self.shape, "whole": self.whole, "_options": self._options, "_max_open": self._max_open}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()
