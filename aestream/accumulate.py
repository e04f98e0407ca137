"""Events in memory to one tensor per window: what FileInput does for files."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from typing_extensions import Unpack

import aestream._core as _core
from aestream.arguments import check_shape, positive
from aestream.cuda import has_kernels, is_usable
from aestream.cuda_windows import EventWindows
from aestream.datasets.windows import Cut, Windows
from aestream.event_columns import check_time_unit
from aestream.events import Events, to_records
from aestream.options import SpanOptions, resolved, takes
from aestream.representations.base import Accumulated, AnyEvents, as_records, is_fused, to_tensor

_MAX_WINDOWS = 1 << 24  # one wild timestamp must not ask for more memory than there is


@takes(SpanOptions)
def accumulate(
    events: AnyEvents,
    representation: Accumulated,
    shape: tuple[int, int],
    *,
    threads: int | None = None,
    time_unit: str | None = None,
    **options: Unpack[SpanOptions],
) -> torch.Tensor:
    """Cut events into windows and accumulate each.

    Args:
        events: array of ``EVENT_DTYPE`` or ``Events`` on a CPU or an NVIDIA GPU, in recorded order; or what
            ``Events.from_numpy`` takes.
        representation: what each window becomes.
        shape: sensor (width, height) in pixels; events outside are left out.
        threads: None: one per core.
        time_unit: what the times of events count: "s", "ms", "us" or "ns"; None: microseconds, which are whole. Other
            arguments are microseconds in any case.
        **options: keyword arguments, those of ``FileInput`` that say which windows there are:

    Returns:
        ``[windows, channels, height, width]`` of the representation's dtype, on the events' device: the items that
        ``FileInput`` gives for a file of these events, in one tensor; without events, the windows that are there in any
        case, of zeros.

    Raises:
        ValueError: if an argument is out of range or excludes another, the events are on another device, or one of them
            would not fit, as in ``Events.from_numpy``.
    """
    resolved(SpanOptions, options, "accumulate()")
    cut = Cut.of(options)
    positive("threads", threads)
    check_time_unit(time_unit)
    if isinstance(representation, type):
        raise ValueError(f"representation must be an object, {representation.__name__}(), not its class")
    if not is_fused(representation):
        expected = "of this package, without a __call__ of its own (call it for each window; FileInput does)"
        raise ValueError(f"representation must be {expected}; got {representation!r}")
    shape = check_shape(shape)
    if isinstance(events, Events) and events.device.type == "cuda":
        if time_unit not in (None, "us"):
            raise ValueError(f"time_unit must be None or 'us' for events on a GPU; got {time_unit!r}")
        if is_usable(events.device) and has_kernels(representation, shape):
            found = EventWindows(events, cut)
            _check_number(found.windows)
            return found.accumulate(representation, shape)
        return accumulate(events.to("cpu"), representation, shape, threads=threads, **options).to(events.device)
    if isinstance(events, Events) and events.device.type != "cpu":
        raise ValueError(f"events must be on a CPU or an NVIDIA GPU, where windows are cut; got {events.device}")
    records = as_records(events) if time_unit is None else to_records(events, time_unit=time_unit)
    windows = cut.windows_of(_recorded(records), lambda start, stop: _find(records, start, stop))
    _check_number(windows)
    spans = windows.bounds(list(range(len(windows))))
    count = _core.default_threads() if threads is None else threads
    view = records.view(np.uint8)
    tensors, _ = _core.accumulate(view, representation.spec(), *shape, spans, windows.by_time, count)
    return to_tensor(tensors, representation.dtype)


def _check_number(windows: Windows) -> None:
    if len(windows) > _MAX_WINDOWS:
        (start, _), (_, stop) = windows.bounds([0, len(windows) - 1])
        many = f"{len(windows)} windows from {start} to {stop}"
        raise ValueError(f"{many} are too many: limit them by start_us and stop_us")


def _recorded(records: np.ndarray[Any, Any]) -> tuple[int, int]:
    """The first event's time, and the one after the latest; equal if there is no event."""
    if len(records) == 0:
        return 0, 0
    return int(records["t"][0]), min(int(records["t"].max()) + 1, int(np.iinfo(np.int64).max))


def _find(records: np.ndarray[Any, Any], start: int, stop: int) -> tuple[int, int]:
    """The ordinals of the events between two times."""
    begin, end = np.searchsorted(np.maximum.accumulate(records["t"]), [start, stop])
    return int(begin), int(end)
