"""What the tests of transforms share: small scenes with everything that may go wrong, and a sample of each."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aestream.events import EVENT_DTYPE, Events
from aestream.transforms import Sample


def _random_events(count: int, shape: tuple[int, int]) -> np.ndarray:
    random = np.random.default_rng(count)
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = 1000 + np.cumsum(random.integers(-2, 9, count))
    events["x"], events["y"] = (random.integers(-3, length + 4, count) for length in shape)
    events["p"] = random.integers(0, 2, count)
    return events


@pytest.fixture
def sample() -> Sample:
    """3000 events, over more than one block, some outside, with times that step back; a box and a map as its target."""
    records = _random_events(3000, (13, 9))
    boxes = torch.tensor([[3.0, 1.0, 2.0, 4.0, 5.0], [7.0, 0.0, 0.0, 13.0, 9.0]])
    target = {"label": 4, "boxes": boxes, "map": torch.arange(2 * 9 * 13).reshape(2, 9, 13)}
    return Sample(Events.from_numpy(records), (13, 9), 900, int(records["t"].max()) + 1, target)
