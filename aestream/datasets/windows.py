"""The windows of a recording: which half-open span each item of a dataset covers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from aestream.arguments import positive, to_time
from aestream.event_columns import to_microseconds
from aestream.options import LengthOptions, SpanOptions, options_of

Spans: TypeAlias = npt.NDArray[np.int64]

_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True)
class WindowGrid:
    """Equally spaced windows over ``[start, stop)``, in microseconds or, by count, in ordinals of events.

    Window ``i`` is ``[start + i * stride, start + i * stride + length)``.

    Attributes:
        start, stop: what the windows cover.
        length, stride: of one window, and from one to the next.
        by_time: whether the unit is the microsecond.
        include_incomplete: whether a last window that reaches beyond ``stop`` counts.
        clip: whether such a window ends at ``stop``; otherwise it keeps its length, with no event behind ``stop``.
    """

    start: int
    stop: int
    length: int
    stride: int
    by_time: bool
    include_incomplete: bool
    clip: bool

    def __len__(self) -> int:
        span = self.stop - self.start
        if self.include_incomplete:
            return max(0, -(-span // self.stride))
        return max(0, (span - self.length) // self.stride + 1)

    def bounds(self, indices: list[int]) -> Spans:
        """int64 ``[len(indices), 2]``: start and stop of each window."""
        starts = self.start + np.asarray(indices, dtype=np.int64) * self.stride
        stops = starts + self.length
        stops = np.where(stops < starts, _INT64.max, stops)  # beyond int64
        return np.stack([starts, np.minimum(stops, self.stop) if self.clip else stops], axis=1)

    def bound(self, index: int) -> tuple[int, int]:
        """Start and stop of one window: ``bounds()`` for where there is one of many recordings each."""
        start = self.start + index * self.stride
        stop = min(start + self.length, int(_INT64.max))
        return start, min(stop, self.stop) if self.clip else stop

    def first_around(self, begin: int, end: int) -> int | None:
        """The first window that ends behind ``begin``, if it starts before ``end``."""
        index = max(0, (begin - self.start - self.length) // self.stride + 1)
        if index >= len(self):
            return None
        start, stop = self.bounds([index])[0]
        return index if start < end and begin < stop else None


@dataclass(frozen=True, eq=False)
class WindowList:
    """Windows of time wherever somebody wants them.

    Attributes:
        spans: int64 ``[N, 2]``, start and stop of each in µs.
        by_time: True.
    """

    spans: Spans
    by_time: bool = True

    def __len__(self) -> int:
        return len(self.spans)

    def bounds(self, indices: list[int]) -> Spans:
        """int64 ``[len(indices), 2]``: start and stop of each window."""
        return self.spans[np.asarray(indices, dtype=np.int64)]

    def bound(self, index: int) -> tuple[int, int]:
        """Start and stop of one window."""
        start, stop = self.spans[index].tolist()
        return start, stop

    def first_around(self, begin: int, end: int) -> int | None:
        """The first window that ends behind ``begin`` and starts before ``end``."""
        found = np.flatnonzero((self.spans[:, 0] < end) & (self.spans[:, 1] > begin))
        return int(found[0]) if len(found) else None


Windows: TypeAlias = WindowGrid | WindowList


def windows_before(times_us: Any, length_us: int) -> Spans:
    """The window before each label: no event at or after the label's time enters it.

    Args:
        times_us: ``[N]`` times of labels in µs, an array, tensor or sequence of integers, in any order.
        length_us: length of the windows, µs.

    Returns:
        int64 ``[N, 2]``, ``[t - length_us, t)`` for each time t: the ``windows=`` of ``FileInput``.

    Raises:
        ValueError: if the times are not of one dimension, or not whole; or the length is no whole number from 1.
    """
    positive("length_us", length_us)
    given = times_us.cpu().numpy() if isinstance(times_us, torch.Tensor) else np.asarray(times_us)
    if given.ndim != 1:
        raise ValueError(f"times_us must be [N]; got shape {given.shape}")
    stops = to_microseconds(given if len(given) else given.astype(np.int64))
    starts = np.where(stops < int(_INT64.min) + length_us, _INT64.min, stops - length_us)
    return np.stack([starts, stops], axis=1)


def check_spans(windows: Any) -> Spans:
    """A copy of what the user gave as ``windows``, int64 ``[N, 2]``.

    Raises:
        ValueError: if it is of another shape, not of integers, or a window ends before it starts; with the row.
    """
    try:
        given = windows.cpu().numpy() if isinstance(windows, torch.Tensor) else np.asarray(windows)
    except ValueError as error:  # rows of unequal length
        raise ValueError(f"windows must be [N, 2], start and stop of each in µs: {error}") from None
    if given.shape == (0,):
        given = np.zeros((0, 2), np.int64)
    if given.ndim != 2 or given.shape[1] != 2:
        raise ValueError(f"windows must be [N, 2], start and stop of each in µs; got shape {list(given.shape)}")
    if given.dtype.kind not in "iu":
        raise ValueError(f"windows must be integers, in µs; got {given.dtype}")
    if (given > _INT64.max).any():
        raise ValueError(f"windows must fit int64; got {given.max()}")
    backwards = np.flatnonzero(given[:, 0] > given[:, 1])
    if len(backwards):
        row = int(backwards[0])
        raise ValueError(
            f"windows must not stop before they start; got [{given[row, 0]}, {given[row, 1]}) in row {row}"
        )
    return np.array(given, np.int64)


@dataclass(frozen=True, eq=False)
class Cut:
    """How a recording is cut into windows: ``SpanOptions``, checked.

    Attributes:
        window_us: None: the whole span is one window, unless ``window_events`` or ``windows`` is given.
        window_events, windows, stride, start_us, stop_us, include_incomplete: as in ``SpanOptions``.
    """

    window_us: int | None
    window_events: int | None
    windows: Spans | None
    stride: int | None
    start_us: int | None
    stop_us: int | None
    include_incomplete: bool

    @classmethod
    def of(cls, given: SpanOptions) -> Cut:
        """What was given, checked.

        Raises:
            ValueError: if an option is out of range, or excludes another.
        """
        window_us, window_events = chosen_lengths(given)
        windows = given.get("windows")
        stride, start_us, stop_us = given.get("stride"), given.get("start_us"), given.get("stop_us")
        positive("stride", stride)
        if windows is not None and any(each is not None for each in (stride, start_us, stop_us)):
            raise ValueError("windows say where each lies: stride, start_us and stop_us must be None")
        if stride is not None and window_us is None and window_events is None:
            raise ValueError(f"stride must be None where the whole recording is one window; got {stride}")
        start_us = None if start_us is None else to_time("start_us", start_us)
        stop_us = None if stop_us is None else to_time("stop_us", stop_us)
        if start_us is not None and stop_us is not None and stop_us < start_us:
            raise ValueError(f"stop_us must not be before start_us; got [{start_us}, {stop_us})")
        spans = None if windows is None else check_spans(windows)
        complete = given.get("include_incomplete", True)
        return cls(window_us, window_events, spans, stride, start_us, stop_us, complete)

    @property
    def known_length(self) -> int | None:
        """How many windows there are whatever the recording holds; None: that depends on it."""
        if self.windows is not None:
            return len(self.windows)
        return 1 if self.window_us is None and self.window_events is None else None

    def windows_of(self, recorded: tuple[int, int], find: Callable[[int, int], tuple[int, int]]) -> Windows:
        """The windows of a recording.

        Args:
            recorded: its first event's time, and the time after its latest; equal if there is no event.
            find: the ordinals of the events between two times: of the first one, and of the one after the last.
        """
        if self.windows is not None:
            return WindowList(self.windows)
        start = recorded[0] if self.start_us is None else self.start_us
        stop = recorded[1] if self.stop_us is None else self.stop_us
        self._warn_if_missed(start, stop, recorded)
        if recorded[0] == recorded[1] and (self.start_us is None or self.stop_us is None):
            stop = start
        if self.window_events is not None:
            first, last = find(start, stop)
            stride = self.stride or self.window_events
            return WindowGrid(first, last, self.window_events, stride, False, self.include_incomplete, True)
        if self.window_us is None:
            return WindowList(np.array([[start, max(start, stop)]], np.int64))
        clip = self.stop_us is not None
        stride = self.stride or self.window_us
        return WindowGrid(start, stop, self.window_us, stride, True, self.include_incomplete, clip)

    def _warn_if_missed(self, start: int, stop: int, recorded: tuple[int, int]) -> None:
        first, last = recorded
        if first < last and max(start, first) >= min(stop, last):
            message = f"the span [{start}, {stop}) holds no time of the recording, which covers [{first}, {last})"
            warnings.warn(message, UserWarning, stacklevel=4)


def chosen_lengths(given: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """``window_us`` and ``window_events`` as they hold, from the options that were given.

    Raises:
        ValueError: if two of window_us, window_events and windows were given, or one is no whole number from 1.
    """
    us, events = given.get("window_us"), given.get("window_events")
    positive("window_us", us)
    positive("window_events", events)
    names = ["window_us"] if "window_us" in given else []
    names += [name for name in ("window_events", "windows") if given.get(name) is not None]
    if len(names) > 1:
        raise ValueError(f"{' and '.join(names)} exclude each other: each says what a window is")
    return (us if names else options_of(LengthOptions)["window_us"].default), events
