"""Events in memory to one tensor per window: what FileInput does for files."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import aestream._core as _core
from aestream.arguments import check_shape, positive
from aestream.datasets.windows import WindowGrid
from aestream.events import Events
from aestream.representations.base import Accumulated, AnyEvents, as_records, to_tensor

_MAX_WINDOWS = 1 << 24  # one wild timestamp must not ask for more memory than there is


def accumulate(
    events: AnyEvents,
    representation: Accumulated,
    shape: tuple[int, int],
    *,
    window_us: int = 10_000,
    window_events: int | None = None,
    stride: int | None = None,
    start_us: int | None = None,
    stop_us: int | None = None,
    include_incomplete: bool = True,
    threads: int | None = None,
) -> torch.Tensor:
    """Cut events into windows and accumulate each.

    Args:
        events: array of ``EVENT_DTYPE`` or ``Events`` on a CPU, in recorded order.
        representation: what each window becomes.
        shape: sensor (width, height) in pixels; events outside are left out.
        window_us, window_events, stride, start_us, stop_us, include_incomplete: as in ``FileInput``.
        threads: None: one per core.

    Returns:
        ``[windows, channels, height, width]`` of the representation's dtype, the items that ``FileInput`` gives for a
        file of these events, in one tensor; no windows if there are no events.

    Raises:
        ValueError: if an argument is out of range, or the events are on another device.
    """
    for name, value in {
        "window_us": window_us,
        "window_events": window_events,
        "stride": stride,
        "threads": threads,
    }.items():
        positive(name, value)
    if isinstance(events, Events) and events.device.type != "cpu":
        raise ValueError(f"events must be on a CPU, where windows are cut; got {events.device}")
    check_shape(shape)
    records = as_records(events)
    by_time = window_events is None
    length = window_us if window_events is None else window_events
    start, stop = _span(records, by_time, start_us, stop_us)
    grid = WindowGrid(
        start, stop, length, stride or length, by_time, include_incomplete, clip=not by_time or stop_us is not None
    )
    if len(grid) > _MAX_WINDOWS:
        raise ValueError(f"{len(grid)} windows from {start} to {stop} are too many: limit them by start_us and stop_us")
    windows = grid.bounds(list(range(len(grid))))
    count = _core.default_threads() if threads is None else threads
    tensors, _ = _core.accumulate(records.view(np.uint8), representation.spec(), *shape, windows, by_time, count)
    return to_tensor(tensors, representation.dtype)


def _span(records: np.ndarray[Any, Any], by_time: bool, start_us: int | None, stop_us: int | None) -> tuple[int, int]:
    """What the windows cover: microseconds, or ordinals of the events between these times."""
    if len(records) == 0:
        return 0, 0
    first, latest = int(records["t"][0]), np.maximum.accumulate(records["t"])
    start = first if start_us is None else start_us
    stop = int(latest[-1]) + 1 if stop_us is None else stop_us
    if by_time:
        return start, stop
    begin, end = np.searchsorted(latest, [start, stop])
    return int(begin), int(end)
