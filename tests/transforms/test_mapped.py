"""Accumulating behind a coordinate map gives the tensors of the mapped events, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from aestream import _core
from aestream.representations import Frame, Steps, VoxelGrid
from aestream.transforms import Compose, Crop, Downsample, FlipPolarity, FlipX, FlipY, Rotate90
from aestream.transforms.base import seeded

MAPS = [
    Compose([]),
    FlipX(1),
    FlipPolarity(1),
    Crop(2, 1, 7, 6),
    Rotate90(1),
    Downsample(2),
    Compose([FlipX(1), Crop(1, 2, 9, 7), Rotate90(3), Downsample(3), FlipY(1)]),
]


@pytest.mark.parametrize("transform", MAPS)
@pytest.mark.parametrize("representation", [Frame(), VoxelGrid(3)])
def test_tensors_are_those_of_mapped_events(sample, transform, representation):
    moved = transform(sample, generator=seeded(1))
    map, shape = transform.coordinate_map(sample.shape, seeded(1))
    window = {"start_us": sample.start_us, "stop_us": sample.stop_us}
    events = sample.events.numpy().view(np.uint8)
    tensor, outside = _core.accumulate_mapped(events, map, representation.spec(), **window)
    want, left = _core.accumulate_all(moved.events.numpy().view(np.uint8), representation.spec(), *shape, **window)
    assert shape == moved.shape and tensor.tobytes() == want.tobytes() and outside == left
    assert map.drops == ("Crop" in str(transform))


def test_mapped_fails_where_the_axis_is_of_events_that_go(sample):
    events, spec = sample.events.numpy().view(np.uint8), Steps(Frame(), 4, by="events").spec()
    map, _ = Crop(2, 1, 7, 6).coordinate_map(sample.shape)
    with pytest.raises(ValueError, match="must know its events, of which the map drops some"):
        _core.accumulate_mapped(events, map, spec, 0, 10)
    map, _ = FlipX(1).coordinate_map(sample.shape)
    assert _core.accumulate_mapped(events, map, spec, sample.start_us, sample.stop_us)[0].shape == (4, 2, 9, 13)
