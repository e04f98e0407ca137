"""Replay: a recording as a live stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from typing_extensions import Unpack

import aestream._core as _core
from aestream.datasets.file import FileInput
from aestream.options import LENGTHS, StreamOptions, options_of, takes
from aestream.streams.base import EventStream

T = TypeVar("T")


@takes(StreamOptions)
class Replay(EventStream):
    """A file that plays like a camera: ``for item in FileInput(path).replay()``.

    Windows begin where the file's do, so that items are the file's. A last window that the file's ``stop_us`` cuts
    short keeps its length here, and windows without events behind the last event are no items.

    Args:
        file: what plays, from its ``start_us`` to its ``stop_us``, in real time unless it has ``ignore_time=True``:
            then as fast as items are taken, and only the events' own times tell of a silence of ``gap_s``.
        **options: keyword arguments, as of every ``EventStream``; those that are not given are the file's:

    Raises:
        ValueError: if the file does not know its sensor's shape, or its windows overlap or differ in length.
    """

    def __init__(self, file: FileInput, **options: Unpack[StreamOptions]) -> None:
        inherited = dict(file._given)
        if any(name in options for name in LENGTHS):
            inherited = {name: value for name, value in inherited.items() if name not in LENGTHS}
        if inherited.get("windows") is not None or inherited.get("stride") is not None:
            raise ValueError("windows of a stream follow each other: the file must have no windows= and no stride=")
        shared = {name: value for name, value in inherited.items() if name in options_of(StreamOptions)}
        self.file = file
        super().__init__(file._require_shape(), file.device, **cast(StreamOptions, {**shared, **options}))

    def _open(self, sink: _core.EventSink) -> _core.Replay:
        file = self.file
        recording = self._located(lambda: file._file.opened.recording)
        return _core.Replay(recording, sink, file.start_us, file.stop_us, not file.ignore_time)

    @property
    def _start_us(self) -> int | None:
        return self.file.start_us if self.align_us is None else None

    @property
    def _has_arrivals(self) -> bool:
        return not self.file.ignore_time

    def _located(self, call: Callable[[], T]) -> T:
        return self.file._file.located(call)

    def __repr__(self) -> str:
        return f"Replay({self.file!r})"
