"""The edges of a window, start_us and stop_us, as users write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events

from aestream import Frame, VoxelGrid
from aestream.transforms import FlipX

SHAPE = (WIDTH, HEIGHT)


@pytest.mark.parametrize("edge", [0.0, np.float64(0), np.int64(0), torch.tensor(0)])
def test_edges_of_a_window_are_whole_numbers(edge: Any) -> None:
    events = make_events(20)
    expected = VoxelGrid(3)(events, SHAPE, start_us=0, stop_us=10**7)
    assert torch.equal(VoxelGrid(3)(events, SHAPE, start_us=edge, stop_us=1e7), expected)


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        (0.5, "start_us must be a whole number of microseconds; got 0.5"),
        (float("nan"), "start_us must be a whole number of microseconds; got nan"),
        ("0", "start_us must be a whole number of microseconds; got '0'"),
        (2**63, "start_us must fit int64, in microseconds; got 9223372036854775808"),
    ],
)
def test_edges_that_are_no_times_fail(edge: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Frame()(make_events(3), SHAPE, start_us=edge)
    with pytest.raises(ValueError, match=message):
        FlipX()(make_events(3), shape=SHAPE, start_us=edge)
