"""Transforms that drop events, against the plainest loop over all events before each."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aestream import _core
from aestream.events import EVENT_DTYPE, Events
from aestream.transforms import (
    Denoise,
    DropArea,
    DropEvents,
    DropPixels,
    DropTime,
    HotPixels,
    RandomTimeCrop,
    Refractory,
)
from aestream.transforms.base import seed_of, seeded

SHAPE = (5, 4)
MASK = 2**64 - 1


def crowded_events():
    """Many events on few pixels, some outside, times that also step back."""
    row = st.tuples(st.integers(-20, 60), st.integers(-1, 5), st.integers(-1, 4), st.booleans())
    return st.lists(row, max_size=40).map(lambda rows: np.array(rows, EVENT_DTYPE))


def is_inside(event):
    return 0 <= event["x"] < SHAPE[0] and 0 <= event["y"] < SHAPE[1]


def random_bits(seed, place):
    z = (seed + (place + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def assert_keeps(transform, events, keep):
    before = events.copy()
    assert transform(events, shape=SHAPE).tolist() == events[np.array(keep, bool)].tolist()
    assert (events == before).all()


@given(crowded_events(), st.integers(0, 30))
def test_refractory_waits_since_the_last_kept_event_of_a_pixel(events, period_us):
    kept, keep = {}, []
    for event in events:
        pixel = (event["x"], event["y"])
        keep.append(not is_inside(event) or pixel not in kept or event["t"] - kept[pixel] >= period_us)
        if keep[-1]:
            kept[pixel] = event["t"]
    assert_keeps(Refractory(period_us), events, keep)


@given(crowded_events(), st.integers(0, 30))
def test_denoise_asks_the_latest_events_of_eight_neighbours(events, window_us):
    latest, keep = {}, []
    for event in events:
        around = [(event["x"] + dx, event["y"] + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
        near = [abs(event["t"] - latest[pixel]) <= window_us for pixel in around if pixel in latest]
        keep.append(not is_inside(event) or any(near))
        if is_inside(event):
            latest[event["x"], event["y"]] = event["t"]
    assert_keeps(Denoise(window_us), events, keep)


@given(crowded_events(), st.sampled_from((1.0, 1.5, 3.0)))
def test_hot_pixels_have_more_than_the_median_allows(events, factor):
    pixels = [(event["x"], event["y"]) for event in events if is_inside(event)]
    counts = {pixel: pixels.count(pixel) for pixel in pixels}
    limit = factor * np.median(list(counts.values())) if counts else 0
    keep = [not is_inside(event) or counts[event["x"], event["y"]] <= limit for event in events]
    assert_keeps(HotPixels(factor), events, keep)


@given(crowded_events())
def test_named_pixels_are_dropped(events):
    keep = [(event["x"], event["y"]) not in ((1, 2), (4, 3)) for event in events]
    assert_keeps(HotPixels(pixels=[(1, 2), (4, 3)]), events, keep)


@given(crowded_events(), st.sampled_from((0.0, 0.3, 1.0)), st.integers(0, MASK))
def test_random_drops_are_by_place(events, fraction, seed):
    bytes_, limit = events.view(np.uint8), int(fraction * 2**32)
    keep = [random_bits(seed, place) >> 32 >= limit for place in range(len(events))]
    got = _core.filter_events(bytes_, _core.DropEvents(fraction, seed))
    assert got.tolist() == events[np.array(keep, bool)].tolist()
    places = [int(event["y"]) << 16 | int(event["x"]) for event in events]
    keep = [
        not is_inside(event) or random_bits(seed, place) >> 32 >= limit
        for event, place in zip(events, places, strict=True)
    ]
    got = _core.filter_events(bytes_, _core.DropPixels(fraction, seed, *SHAPE))
    assert got.tolist() == events[np.array(keep, bool)].tolist()


@pytest.mark.parametrize(
    "make",
    [
        lambda: _core.DropEvents(0.4, 5),
        lambda: _core.DropPixels(0.4, 5, 13, 9),
        lambda: _core.Refractory(50, 13, 9),
        lambda: _core.Denoise(5, 13, 9),
        lambda: _core.TimeCut(2000, 4000, False),
    ],
)
def test_filters_do_not_depend_on_blocks(sample, make):
    records = sample.events.numpy()
    whole = _core.filter_events(records.view(np.uint8), make())
    filter = make()
    parts = [_core.filter_events(part.view(np.uint8), filter) for part in np.split(records, [1, 1, 7, 2500])]
    assert np.concatenate(parts).tolist() == whole.tolist()
    blocks, source = _core.filter_events_with_source(records.view(np.uint8), make())
    assert blocks.tolist() == whole.tolist() == records[source].tolist()
    assert 0 < len(whole) < len(records)


@pytest.mark.parametrize("transform", [DropEvents(0.25), DropPixels(0.25), DropArea(0.25), DropTime(0.25)])
def test_a_share_is_dropped_by_address(transform):
    events = np.zeros(100 * 80 * 5, EVENT_DTYPE)
    places = np.arange(len(events))
    events["t"], events["x"], events["y"] = places, places % 100, places // 100 % 80
    first = transform(events, shape=(100, 80), generator=seeded(1, 2))
    assert abs(len(first) - 0.75 * len(events)) < 0.02 * len(events)
    assert first.tolist() == transform(events, shape=(100, 80), generator=seeded(1, 2)).tolist()
    assert first.tolist() != transform(events, shape=(100, 80), generator=seeded(1, 3)).tolist()
    gone = np.setdiff1d(places, first["t"])
    if isinstance(transform, DropTime):
        assert gone.tolist() == list(range(gone[0], gone[0] + 10_000))
    if isinstance(transform, DropArea):
        x, y = np.unique(events["x"][gone]), np.unique(events["y"][gone])
        assert len(x) == 50 and len(y) == 40 and len(gone) == 50 * 40 * 5


def test_time_crop_moves_the_window(sample):
    for item in range(20):
        result = RandomTimeCrop(500)(sample, generator=seeded(item))
        t = sample.events.t
        assert result.stop_us - result.start_us == 500
        assert sample.start_us <= result.start_us and result.stop_us <= sample.stop_us
        assert torch.equal(result.events.t, t[(t >= result.start_us) & (t < result.stop_us)])
    assert RandomTimeCrop(10**9)(sample) is sample


@pytest.mark.parametrize("transform", [DropEvents, DropPixels, DropArea, DropTime])
def test_nothing_is_drawn_with_probability_0(sample, transform):
    assert transform(0.9, probability=0)(sample) is sample


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize(
    "transform",
    [DropEvents(0), DropPixels(0), DropArea(0), DropTime(0), Refractory(5), HotPixels(), RandomTimeCrop(5), Denoise(5)],
)
def test_few_events(count, transform):
    events = Events.from_numpy(np.zeros(count, EVENT_DTYPE))
    assert len(transform(events, shape=(3, 2))) == (0 if isinstance(transform, Denoise) else count)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: DropEvents(1.1), "fraction must be a number, in"),
        (lambda: DropPixels(-1), "fraction must be a number, in"),
        (lambda: DropArea(0.5, probability=3), "probability must be a number, in"),
        (lambda: DropTime("x"), "fraction must be a number, in"),
        (lambda: DropArea(0.5)(np.zeros(1, EVENT_DTYPE)), "DropArea must know the sensor"),
        (lambda: Refractory(-1), "period_us must be a whole number"),
        (lambda: Denoise(0.5), "window_us must be a whole number"),
        (lambda: HotPixels(0.5), "factor must be a number, 1 or more"),
        (lambda: HotPixels(pixels=[3]), "pixels must be"),
        (lambda: HotPixels(pixels=[(-1, 0)]), "pixels must be 0 or more"),
        (lambda: HotPixels(pixels=[(5, 0)])(np.zeros(1, EVENT_DTYPE), shape=SHAPE), "does not lie on a sensor"),
        (lambda: RandomTimeCrop(0), "length_us must be a whole number"),
        (lambda: RandomTimeCrop(5, probability=-1), "probability must be a number, in"),
    ],
)
def test_filters_fail(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9) | st.just(2**32), max_size=9))
def test_seeds_of_addresses_are_those_of_numpy(address):
    assert seed_of(*address) == int(np.random.SeedSequence(address).generate_state(1, np.uint64)[0])


def test_an_address_may_hold_any_whole_number():
    assert seed_of(3, -1) == seed_of(3, 2**64 - 1) != seed_of(3, 2**64)
