"""What transforms pass on among each other: records, their sensor, window and target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

import aestream._core as _core


@dataclass(frozen=True, eq=False)
class Scene:
    """Attributes: records: array of ``EVENT_DTYPE``, never written to. shape, start_us, stop_us: None where nobody said
    so. source: int64, which of the given events each record was; None: nobody asks."""

    records: npt.NDArray[Any]
    shape: tuple[int, int] | None
    start_us: int | None
    stop_us: int | None
    target: Any = None
    source: npt.NDArray[np.int64] | None = None

    def replace(self, **changes: Any) -> Scene:
        """A copy with other values of some attributes."""
        return replace(self, **changes)

    def filtered(self, filter: _core.Filter, **changes: Any) -> Scene:
        """The scene after a filter of the core."""
        events = self.records.view(np.uint8)
        if self.source is None:
            return self.replace(records=_core.filter_events(events, filter), **changes)
        records, kept = _core.filter_events_with_source(events, filter)
        return self.replace(records=records, source=self.source[kept], **changes)

    def taken(self, keys: npt.NDArray[Any]) -> Scene:
        """The scene of some records only, by a mask or in an order."""
        source = None if self.source is None else self.source[keys]
        return self.replace(records=self.records[keys], source=source)

    def written(self, **columns: npt.NDArray[Any]) -> Scene:
        """The scene with other columns."""
        records = self.records.copy()
        for name, column in columns.items():
            records[name] = column
        return self.replace(records=records)

    def inside(self) -> npt.NDArray[np.bool_]:
        """Which records lie on the sensor."""
        (width, height), x, y = self.known_shape(), self.records["x"], self.records["y"]
        inside: npt.NDArray[np.bool_] = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        return inside

    def known_shape(self) -> tuple[int, int]:
        """The sensor, or the smallest one that holds all events."""
        if self.shape is not None:
            return self.shape
        width, height = (int(self.records[name].max(initial=0)) + 1 for name in "xy")
        return min(width, 32767), min(height, 32767)

    def required_shape(self, name: str) -> tuple[int, int]:
        """The sensor; ValueError where it is not known."""
        if self.shape is None:
            raise ValueError(f"{name} must know the sensor: pass shape=(width, height) with the events")
        return self.shape

    def start(self) -> int:
        """Where the window begins, or else the first event's time; 0 without events."""
        if self.start_us is not None:
            return self.start_us
        return int(self.records["t"][0]) if len(self.records) else 0

    def window(self) -> tuple[int, int]:
        """The window, or else from the first event's time to after the latest; (0, 0) without events."""
        t, start = self.records["t"], self.start()
        stop = self.stop_us if self.stop_us is not None else int(t.max()) + 1 if len(t) else start
        return start, max(start, stop)
