"""What the events of one window become where the core does not make it: transform and representation, called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from aestream.backends import events_to
from aestream.cuda import events_on, gpu_of, has_kernels, tensor_on
from aestream.datasets.batch import Column
from aestream.events import Events
from aestream.option_checks import checked_events
from aestream.representations.base import is_fused
from aestream.transforms.base import Sample, Transform

_CPU = torch.device("cpu")


class Transformed(NamedTuple):
    """The events of one window behind their transform, on the CPU.

    Attributes:
        events: in recorded order.
        shape: the sensor's (width, height); None: nothing has asked for it yet.
        start_us, stop_us: the window, µs.
        target: what belongs to it.
    """

    events: Events
    shape: tuple[int, int] | None
    start_us: int
    stop_us: int
    target: Any


def transformed(
    records: npt.NDArray[np.void],
    times: tuple[int, int],
    target: Any,
    *,
    event_transform: Any,
    shape: Callable[[], tuple[int, int]],
    generator: torch.Generator | None,
) -> Transformed:
    """What a transform of events makes of one window, and its target, which it may change.

    Args:
        records: its events, of ``EVENT_DTYPE``.
        times: its start and stop, µs.
        event_transform: as in ``FileInput``; None: nothing happens to the events.
        shape: the sensor's (width, height), asked for where something must know it.
        generator: what a random transform draws from.
    """
    events = events_to("torch", records, _CPU)
    if isinstance(event_transform, Transform):
        sample = event_transform(Sample(events, shape(), *times, target), generator=generator)
        return Transformed(sample.events, sample.shape, sample.start_us, sample.stop_us, sample.target)
    if event_transform is not None:
        events = checked_events(event_transform(events))
    return Transformed(events, None, *times, target)


def represent_all(
    windows: Iterable[Transformed], representation: Any, shape: Callable[[], tuple[int, int]], device: torch.device
) -> tuple[Column, list[Any]]:
    """What windows become on a device, and their targets. A GPU makes those of one size together.

    Args:
        windows: each is let go before the next one is made, unless a GPU takes them together.
        representation: as in ``FileInput``; None: events.
        shape: the sensor's (width, height), for windows that do not say theirs.
    """
    is_made_here = device.type == "cuda" and is_fused(representation)  # and copied, where there are no kernels
    if is_made_here and has_kernels(representation, (1, 1)):
        return _represent_on_gpu(list(windows), representation, shape, device)
    values, targets = [], []
    for window in windows:
        value: Any = window.events if is_made_here else events_on(device, window.events)
        if representation is not None:
            size = shape() if window.shape is None else window.shape
            value = representation(value, shape=size, start_us=window.start_us, stop_us=window.stop_us)
        values.append(tensor_on(device, value) if is_made_here else value)
        targets.append(window.target)
    return values, targets


def _represent_on_gpu(
    windows: list[Transformed], representation: Any, shape: Callable[[], tuple[int, int]], device: torch.device
) -> tuple[Column, list[Any]]:
    sizes = [shape() if window.shape is None else window.shape for window in windows]
    values: Column = [None] * len(windows)
    for size in dict.fromkeys(sizes):  # one, unless a transform draws whether to crop
        members = [position for position, other in enumerate(sizes) if other == size]
        chosen = [windows[position] for position in members]
        records = [window.events.numpy() for window in chosen]
        times = [(window.start_us, window.stop_us) for window in chosen]
        made = gpu_of(device).represent_records(representation, size, records, times)
        if len(members) == len(windows):
            values = made
            break
        for position, value in zip(members, made, strict=True):
            values[position] = value
    return values, [window.target for window in windows]
