"""Transforms of times, places and polarities of single events; what all transforms have in common."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from aestream import transforms
from aestream.events import EVENT_DTYPE, Events
from aestream.transforms import (
    Compose,
    FlipX,
    MergePolarity,
    Sample,
    Sort,
    SpatialJitter,
    TimeJitter,
    TimeScale,
    Transform,
    Undistort,
    transform_from_dict,
)
from aestream.transforms.base import derived, seeded

ALL = [
    transforms.Crop(1, 2, 8, 5),
    transforms.CenterCrop((8, 5)),
    transforms.RandomCrop((8, 5)),
    transforms.RandomTimeCrop(400),
    transforms.FlipX(),
    transforms.FlipY(0.25),
    transforms.FlipPolarity(),
    transforms.Rotate90(3),
    transforms.Downsample(2),
    TimeJitter(20.0),
    SpatialJitter(1.5, probability=0.75),
    TimeScale(0.5, 2.0),
    transforms.DropEvents(0.1),
    transforms.DropArea(0.1),
    transforms.DropTime(0.1),
    transforms.DropPixels(0.1),
    transforms.Refractory(100),
    transforms.Denoise(10),
    transforms.HotPixels(2.0),
    transforms.HotPixels(pixels=[(1, 2), (3, 4)]),
    Undistort(np.stack(np.meshgrid(np.arange(13) * 1.1, np.arange(9) - 1.0), -1)),
    MergePolarity(),
    Sort(),
    Compose([FlipX(), Compose([Sort(), TimeJitter(3.0)])]),
]


def columns(sample):
    return [column.tolist() for column in sample.events]


def test_every_transform_is_here():
    names = {name for name in transforms.__all__ if name not in ("Sample", "Transform", "transform_from_dict")}
    assert {type(transform).__name__ for transform in ALL} == names


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
def test_dict_round_trip(transform):
    parameters = json.loads(json.dumps(transform.to_dict()))
    again = transform_from_dict(parameters)
    assert again == transform and hash(again) == hash(transform)
    assert json.loads(json.dumps(again.to_dict())) == parameters


def test_dict_names_every_parameter():
    assert FlipX().to_dict() == {"type": "FlipX", "probability": 0.5}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"type": "Flip"}, "type must be one of"),
        ({"type": "_Flip"}, "type must"),
        ({"type": "Sort", "a": 1}, "Sort has"),
    ],
)
def test_dict_fails(parameters, message):
    with pytest.raises(ValueError, match=message):
        transform_from_dict(parameters)


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
def test_arguments_stay_and_addresses_decide(sample, transform):
    before, target = columns(sample), {key: str(value) for key, value in sample.target.items()}
    first, again = (transform(sample, generator=seeded(3, 1, 4)) for _ in range(2))
    assert columns(sample) == before and {key: str(value) for key, value in sample.target.items()} == target
    assert columns(first) == columns(again)
    assert (first.shape, first.start_us, first.stop_us) == (again.shape, again.start_us, again.stop_us)
    assert {key: str(value) for key, value in first.target.items()} == {k: str(v) for k, v in again.target.items()}


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
@pytest.mark.parametrize("dtype", [[("x", "i8"), ("y", "i8"), ("t", "i8"), ("p", "i8")], [(n, "i8") for n in "txyp"]])
def test_arrays_of_another_dtype_give_the_same_events(sample, transform, dtype):
    records, order = sample.events.numpy(), [name for name, _ in dtype]
    other = np.zeros(len(records), [*dtype, ("ordinal", "u4")])
    for name in "txyp":
        other[name] = records[name]
    other["ordinal"] = np.arange(len(records))
    where = {"shape": sample.shape, "start_us": sample.start_us, "stop_us": sample.stop_us}
    got = transform(other, generator=seeded(8), **where)
    want = transform(sample, generator=seeded(8)).events
    assert got.dtype == other.dtype and order == list(other.dtype.names[:4])
    assert all(got[name].tolist() == want[name].tolist() for name in "txyp")
    polarity_kept = not isinstance(transform, MergePolarity | transforms.FlipPolarity)
    assert not polarity_kept or (got["p"] == records["p"][got["ordinal"]]).all()


def test_a_chain_draws_by_place(sample):
    chain = Compose([SpatialJitter(1.0), TimeJitter(9.0)])
    want = sample
    for place, transform in enumerate(chain.transforms):
        want = transform(want, generator=derived(seeded(5), place))
    assert columns(chain(sample, generator=seeded(5))) == columns(want)


def test_nothing_composed_changes_nothing(sample):
    assert Compose([])(sample) is sample


def test_time_jitter_is_normal_and_stays_in_the_window():
    events = np.zeros(20_000, EVENT_DTYPE)
    events["t"] = 10_000
    sample = Sample(Events.from_numpy(events), (2, 2), 0, 20_000)
    t = TimeJitter(100.0)(sample, generator=seeded(1)).events.t.double()
    assert abs(float(t.mean()) - 10_000) < 5 and abs(float(t.std()) - 100) < 3
    narrow = TimeJitter(100.0)(sample.replace(start_us=9_990, stop_us=10_010), generator=seeded(1)).events.t
    assert int(narrow.min()) == 9_990 and int(narrow.max()) == 10_009


def test_spatial_jitter_is_normal_and_drops_what_leaves(sample):
    events = np.zeros(20_000, EVENT_DTYPE)
    events["x"], events["y"] = 50, 40
    result = SpatialJitter(3.0)(events, shape=(100, 80), generator=seeded(1))
    assert len(result) == len(events)
    for name, centre in (("x", 50), ("y", 40)):
        assert abs(result[name].mean() - centre) < 0.2 and abs(result[name].std() - 3.0) < 0.1
    edge = SpatialJitter(3.0)(events, shape=(51, 80), generator=seeded(1))
    assert edge["x"].max() == 50 and 0.4 < len(edge) / len(events) < 0.6
    jittered = SpatialJitter(1.0)(sample, generator=seeded(1)).events
    outside = lambda e: e[(e.x < 0) | (e.x >= 13) | (e.y < 0) | (e.y >= 9)]  # noqa: E731
    assert columns(sample.replace(events=outside(jittered))) == columns(sample.replace(events=outside(sample.events)))


def test_time_scale_begins_at_the_window(sample):
    result = TimeScale(2.0, 2.0)(sample)
    assert result.start_us == sample.start_us
    assert result.stop_us == sample.start_us + 2 * (sample.stop_us - sample.start_us)
    assert torch.equal(result.events.t, sample.start_us + 2 * (sample.events.t - sample.start_us))
    shrunk = TimeScale(0.3, 0.3)(sample)
    assert int(shrunk.events.t.max()) < shrunk.stop_us
    alone = TimeScale(0.5, 0.5)(np.array([(1001, 0, 0, 1), (1007, 0, 0, 1)], EVENT_DTYPE))
    assert alone["t"].tolist() == [1001, 1004]


def test_sort_keeps_the_order_of_equal_times(sample):
    order = np.argsort(sample.events.t.numpy(), kind="stable")
    assert columns(Sort()(sample)) == columns(sample.replace(events=sample.events[order]))


def test_undistort_goes_to_the_nearest_pixel():
    map = np.array([[(0.4, 0.6), (2.0, 0.0)], [(-0.6, 0.0), (np.nan, 0.0)]])
    events = np.array([(0, 0, 0, 1), (1, 1, 0, 1), (2, 0, 1, 1), (3, 1, 1, 1), (4, 9, 0, 1)], EVENT_DTYPE)
    assert Undistort(map)(events).tolist() == [(0, 0, 1, True)]


def test_merged_polarity_is_off(sample):
    assert not bool(MergePolarity()(sample).events.p.any())
    assert bool(sample.events.p.any())


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
@pytest.mark.parametrize("count", [0, 1])
def test_few_events(sample, transform, count):
    result = transform(sample.replace(events=sample.events[:count]), generator=seeded(0))
    assert len(result.events) <= count


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TimeJitter(-1), "std_us must be a number, 0 or more"),
        (lambda: TimeJitter(1, probability=2), "probability must be a number, in"),
        (lambda: SpatialJitter(-1), "std must be a number, in"),
        (lambda: SpatialJitter(1, probability=2), "probability must be a number, in"),
        (lambda: SpatialJitter(1)(np.zeros(1, EVENT_DTYPE)), "SpatialJitter must know the sensor"),
        (lambda: TimeScale(0, 1), "low must be a number"),
        (lambda: TimeScale(1, float("inf")), "high must be a number"),
        (lambda: TimeScale(2, 1), "low must not be above high"),
        (lambda: TimeScale(1, 2, probability=-1), "probability must be a number, in"),
        (lambda: Undistort(np.zeros((3, 4))), "map must be"),
        (lambda: Undistort(np.zeros((3, 4, 2)))(np.zeros(1, EVENT_DTYPE), shape=(3, 4)), "the map is for a sensor of"),
        (lambda: Compose([lambda sample: sample]), "must be of aestream.transforms, .*; got function"),
        (
            lambda: TimeScale(9, 9)(
                np.array([(0, 0, 0, 0), (0, 0, 9, 0)], [(n, "i1" if n == "t" else "i4") for n in "xytp"]), start_us=-20
            ),
            "cannot hold",
        ),
    ],
)
def test_events_fail(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_sample_has_its_own_window(sample):
    with pytest.raises(ValueError, match="a Sample has its own"):
        Sort()(sample, start_us=0)


def test_transforms_are_transforms():
    assert all(isinstance(transform, Transform) for transform in ALL)
    assert {type(transform).__name__ for transform in ALL if transform.is_random} >= {"FlipX", "DropEvents", "Compose"}
    assert not any(transform.is_random for transform in (Sort(), transforms.Crop(0, 0, 1, 1), Compose([Sort()])))
