"""RecordedEvents: what one file holds, whole or in slices, as arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from aestream.arguments import positive, to_time
from aestream.backends import Backend, events_to
from aestream.camera_frames import CameraFrames
from aestream.cuda import to_device
from aestream.datasets.event_file import EventFile
from aestream.formats.base import ReadOptions

_LAST_TIME = 2**63 - 1


class RecordedEvents:
    """The part of ``FileInput`` without windows: events as arrays, and what the file says about itself."""

    def __init__(
        self,
        path: str | bytes | os.PathLike[Any],
        options: ReadOptions,
        device: torch.device | str | None,
        *,
        strict: bool,
        threads: int | None,
        cache_index: bool,
        progress: bool,
    ) -> None:
        self.path = os.fsdecode(path)
        self.device = to_device(device)
        how: dict[str, Any] = {"strict": strict, "threads": threads, "cache_index": cache_index, "progress": progress}
        self._file = EventFile(self.path, options, **how)

    @property
    def format(self) -> str:
        """Short name of the file's format, such as "evt3"."""
        return self._file.opened.format

    @property
    def metadata(self) -> dict[str, Any]:
        """What the file says about itself: header fields, camera, compression."""
        return dict(self._file.opened.metadata)

    @property
    def num_events(self) -> int:
        """Events in the whole file, in and outside of the sensor."""
        return self._file.indexed.num_events

    @property
    def t_start(self) -> int:
        """Time of the first event, µs; 0 if there is none."""
        return self._file.indexed.t_first

    @property
    def t_stop(self) -> int:
        """1 µs after the latest event, so that ``slice(t_start, t_stop)`` is the whole file; 0 if there is none."""
        recording = self._file.indexed
        return min(recording.t_max + 1, _LAST_TIME) if recording.num_events else 0

    @property
    def duration_us(self) -> int:
        """From the first event to after the latest one, µs: ``t_stop - t_start``; 0 without events."""
        return self.t_stop - self.t_start

    def load(self, backend: str | Backend = "numpy") -> Any:
        """All events of the file, whatever ``start_us`` and ``stop_us`` say, in the file's order.

        Returns:
            "numpy": structured array ``[n]`` of ``EVENT_DTYPE``. "torch": ``Events``. "jax": ``JaxEvents``, whose times
            count from the first event.

        Raises:
            FormatError: if the file is damaged, or with ``strict`` truncated.
            OverflowError: for jax, if times do not fit int32.
        """
        events, cut_bytes = self._file.located(lambda: self._file.opened.recording.load(self._file.thread_count))
        self._file.warn_of_cut(cut_bytes)
        return events_to(backend, events, self.device)

    def load_all(self) -> np.ndarray:
        """All events as ``load()`` gives them: AEStream 0.6's name for it."""
        events: np.ndarray = self.load()
        return events

    def slice(self, start_us: int, stop_us: int, backend: str | Backend = "numpy") -> Any:
        """Events of the half-open span ``[start_us, stop_us)``; costs the span, not the file.

        An event belongs to the span that holds the latest time up to and including it, so that spans partition the
        file even where its times step back. Returns and raises what ``load()`` does; outside of the file, no events.
        Times may be floats that are whole; others are a ValueError.
        """
        start_us, stop_us = to_time("start_us", start_us), to_time("stop_us", stop_us)
        return events_to(backend, self._file.slice(start_us, stop_us), self.device)

    def blocks(
        self, start_us: int | None = None, stop_us: int | None = None, *, max_events: int = 1 << 20
    ) -> Iterator[np.ndarray]:
        """The events of ``[start_us, stop_us)`` in order, a block at a time, so that memory stays bounded.

        Args:
            start_us, stop_us: absolute times in µs, as in ``slice()``; None: the file's first event, its end.
            max_events: the most events of one block.

        Yields:
            structured arrays ``[n]`` of ``EVENT_DTYPE``, ``1 <= n <= max_events``; all are of that length but the last.

        Raises:
            FormatError: if the file is damaged.
        """
        positive("max_events", max_events)
        recording = self._file.indexed
        first, last = 0, recording.num_events
        if start_us is not None or stop_us is not None:
            start = self.t_start if start_us is None else start_us
            stop = self.t_stop if stop_us is None else stop_us
            first, last = self._find(start, stop)
        yield from self._blocks(first, last, max_events)

    def _blocks(self, first: int, last: int, max_events: int) -> Iterator[np.ndarray]:
        """Events ``[first, last)`` by ordinal, at most so many at a time."""
        for begin in range(first, last, max_events):
            yield self._read(begin, min(begin + max_events, last))

    def _read(self, first: int, last: int) -> np.ndarray:
        recording, threads = self._file.indexed, self._file.thread_count
        return self._file.located(lambda: recording.read(first, last, threads))

    def _find(self, start: int, stop: int, by_time: bool = True) -> tuple[int, int]:
        """The ordinals of the events of a window: of the first one, and of the one after the last."""
        recording, threads = self._file.indexed, self._file.thread_count
        return self._file.located(lambda: recording.find(start, stop, by_time, threads))

    def triggers(self) -> np.ndarray:
        """The edges on the camera's external inputs, which labels and other cameras are aligned by.

        AEDAT4 has no numbers of inputs, but sources, and marks the camera's own frames as well: id 0 is the external
        input, whose pulses rise; 1 the camera's generator; 2 a frame, which rises as it begins and falls as it ends; 3
        an exposure, likewise; -1 a reset of the clock, which rises. ``triggers[triggers["id"] == 0]`` are the external
        ones.

        Returns:
            structured array ``[n]`` of ``TRIGGER_DTYPE``: t in microseconds on the clock of the events, the input's
            number id, and whether the edge rises; in the file's order. Empty if the file holds none.

        Raises:
            ValueError: if files of this format hold no triggers.
            FormatError: if the file is damaged.
        """
        read = self._file.opened.triggers
        if read is None:
            raise ValueError(f"{self.path!r} is a file of format {self.format}, which holds no triggers")
        return self._file.located(read)

    def imu(self, stream: int | None = None) -> np.ndarray:
        """The samples of the camera's inertial measurement unit.

        Args:
            stream: the number of one of several streams; None: the lowest, of the camera whose events are read.

        Returns:
            structured array ``[n]`` of ``IMU_DTYPE``: t in microseconds on the clock of the events, temperature in °C,
            accelerometer in g, gyroscope in °/s, magnetometer in µT; in the file's order. Empty if the file holds none.

        Raises:
            ValueError: if files of this format hold no such samples, or ``stream`` is no stream of them.
            FormatError: if the file is damaged.
        """
        read = self._file.opened.imu
        if read is None:
            raise ValueError(f"{self.path!r} is a file of format {self.format}, which holds no IMU samples")
        return self._file.located(lambda: read(stream))

    def frames(self, stream: int | None = None) -> CameraFrames:
        """The pictures that the camera took between its events.

        Args:
            stream: the number of one of several streams; None: the lowest, of the camera whose events are read.

        Returns:
            a sequence of `CameraFrame`, in the file's order, that inflates each when it is asked for. Empty if the file
            holds none.

        Raises:
            ValueError: if files of this format hold no pictures, or ``stream`` is no stream of them.
            FormatError: if the file is damaged.
        """
        read = self._file.opened.frames
        if read is None:
            raise ValueError(f"{self.path!r} is a file of format {self.format}, which holds no frames")
        return self._file.located(lambda: read(stream))
