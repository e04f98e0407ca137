"""Transforms that tests can restate in a line, at a place where spawned workers find them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from aestream.events import Events
from aestream.transforms import Sample, Transform


@dataclass(frozen=True)
class Drop(Transform):
    """Keeps every event with a probability of one half."""

    @property
    def is_random(self) -> bool:
        """Always."""
        return True

    def __call__(self, sample: Sample, *, generator: torch.Generator | None = None) -> Sample:
        """What is left of the sample."""
        kept = torch.rand(len(sample.events), generator=generator) < 0.5
        return sample.replace(events=sample.events[kept])


@dataclass(frozen=True)
class Corner(Transform):
    """Cuts ``[0, width) x [0, height)`` out, and counts the events that it has dropped into the target."""

    width: int
    height: int

    def __call__(self, sample: Sample, *, generator: torch.Generator | None = None) -> Sample:
        """The corner of the sample."""
        inside = (sample.events.x < self.width) & (sample.events.y < self.height)
        target = None if sample.target is None else (sample.target, int((~inside).sum()))
        return sample.replace(events=sample.events[inside], shape=(self.width, self.height), target=target)


@dataclass(frozen=True)
class OneColumn(Transform):
    """Moves all events into one random column."""

    @property
    def is_random(self) -> bool:
        """Always."""
        return True

    def __call__(self, sample: Sample, *, generator: torch.Generator | None = None) -> Sample:
        """The sample in its column."""
        column = int(torch.randint(sample.shape[0], (), generator=generator))
        events = sample.events
        return sample.replace(events=Events(events.t, torch.full_like(events.x, column), events.y, events.p))


def only_on(events: Events) -> Events:
    """The ON events."""
    return events[events.p]  # type: ignore[return-value]


class Length:
    """A representation: how many events there are, and the times that it was told."""

    def __call__(
        self, events: Events, shape: tuple[int, int], *, start_us: int | None = None, stop_us: int | None = None
    ) -> torch.Tensor:
        """int64 ``[5]``: events, width, height, start, stop."""
        return torch.tensor([len(events), *shape, start_us, stop_us])


@dataclass(frozen=True)
class ByCall(Transform):
    """Another transform, of which nobody can know that it is a coordinate map."""

    inner: Transform

    @property
    def is_random(self) -> bool:
        """As the inner one."""
        return self.inner.is_random

    def __call__(self, sample: Sample, *, generator: torch.Generator | None = None) -> Sample:
        """What the inner one makes of the sample."""
        return self.inner(sample, generator=generator)
