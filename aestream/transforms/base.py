"""What every transform is: a function from one sample to another, whose randomness has an address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from aestream.events import Events


@dataclass(frozen=True)
class Sample:
    """The events of one window, with what a transform may have to change along with them.

    Attributes:
        events: in recorded order.
        shape: sensor (width, height) in pixels.
        start_us, stop_us: the half-open window, µs.
        target: what belongs to the window: a label, boxes, a dense map; or None.
    """

    events: Events
    shape: tuple[int, int]
    start_us: int
    stop_us: int
    target: Any = None

    def replace(self, **changes: Any) -> Sample:
        """A copy with other values of some attributes."""
        return replace(self, **changes)


class Transform:
    """The base of all transforms: frozen dataclasses that are called with a `Sample` and give another one.

    A call changes no argument. A random transform draws from ``generator``; without one it draws from torch's default
    generator.
    """

    def __call__(self, sample: Sample, *, generator: torch.Generator | None = None) -> Sample:
        """The transformed sample."""
        raise NotImplementedError

    @property
    def is_random(self) -> bool:
        """Whether two calls with one sample may differ."""
        return False


def seeded(*address: int) -> torch.Generator:
    """A generator for an address, such as (seed, epoch, item): equal addresses draw equally, on every machine."""
    words = np.random.SeedSequence([int(part) & (2**64 - 1) for part in address]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(words[0]))


def derived(generator: torch.Generator | None, place: int) -> torch.Generator | None:
    """The generator of the transform at a place of a chain: what it draws depends on no other place."""
    return None if generator is None else seeded(generator.initial_seed(), place)
