"""Geometric transforms against the plainest restatement of each step, alone and folded into one map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aestream.events import EVENT_DTYPE, Events
from aestream.representations import Frame
from aestream.transforms import (
    CenterCrop,
    Compose,
    Crop,
    Denoise,
    Downsample,
    FlipPolarity,
    FlipX,
    FlipY,
    RandomCrop,
    Rotate90,
    Sample,
)
from aestream.transforms.base import seeded

INT16 = st.integers(-(2**15), 2**15 - 1)


@st.composite
def placed_events(draw, shape):
    """Events on the sensor, just beside it, and anywhere."""
    near = [st.integers(-2, length + 1) for length in shape]
    rows = draw(st.lists(st.tuples(st.integers(0, 99), near[0] | INT16, near[1] | INT16, st.booleans()), max_size=30))
    return np.array(rows, EVENT_DTYPE) if rows else np.zeros(0, EVENT_DTYPE)


@st.composite
def chains(draw):
    """A shape, and a chain of transforms that fits it."""
    shape = first = (draw(st.integers(1, 40)), draw(st.integers(1, 40)))
    chain = []
    for kind in draw(st.lists(st.sampled_from("xypcrd"), max_size=6)):
        if kind == "c":
            x, y = (draw(st.integers(0, length - 1)) for length in shape)
            shape = (draw(st.integers(1, shape[0] - x)), draw(st.integers(1, shape[1] - y)))
            chain.append(Crop(x, y, *shape))
        elif kind == "r":
            chain.append(Rotate90(draw(st.integers(-5, 5))))
            shape = shape[::-1] if chain[-1].turns % 2 else shape
        elif kind == "d":
            chain.append(Downsample(draw(st.sampled_from((1, 2, 3, 7, 32767)))))
            shape = tuple(-(-length // chain[-1].factor) for length in shape)
        else:
            chain.append({"x": FlipX, "y": FlipY, "p": FlipPolarity}[kind](1.0))
    return first, chain, shape


def wrapped(value):
    return (value + 2**15) % 2**16 - 2**15


def step_one(transform, row, shape):
    """One event through one transform; None if it is dropped."""
    (t, x, y, p), (width, height) = row, shape
    inside = 0 <= x < width and 0 <= y < height
    match transform:
        case FlipX():
            return t, wrapped(width - 1 - x), y, p
        case FlipY():
            return t, x, wrapped(height - 1 - y), p
        case FlipPolarity():
            return t, x, y, not p
        case Crop():
            x, y = x - transform.x, y - transform.y
            return (t, x, y, p) if 0 <= x < transform.width and 0 <= y < transform.height else None
        case Downsample():
            return (t, x // transform.factor, y // transform.factor, p) if inside else row
    for _ in range(transform.turns % 4):
        x, y, width, height = y, wrapped(width - 1 - x), height, width
    return t, x, y, p


def restated(chain, events, shape):
    rows = [tuple(row) for row in events.tolist()]
    for transform in chain:
        rows = [moved for row in rows if (moved := step_one(transform, row, shape)) is not None]
        if isinstance(transform, Crop):
            shape = (transform.width, transform.height)
        elif isinstance(transform, Downsample):
            shape = tuple(-(-length // transform.factor) for length in shape)
        elif isinstance(transform, Rotate90) and transform.turns % 2:
            shape = shape[::-1]
    return rows


@given(st.data(), chains())
def test_chains_equal_their_steps_one_by_one(data, case):
    shape, chain, after = case
    events = data.draw(placed_events(shape))
    before = events.copy()
    result = Compose(chain)(events, shape=shape)
    assert [tuple(row) for row in result.tolist()] == restated(chain, events, shape)
    assert (events == before).all()
    map, mapped_shape = Compose(chain).coordinate_map(shape)
    assert mapped_shape == map.shape == after


@given(st.data(), chains())
def test_other_arrays_keep_their_fields(data, case):
    shape, chain, _ = case
    events = data.draw(placed_events(shape))
    other = np.zeros(len(events), [("p", "i1"), ("weight", "f4"), ("y", "i4"), ("x", "i8"), ("t", "i8")])
    for name in "txy":
        other[name] = events[name]
    other["p"] = np.where(events["p"], 1, -1)
    other["weight"] = np.arange(len(events))
    result, plain = Compose(chain)(other, shape=shape), Compose(chain)(events, shape=shape)
    assert result.dtype == other.dtype
    assert all((result[name] == plain[name]).all() for name in "txy")
    if (other["p"] < 0).any():
        assert (result["p"] == np.where(plain["p"], 1, -1)).all()
    if not any(isinstance(transform, Crop) for transform in chain):
        assert (result["weight"] == np.arange(len(events))).all()


def test_events_boxes_and_maps_move_by_one_draw(sample):
    chain = Compose([FlipX(), FlipY(), RandomCrop((7, 6), probability=0.5), Rotate90(1)])
    shapes = set()
    for item in range(20):
        result = chain(sample, generator=seeded(0, 0, item))
        again = chain(sample, generator=seeded(0, 0, item))
        assert all(torch.equal(a, b) for a, b in zip(result.events, again.events, strict=True))
        assert torch.equal(result.target["map"], again.target["map"])
        shapes.add(result.shape)
        pixels = torch.arange(9 * 13)  # one event a pixel: each must lie where the map has its number
        grid = Events(pixels, (pixels % 13).short(), (pixels // 13).short(), pixels > 0)
        moved = chain(sample.replace(events=grid, target=pixels.reshape(9, 13)), generator=seeded(0, 0, item))
        assert torch.equal(moved.target[moved.events.y.long(), moved.events.x.long()], moved.events.t)
        assert moved.target.shape == (moved.shape[1], moved.shape[0])
    assert shapes == {(9, 13), (6, 7)}


@pytest.mark.parametrize(
    ("transform", "boxes"),
    [
        (FlipX(1), [[3, 8, 2, 4, 5], [7, 0, 0, 13, 9]]),
        (FlipY(1), [[3, 1, 2, 4, 5], [7, 0, 0, 13, 9]]),
        (Rotate90(1), [[3, 2, 8, 5, 4], [7, 0, 0, 9, 13]]),
        (Crop(2, 3, 5, 4), [[3, 0, 0, 3, 4], [7, 0, 0, 5, 4]]),
        (Crop(6, 0, 5, 9), [[7, 0, 0, 5, 9]]),
        (CenterCrop((5, 4)), [[3, 0, 0, 1, 4], [7, 0, 0, 5, 4]]),
        (Downsample(2), [[3, 0.5, 1, 2, 2.5], [7, 0, 0, 6.5, 4.5]]),
        (FlipPolarity(1), [[3, 1, 2, 4, 5], [7, 0, 0, 13, 9]]),
    ],
)
def test_boxes_follow(sample, transform, boxes):
    before = sample.target["boxes"].clone()
    assert transform(sample).target["boxes"].tolist() == boxes
    assert torch.equal(sample.target["boxes"], before)
    dtype = [("t", "i8"), ("x", "f4"), ("y", "f4"), ("w", "f4"), ("h", "f4"), ("class_id", "u1")]
    records = np.array([(5, *box[1:], box[0]) for box in before.tolist()], dtype)
    moved = transform(sample.replace(target=records)).target
    assert [[int(box["class_id"]), *(float(box[name]) for name in "xywh")] for box in moved] == boxes
    assert moved.dtype == records.dtype


def test_turned_events_are_the_turned_frame(sample):
    frame = Frame()
    for turns in range(-1, 5):
        turned = Rotate90(turns)(sample)
        want = torch.rot90(frame(sample.events, sample.shape), turns, (-2, -1))
        assert torch.equal(frame(turned.events, turned.shape), want)


def test_labels_pass():
    sample = Sample(Events.from_numpy(np.zeros(1, EVENT_DTYPE)), (4, 3), 0, 1)
    for label in (7, "cat", None, torch.tensor(3), torch.tensor([1, 2])):
        assert FlipX(1)(sample.replace(target=label)).target is label


def test_target_fails_where_it_is_of_another_size(sample):
    with pytest.raises(ValueError, match=r"must be boxes or \[..., 9, 13\], as the sensor; got \[4, 6\]"):
        FlipX(1)(sample.replace(target=torch.zeros(4, 6)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Crop(-1, 0, 2, 2), "x must be a whole number"),
        (lambda: Crop(0, 0, 0, 2), "width must be a whole number"),
        (lambda: Crop(0, 0, 2, 1.5), "height must be a whole number"),
        (lambda: CenterCrop((0, 4)), "size must be"),
        (lambda: RandomCrop(4), "size must be"),
        (lambda: RandomCrop((4, 4), probability=2), "probability must be a number, in"),
        (lambda: FlipX(-0.1), "probability must be a number, in"),
        (lambda: FlipY("a"), "probability must be a number, in"),
        (lambda: FlipPolarity(float("nan")), "probability must be a number, in"),
        (lambda: Rotate90(0.5), "turns must be a whole number"),
        (lambda: Downsample(0), "factor must be a whole number"),
        (lambda: Crop(0, 0, 5, 5).coordinate_map((4, 9)), "does not lie on a sensor"),
        (lambda: CenterCrop((5, 5)).coordinate_map((4, 9)), "is larger than a sensor"),
        (lambda: RandomCrop((5, 5)).coordinate_map((9, 4)), "is larger than a sensor"),
        (lambda: Compose([FlipX]), "must be of aestream.transforms"),
        (lambda: Compose([Denoise(5)]).coordinate_map((4, 4)), "only geometric transforms"),
        (lambda: FlipX(1)(np.zeros(2, EVENT_DTYPE)), "must know the sensor"),
        (lambda: FlipX(1)(np.zeros(2)), "expected a Sample, Events or a structured array"),
        (lambda: FlipX(1)(np.zeros(2, [("t", "i8"), ("x", "i2")]), shape=(2, 2)), "fields t, x, y, p"),
        (lambda: FlipX(1)(np.zeros(2, [(n, "f8") for n in "txyp"]), shape=(2, 2)), "whole numbers"),
        (lambda: FlipX(1)(np.full(2, 40000, [(n, "i4") for n in "txyp"]), shape=(2, 2)), "40000 in row 0"),
    ],
)
def test_geometry_fails(call, message):
    with pytest.raises(ValueError, match=message):
        call()
