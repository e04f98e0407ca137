"""What a recording is like, from one pass over its events."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aestream.convert import check_roi, crop_events
from aestream.datasets.file import FileInput
from aestream.errors import TruncatedFileWarning


@dataclass
class Jumps:
    """Places where time jumps.

    Attributes:
        count: how many there are.
        longest_us: the longest jump, µs; 0 if there is none.
        at_us: time of the event before the longest jump, µs.
        at_event: that event's number, from 0.
    """

    count: int = 0
    longest_us: int = 0
    at_us: int = 0
    at_event: int = 0

    def add(self, lengths: np.ndarray, before: np.ndarray, first: int) -> None:
        """Count positive ``lengths``: jumps from the times ``before`` of the events ``first`` and on."""
        self.count += int(np.count_nonzero(lengths > 0))
        if len(lengths) and (longest := int(lengths.max())) > self.longest_us:
            place = int(lengths.argmax())
            self.longest_us, self.at_us, self.at_event = longest, int(before[place]), first + place


@dataclass
class Summary:
    """What one pass over a file found.

    Attributes:
        events, on_events: how many there are, and how many of them are ON.
        t_start_us, t_stop_us: time of the first event, and 1 µs after the latest one.
        max_x, max_y: largest coordinates; -1 without events.
        outside: events outside of the sensor; 0 where its shape is not known.
        first_outside: number of the first of them, with its x and y.
        gap_us: from what length on a silence is a gap.
        gaps, steps_back: silences of all pixels, and events earlier than the one before.
        warnings: what was noticed, such as a truncated file.
    """

    path: str
    format: str
    shape: tuple[int, int] | None
    bytes: int
    metadata: dict[str, Any]
    events: int = 0
    on_events: int = 0
    t_start_us: int = 0
    t_stop_us: int = 0
    max_x: int = -1
    max_y: int = -1
    outside: int = 0
    first_outside: tuple[int, int, int] | None = None
    gap_us: int = 100_000
    gaps: Jumps = field(default_factory=Jumps)
    steps_back: Jumps = field(default_factory=Jumps)
    warnings: list[str] = field(default_factory=list)

    @property
    def duration_s(self) -> float:
        """From the first event to after the latest one."""
        return (self.t_stop_us - self.t_start_us) / 1e6

    @property
    def rate_hz(self) -> float:
        """Events a second on average; 0 without events."""
        return self.events / self.duration_s if self.events else 0.0

    @property
    def on_ratio(self) -> float | None:
        """Part of the events that are ON, 0 to 1; None without events."""
        return self.on_events / self.events if self.events else None

    def add(self, events: np.ndarray) -> None:
        """Count a block of events, which follow those that were counted before."""
        t, x, y = events["t"], events["x"], events["y"]
        if self.events == 0:
            self._last = self._latest = self.t_start_us = int(t[0])
        before = np.concatenate([[self._last], t[:-1]])
        latest = np.maximum.accumulate(np.concatenate([[self._latest], t]))
        silences = latest[1:] - latest[:-1]
        self.steps_back.add(before - t, before, self.events - 1)
        self.gaps.add(np.where(silences >= self.gap_us, silences, 0), latest[:-1], self.events - 1)
        self._last, self._latest = int(t[-1]), int(latest[-1])
        self.t_stop_us = self._latest + 1
        self.on_events += int(np.count_nonzero(events["p"]))
        self.max_x, self.max_y = max(self.max_x, int(x.max())), max(self.max_y, int(y.max()))
        if self.shape is not None:
            self._add_outside((x < 0) | (x >= self.shape[0]) | (y < 0) | (y >= self.shape[1]), x, y)
        self.events += len(events)

    def _add_outside(self, outside: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        count = int(np.count_nonzero(outside))
        if count and not self.outside:
            place = int(outside.argmax())
            self.first_outside = (self.events + place, int(x[place]), int(y[place]))
        self.outside += count

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the units in the names."""
        return {
            "path": self.path,
            "format": self.format,
            "shape": self.shape,
            "events": self.events,
            "t_start_us": self.t_start_us,
            "t_stop_us": self.t_stop_us,
            "duration_s": self.duration_s,
            "rate_hz": self.rate_hz,
            "on_events": self.on_events,
            "on_ratio": self.on_ratio,
            "max_x": self.max_x,
            "max_y": self.max_y,
            "outside": self.outside,
            "gaps": {"threshold_us": self.gap_us, **vars(self.gaps)},
            "steps_back": vars(self.steps_back),
            "bytes": self.bytes,
            "metadata": self.metadata,
            "warnings": self.warnings,
        }


def summarise(
    path: str, reading: dict[str, Any], *, gap_us: int = 100_000, roi: tuple[int, int, int, int] | None = None
) -> Summary:
    """Read every event of a file once, in bounded memory.

    Args:
        path: the file.
        reading: further arguments of ``FileInput``.
        gap_us: from what length on a silence is a gap, µs.
        roi: count only the events of this region, (left, top, width, height); its corner becomes (0, 0).

    Raises:
        FormatError, OSError, ValueError: as ``FileInput`` does, and for a region outside of the sensor.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TruncatedFileWarning)
        file = FileInput(path, progress=sys.stderr.isatty(), **reading)
        shape = file.shape
        if roi is not None:
            check_roi(roi, file)
            shape = (roi[2], roi[3])
        summary = Summary(path, file.format, shape, size_of(path), file.metadata, gap_us=gap_us)
        for block in file.blocks():
            events = block if roi is None else crop_events(block, *roi)
            if len(events):
                summary.add(events)
        if roi is None:
            summary.t_start_us, summary.t_stop_us = file.t_start, file.t_stop
    summary.warnings += [str(each.message).removeprefix(f"{path}, ") for each in caught]
    return summary


def size_of(path: str) -> int:
    """Bytes of a file, or of all files in a folder."""
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(entry.stat().st_size for entry in os.scandir(path) if entry.is_file())
