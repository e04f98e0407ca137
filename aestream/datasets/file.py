"""FileInput: one event file as a map-style dataset, as arrays, and as a stream."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import torch
from torch.utils.data import Dataset

import aestream._core as _core
from aestream.arguments import positive
from aestream.backends import Backend, events_to, frame_to
from aestream.datasets.batch import items_of
from aestream.datasets.event_file import agreed_shape
from aestream.datasets.recorded import RecordedEvents
from aestream.datasets.windows import WindowGrid
from aestream.formats.base import ReadOptions
from aestream.representations import Frame, Representation
from aestream.streams.session import Session, StreamStats

_CHUNK_BYTES = 8 << 20  # of items that __iter__ makes at a time


class FileInput(RecordedEvents, Dataset[Any]):
    """Events of one file: by index as dense tensors, whole or in slices as events, or played back as a stream.

    The format is found from the file's content. Times are microseconds as recorded, x grows right, y grows down.

    Args:
        path: the file, which may be inside gzip, Zstandard or xz; or the folder of a ROS 2 bag.
        shape: sensor (width, height) in pixels; None takes the file's. A format without geometry needs it for items.
            One that is not the header's wins, with a ShapeWarning.
        device: where items and ``read("torch")`` go.
        ignore_time: as a stream, play at full speed instead of in real time.
        window_us: length of one window, µs.
        window_events: length of one window in events, instead of ``window_us``.
        stride: from one window's start to the next's, in the window's unit; None: windows follow each other.
        start_us, stop_us: use only ``[start_us, stop_us)`` of the file, absolute times in µs; None: its first event,
            its end.
        include_incomplete: keep a last window that the recording, or ``stop_us``, cuts short.
        representation: what a window becomes; see ``aestream.representations``. None: the ``Events`` themselves.
        transform: applied to each item.
        format, columns, chip, stream, mirror: what the file does not say about itself; see ``ReadOptions``.
        strict: raise FormatError for a file that ends inside a word or packet, instead of a TruncatedFileWarning.
        threads: for decoding; None: one per core, and one in a DataLoader's worker.
        cache_index: keep the index of a large file in the user's cache folder.
        filename: AEStream 0.6's name for ``path``.

    Raises:
        FormatError: if the file is of no format that is known, or damaged; with path and byte offset.
        ValueError: if an argument is out of range.
        OSError: if the file cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        shape: tuple[int, int] | None = None,
        device: torch.device | str = "cpu",
        ignore_time: bool = False,
        *,
        window_us: int = 10_000,
        window_events: int | None = None,
        stride: int | None = None,
        start_us: int | None = None,
        stop_us: int | None = None,
        include_incomplete: bool = True,
        representation: Representation | None = Frame(),  # noqa: B008 - frozen
        transform: Callable[[Any], Any] | None = None,
        format: str | None = None,
        columns: str | None = None,
        chip: str | None = None,
        stream: int | str | None = None,
        mirror: str | None = None,
        strict: bool = False,
        threads: int | None = None,
        cache_index: bool = True,
        filename: str | os.PathLike[str] | None = None,
    ) -> None:
        if (path is None) == (filename is None):
            raise ValueError(f"pass one path (filename= is AEStream 0.6's name for it); got {path!r} and {filename!r}")
        for name, value in [
            ("window_us", window_us),
            ("window_events", window_events),
            ("stride", stride),
            ("threads", threads),
        ]:
            positive(name, value)
        if start_us is not None and stop_us is not None and stop_us < start_us:
            raise ValueError(f"stop_us must not be before start_us; got [{start_us}, {stop_us})")
        if representation is not None and not callable(representation):
            raise ValueError(f"representation must be callable or None; got {representation!r}")
        options = ReadOptions(format, columns, chip, stream, mirror)
        super().__init__(
            path if path is not None else os.fspath(filename or ""),
            options,
            device,
            strict=strict,
            threads=threads,
            cache_index=cache_index,
        )
        self.ignore_time = ignore_time
        self.window_us = window_us
        self.window_events = window_events
        self.stride = stride
        self.start_us = start_us
        self.stop_us = stop_us
        self.include_incomplete = include_incomplete
        self.representation = representation
        self.transform = transform
        self._grid: WindowGrid | None = None
        self._session: Session | None = None
        self.shape = agreed_shape(self._file.opened.shape, shape, self.path)

    def __repr__(self) -> str:
        size = "unknown shape" if self.shape is None else f"{self.shape[0]}x{self.shape[1]}"
        if not self._file.has_index:
            return f"FileInput({self.path!r}: {self.format}, {size}, not indexed yet)"
        span = (self.t_stop - self.t_start) / 1e6
        unit = f"{self.window_events} events" if self.window_events else f"{self.window_us} µs"
        return (
            f"FileInput({self.path!r}: {self.format}, {size}, {self.num_events} events in {span:.3f} s, "
            f"{len(self)} windows of {unit})"
        )

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> Any:
        return self._items([index])[0]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """The items of a batch, accumulated side by side; default_collate makes them a batch without a copy."""
        items = self._items(indices)
        return items_of(items) if isinstance(items, torch.Tensor) else items

    def __iter__(self) -> Iterator[Any]:
        return self._iterate(range(len(self)))

    def _iterate(self, indices: range) -> Iterator[Any]:
        """Items in order, made a few at a time as far as they fit into the processor's cache."""
        step = 1
        while indices:
            items = self._items(list(indices[:step]))
            indices = indices[len(items) :]
            if isinstance(items, torch.Tensor):
                step = max(1, min(4 * self._file.thread_count, _CHUNK_BYTES // items[0].nbytes))
            yield from items
            del items  # its memory serves the next ones

    def _with(self, **options: Any) -> FileInput:
        """A copy with other windows or another representation, which shares the file and its index."""
        other = copy.copy(self)
        other.__dict__.update(options, _grid=None)
        return other

    def _items(self, indices: list[int]) -> torch.Tensor | list[Any]:
        """Items in one tensor where they are made together, else in a list."""
        windows = self._windows.bounds([self._checked(index) for index in indices])
        items = self._represent(windows)
        return items if self.transform is None else [self.transform(item) for item in items]

    def _represent(self, windows: np.ndarray) -> torch.Tensor | list[Any]:
        representation = self.representation
        if representation is None:
            return [self._window_events(window) for window in windows]
        shape = self._require_shape()
        if not hasattr(representation, "spec"):
            return [self._represent_by_call(representation, window, shape) for window in windows]
        recording, by_time, threads = self._file.indexed, self._windows.by_time, self._file.thread_count
        frames, _ = self._file.located(
            lambda: recording.accumulate(representation.spec(), shape[0], shape[1], windows, by_time, threads)
        )
        return torch.from_numpy(frames).to(self.device)

    def _represent_by_call(self, representation: Representation, window: np.ndarray, shape: tuple[int, int]) -> Any:
        events = self._window_events(window)
        if self._windows.by_time:
            start_us, stop_us = int(window[0]), int(window[1])
        else:
            start_us = int(events.t[0]) if len(events) else 0
            stop_us = int(events.t.max()) + 1 if len(events) else 1
        return representation(events, shape=shape, start_us=start_us, stop_us=stop_us)

    def _window_events(self, window: np.ndarray) -> Any:
        recording, threads = self._file.indexed, self._file.thread_count
        start, stop = int(window[0]), int(window[1])
        first, last = self._file.located(lambda: recording.find(start, stop, self._windows.by_time, threads))
        return events_to("torch", self._file.located(lambda: recording.read(first, last, threads)), self.device)

    @property
    def _windows(self) -> WindowGrid:
        if self._grid is None:
            self._grid = self._make_grid()
        return self._grid

    def _make_grid(self) -> WindowGrid:
        recording = self._file.indexed
        start = self.t_start if self.start_us is None else self.start_us
        stop = self.t_stop if self.stop_us is None else self.stop_us
        if recording.num_events == 0:
            stop = start
        if self.window_events is None:
            clip = self.stop_us is not None
            return WindowGrid(
                start, stop, self.window_us, self.stride or self.window_us, True, self.include_incomplete, clip
            )
        first, last = self._file.located(lambda: recording.find(start, stop, True, self._file.thread_count))
        stride = self.stride or self.window_events
        return WindowGrid(first, last, self.window_events, stride, False, self.include_incomplete, True)

    def _checked(self, index: int) -> int:
        length = len(self)
        if not -length <= index < length:
            raise IndexError(f"index {index} is out of range for {length} windows of {self.path!r}")
        return index % length

    def start_stream(self) -> FileInput:
        """Open without a ``with`` block, as AEStream 0.6 has it; ``stop_stream()`` ends it."""
        return self.__enter__()

    def stop_stream(self) -> None:
        """End what ``start_stream()`` opened."""
        self.__exit__(None, None, None)

    def __enter__(self) -> FileInput:
        width, height = self._require_shape()
        sink = _core.EventSink(width, height, frames=True)
        recording = self._file.located(lambda: self._file.opened.recording)
        replay = _core.Replay(recording, sink, self.start_us, self.stop_us, not self.ignore_time)
        self._session = Session(sink, replay)
        return self

    def __exit__(self, *_: object) -> Literal[False]:
        if self._session is not None:
            self._session.stop()
        return False

    def read(self, backend: str | Backend = "numpy") -> Any:
        """Events per pixel since the last ``read()``, inside ``with FileInput(...) as stream:``; before it, zeros.

        Returns:
            float32 ``[width, height]``, indexed ``[x, y]``; zeros if there were no events. The caller owns it.

        Raises:
            ValueError: if the sensor's shape is not known.
            FormatError: if the file is damaged, once everything before the damage was read.
        """
        session = self._session
        if session is None:
            return frame_to(backend, _core.EventSink(*self._require_shape(), frames=True).take(), self.device)
        return self._file.located(lambda: session.read(backend, self.device))

    def is_streaming(self) -> bool:
        """Whether a ``read()`` may still give events: True until the last event was both played and read."""
        return self._session is not None and self._session.sink.is_streaming()

    @property
    def stats(self) -> StreamStats:
        """Events of this playback so far."""
        return StreamStats() if self._session is None else self._session.stats

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_session": None}

    def _require_shape(self) -> tuple[int, int]:
        if self.shape is None:
            raise ValueError(f"{self.path!r} does not say its sensor's shape: pass shape=(width, height)")
        return self.shape
