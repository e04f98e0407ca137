"""What may be wrong with a table of boxes: labels without events, beyond the sensor, too early or frozen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.datasets.boxes import read_boxes
from aestream.datasets.file import FileInput

_BEFORE_US = 50_000  # in which a label should have an event
_FROZEN_TIMES = 10  # of labels at one place from which on a box is frozen


@dataclass(frozen=True)
class BoxReport:
    """What a table of boxes is like.

    Attributes:
        error: why it could not be read; the rest is 0 then.
        boxes, times: how many, at how many distinct times.
        without_events: boxes in which no event lies in the 50 ms before them.
        beyond_sensor: boxes that reach beyond the sensor.
        before_first_event: boxes at or before the first event.
        frozen: boxes of runs of ten times or more at which the same track or class has the very same box.
    """

    error: str | None = None
    boxes: int = 0
    times: int = 0
    without_events: int = 0
    beyond_sensor: int = 0
    before_first_event: int = 0
    frozen: int = 0

    def problems(self) -> Iterator[str]:
        """A line for each kind of doubtful boxes."""
        if self.error is not None:
            yield f"labels cannot be read: {self.error}"
        for count, what in (
            (self.without_events, "have no event in the 50 ms before them"),
            (self.beyond_sensor, "reach beyond the sensor"),
            (self.before_first_event, "are at or before the first event"),
            (self.frozen, "are frozen: the same box at ten times or more"),
        ):
            if count:
                yield f"{count} of {self.boxes} boxes {what}"


def examine_boxes(table: Path, file: FileInput) -> BoxReport:
    """Look at a table of boxes beside its recording."""
    try:
        times, boxes = read_boxes(table)
    except ValueError as error:
        return BoxReport(error=str(error))
    left, top = boxes["x"].astype(np.float64), boxes["y"].astype(np.float64)
    right, bottom = left + boxes["w"], top + boxes["h"]
    beyond = 0
    if file.shape is not None:
        width, height = file.shape
        beyond = int(np.count_nonzero((left < 0) | (top < 0) | (right > width) | (bottom > height)))
    early = times <= file.t_start if file.num_events else np.ones(len(times), bool)
    return BoxReport(
        boxes=len(boxes),
        times=len(np.unique(times)),
        without_events=_without_events(times, left, top, right, bottom, file),
        beyond_sensor=beyond,
        before_first_event=int(np.count_nonzero(early)),
        frozen=_frozen(times, boxes),
    )


def _without_events(times: Any, left: Any, top: Any, right: Any, bottom: Any, file: FileInput) -> int:
    missing = 0
    for time in np.unique(times):
        events = file.slice(max(int(time) - _BEFORE_US, -(2**63)), int(time))
        x, y = events["x"], events["y"]
        for i in np.flatnonzero(times == time):
            missing += not ((x >= left[i]) & (x < right[i]) & (y >= top[i]) & (y < bottom[i])).any()
    return missing


def _frozen(times: npt.NDArray[np.int64], boxes: npt.NDArray[Any]) -> int:
    """Boxes of runs in which a track, or without tracks a class, does not move at all."""
    names = boxes.dtype.names or ()
    who = boxes["track_id" if "track_id" in names else "class_id"].astype(np.float64)
    rows = np.stack([who, *(boxes[name].astype(np.float64) for name in ("x", "y", "w", "h"))], axis=1)
    order = np.lexsort((times, who))
    rows, frozen, start = rows[order], 0, 0
    for stop in range(1, len(rows) + 1):
        if stop == len(rows) or (rows[stop] != rows[start]).any():
            frozen += stop - start if stop - start >= _FROZEN_TIMES else 0
            start = stop
    return frozen
