"""Events in any of the shapes that users have, as records that a sensor and a format can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.event_columns import check_time_unit
from aestream.events import EVENT_DTYPE, Events, to_records
from aestream.representations import is_plain
from aestream.writers.base import Clock, Limits

_NO_CLOCK = Clock(wrap_us=0, tick_us=1, max_fall_ticks=0)
_ADVICE = "subtract a start time from all of t"


class Checker:
    """Looks at the events of one file before they are written."""

    def __init__(self, format: str, shape: tuple[int, int], limits: Limits, time_unit: str | None = None) -> None:
        check_time_unit(time_unit)
        self._time_unit = time_unit
        self._format, self._shape, self._limits = format, shape, limits
        self._max = {"x": min(shape[0] - 1, limits.max_x), "y": min(shape[1] - 1, limits.max_y)}
        clock = limits.clock or _NO_CLOCK
        self._check = _core.EventCheck(
            max_x=self._max["x"],
            max_y=self._max["y"],
            min_t=limits.min_t,
            max_t=limits.max_t,
            max_first_t=limits.max_first_t,
            max_gap_us=limits.max_gap_us,
            max_span_us=limits.max_span_us,
            steps_back=limits.steps_back,
            tick_us=clock.tick_us,
            wrap_us=clock.wrap_us,
            max_fall_ticks=clock.max_fall_ticks,
        )

    @property
    def num_events(self) -> int:
        """Events that have passed."""
        return self._check.num_events

    def check(self, events: Any) -> npt.NDArray[Any]:
        """The events as a contiguous array of ``EVENT_DTYPE``, which may be the argument itself.

        Raises:
            ValueError: if they are no events, or one cannot be written behind those that have passed; then none passes.
        """
        records = self._to_records(events)
        refused = self._check.check(records)
        if refused is not None:
            at, reason = refused
            before = int(records["t"][at - 1]) if at else self._check.last_time
            raise ValueError(f"event {self.num_events + at}: {self._explain(records[at], before, reason)}")
        return records

    def _to_records(self, events: Any) -> npt.NDArray[Any]:
        if self._time_unit in (None, "us"):
            if isinstance(events, Events) and events.device.type == "cpu":
                events = events.numpy()
            if isinstance(events, np.ndarray) and is_plain(events):
                return events.view(EVENT_DTYPE)
        return to_records(events, time_unit=self._time_unit, first_row=self.num_events)

    def _outside(self, name: str, limit: int, value: int) -> str:
        width, height = self._shape
        return f"{name} must be from 0 to {limit}; got {value} ({self._format}, sensor of {width}x{height})"

    def _explain(self, event: Any, before: int, reason: str) -> str:
        limits, t, name = self._limits, int(event["t"]), self._format
        clock = limits.clock or _NO_CLOCK
        match reason:
            case "x" | "y":
                return self._outside(reason, self._max[reason], int(event[reason]))
            case "early":
                return f"t must be at least {limits.min_t} in {name} files; got {t}"
            case "late":
                return f"t must be at most {limits.max_t} in {name} files; got {t}; {_ADVICE}"
            case "first":
                return f"the first t must be at most {limits.max_first_t} in {name} files; got {t}; {_ADVICE}"
            case "gap":
                most = f"{limits.max_gap_us} µs after the event before it"
                return f"t must be at most {most} in {name} files; got {t} after {before}"
            case "span":
                most = f"{limits.max_span_us} µs after the first event"
                return f"t must be at most {most} in {name} files; got {t}"
            case "fall":
                return f"t must not step back in {name} files; got {t} after {before}"
            case _:
                most = f"{clock.max_fall_ticks * clock.tick_us} µs, nor over a multiple of {clock.wrap_us}"
                return f"t must not step back by more than {most} in {name} files; got {t} after {before}"
