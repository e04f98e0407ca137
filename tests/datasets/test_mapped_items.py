"""Items behind a coordinate map, made in one pass: to the bit those of transform and representation by call."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.files import write_file
from support.transforms import ByCall
from torch.utils.data import DataLoader

from aestream import FileInput, transforms
from aestream.datasets import RecordingDataset
from aestream.events import EVENT_DTYPE
from aestream.representations import (
    AveragedTimeSurface,
    Concat,
    EventImage,
    Frame,
    LatestTime,
    MixedDensity,
    StackedHistogram,
    Steps,
    TimeSurface,
    Tore,
    VoxelGrid,
)
from aestream.representations.base import Accumulated
from aestream.transforms import Compose

SHAPE = (13, 9)
BIG = (64, 48)
REPRESENTATIONS = [
    Frame(),
    Frame("difference", torch.float16),
    Frame("sum", torch.uint8, clip=3),
    Frame(dtype=torch.bool),
    VoxelGrid(4),
    VoxelGrid(3, span="events", polarity="split"),
    VoxelGrid.e2vid(5),
    VoxelGrid.eraft(3),
    VoxelGrid.event_cube(3),
    StackedHistogram(3, span="window"),
    StackedHistogram.rvt(),
    MixedDensity(4),
    TimeSurface(50.0),
    TimeSurface(50.0, "linear", "signed"),
    LatestTime(),
    EventImage(),
    Tore(2),
    AveragedTimeSurface(3, 1, 50.0),
    Steps(Frame(), 3),
    Steps(Frame(), 3, by="events"),
    Steps(VoxelGrid(2, span="events"), 2),
    Steps(TimeSurface(20.0), 2, by="events"),
    Concat(Frame(), VoxelGrid(2, span="events"), TimeSurface(9.0)),
]

ids = [f"{type(representation).__name__}{i}" for i, representation in enumerate(REPRESENTATIONS)]
probabilities = st.sampled_from((0.0, 0.5, 1.0))


def steps_on(width: int, height: int) -> st.SearchStrategy[transforms.Transform]:
    """One geometric transform that fits a sensor of this size."""
    sizes = st.tuples(st.integers(1, width), st.integers(1, height))
    corner = sizes.map(lambda size: transforms.Crop(width - size[0], height - size[1], *size))
    return st.one_of(
        st.builds(transforms.FlipX, probabilities),
        st.builds(transforms.FlipY, probabilities),
        st.builds(transforms.FlipPolarity, probabilities),
        st.builds(transforms.Rotate90, st.integers(-4, 4)),
        st.builds(transforms.Downsample, st.sampled_from((1, 2, 3, 5, 40))),
        st.builds(transforms.CenterCrop, sizes),
        st.builds(transforms.RandomCrop, sizes, probabilities),
        corner,
    )


@st.composite
def chains(draw: st.DrawFn) -> transforms.Transform:
    """Chains whose crops fit whatever the draws before them are."""
    chain, least = [], SHAPE
    for _ in range(draw(st.integers(1, 4))):
        side = min(least)  # both ways round
        step = draw(steps_on(side, side))
        if isinstance(step, transforms.Downsample):
            least = (-(-least[0] // step.factor), -(-least[1] // step.factor))
        elif hasattr(step, "size") or isinstance(step, transforms.Crop):
            least = getattr(step, "size", None) or (step.width, step.height)
        chain.append(step)
    return chain[0] if len(chain) == 1 and draw(st.booleans()) else Compose(chain)


@st.composite
def recordings(draw: st.DrawFn) -> np.ndarray:
    """Events, of which some lie outside and some step back in time; sometimes more than one block of them."""
    random = np.random.default_rng(draw(st.integers(0, 2**20)))
    events = np.zeros(draw(st.sampled_from((0, 1, 2, 40, 1500))), EVENT_DTYPE)
    events["t"] = 1000 + np.cumsum(random.integers(-2, 9, len(events)))
    events["x"], events["y"] = (random.integers(-3, length + 4, len(events)) for length in SHAPE)
    events["p"] = random.integers(0, 2, len(events))
    return events


@st.composite
def cuts(draw: st.DrawFn) -> dict:
    """Windows by time, by count, or one for all."""
    return draw(
        st.sampled_from(
            (
                {"window_us": None},
                {"window_us": 700, "stride": 400},
                {"window_events": 90},
                {"windows": [[1100, 1300], [0, 5], [1200, 1200], [900, 9000]]},
            )
        )
    )


def boxes(draw_from: int) -> np.ndarray:
    """Two boxes of whole numbers and a label, as detection has them."""
    random = np.random.default_rng(draw_from)
    rows = [(*random.integers(0, 9, 2), *random.integers(1, 5, 2)) for _ in range(2)]
    return np.array(rows, [(name, "<i4") for name in "xywh"])


def assert_same_items(fused: FileInput, by_call: FileInput) -> None:
    """The same items one by one, in batches, and in any order."""
    assert len(fused) == len(by_call)
    order = list(range(len(fused)))[:6]
    batch = fused.__getitems__(order[::-1])[::-1]
    for i in order:
        (want, target), (x, moved), (again, _) = by_call[i], fused[i], batch[i]
        assert x.dtype == want.dtype and x.shape == want.shape == again.shape
        assert x.numpy().tobytes() == want.numpy().tobytes() == again.numpy().tobytes()
        assert moved[0].tolist() == target[0].tolist() and torch.equal(moved[1], target[1])


@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=ids)
@given(
    events=recordings(), transform=chains(), cut=cuts(), seed=st.integers(0, 9), epoch=st.integers(0, 3),
    threads=st.integers(1, 3),
)  # fmt: skip
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_items_are_those_of_one_step_after_the_other(
    tmp_path, representation, events, transform, cut, seed, epoch, threads
):
    np.save(tmp_path / "events.npy", events)
    options = {**cut, "representation": representation, "seed": seed, "threads": threads, "cache_index": False}
    count = len(FileInput(tmp_path / "events.npy", SHAPE, **options))
    dense = torch.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE[1], SHAPE[0])
    options["targets"] = [[boxes(i), dense + i] for i in range(count)]
    fused, by_call = (
        FileInput(tmp_path / "events.npy", SHAPE, event_transform=way, **options)
        for way in (transform, ByCall(transform))
    )
    fused.set_epoch(epoch)
    by_call.set_epoch(epoch)
    assert_same_items(fused, by_call)


def test_every_representation_is_here():
    known = {type(representation).__name__ for representation in REPRESENTATIONS}
    assert known == {name for name, kind in Accumulated._known.items() if kind.__module__.startswith("aestream.")}


def big_recording() -> np.ndarray:
    random = np.random.default_rng(5)
    events = np.zeros(20_000, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 90_000, len(events)))
    events["x"], events["y"] = (random.integers(0, length, len(events)) for length in BIG)
    events["p"] = random.integers(0, 2, len(events))
    return events


@pytest.mark.parametrize("format", ["evt3", "dat", "aedat4", "csv"])
def test_items_of_formats_and_datasets(tmp_path, format):
    path = write_file(tmp_path, format, big_recording())
    chain = Compose([transforms.RandomCrop((32, 24)), transforms.FlipX(), transforms.Rotate90(1)])
    made = []
    for transform in (chain, ByCall(chain)):
        options = {"event_transform": transform, "representation": VoxelGrid(3, span="events"), "seed": 3}
        file = FileInput(path, BIG, window_us=10_000, **options)
        several = RecordingDataset([(path, None, 0), (path, None, 1)], BIG, window_us=10_000, **options)
        several.set_epoch(2)
        loaded = list(DataLoader(several, batch_size=5, collate_fn=several.collate))
        made.append([*file, *(x for x, _ in several), *(x for batch in loaded for x in batch[0])])
    assert len(made[0]) >= 27 and made[0][0].shape == (3, 32, 24)
    assert all(torch.equal(*pair) for pair in zip(*made, strict=True))


def test_a_batch_of_one_size_lies_in_one_piece(tmp_path):
    np.save(tmp_path / "events.npy", big_recording())
    options = {"window_us": 10_000, "representation": Frame()}
    file = FileInput(tmp_path / "events.npy", BIG, event_transform=transforms.RandomCrop((32, 24)), **options)
    (batch,) = DataLoader(file, batch_size=len(file))
    assert batch.shape == (9, 2, 24, 32)
    pieces = file.__getitems__([0, 1, 2])
    assert len({piece.untyped_storage().data_ptr() for piece in pieces}) == 1


def test_a_transform_without_coordinate_map_fails_to_be_one(tmp_path):
    chain = Compose([transforms.FlipX(), transforms.Sort()])
    with pytest.raises(ValueError, match="only geometric transforms have a coordinate map, got Sort"):
        chain.coordinate_map(SHAPE)


def test_crops_larger_than_the_sensor_fail(tmp_path):
    np.save(tmp_path / "events.npy", big_recording())
    file = FileInput(tmp_path / "events.npy", BIG, event_transform=transforms.CenterCrop((65, 10)))
    with pytest.raises(ValueError, match="is larger than a sensor of"):
        file[0]
