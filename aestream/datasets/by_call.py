"""What the events of one window become where the core does not make it: transform and representation, called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from aestream.backends import events_to
from aestream.options import checked_events
from aestream.transforms.base import Sample, Transform


def represent_by_call(
    records: npt.NDArray[np.void],
    times: tuple[int, int],
    target: Any,
    *,
    event_transform: Any,
    representation: Any,
    shape: Callable[[], tuple[int, int]],
    generator: torch.Generator | None,
    device: torch.device,
) -> tuple[Any, Any]:
    """What one window becomes, and its target: transforms of events may change both.

    Args:
        records: its events, of ``EVENT_DTYPE``.
        times: its start and stop, µs.
        event_transform, representation: as in ``FileInput``; None: nothing happens to the events.
        shape: the sensor's (width, height), asked for where something must know it.
        generator: what a random transform draws from.
        device: where the events go after their transform.
    """
    (start_us, stop_us), size = times, None
    events = events_to("torch", records, torch.device("cpu"))
    if isinstance(event_transform, Transform):
        sample = event_transform(Sample(events, shape(), start_us, stop_us, target), generator=generator)
        events, size, target = sample.events, sample.shape, sample.target
        start_us, stop_us = sample.start_us, sample.stop_us
    elif event_transform is not None:
        events = checked_events(event_transform(events))
    events = events.to(device)
    if representation is None:
        return events, target
    size = shape() if size is None else size
    return representation(events, shape=size, start_us=start_us, stop_us=stop_us), target
