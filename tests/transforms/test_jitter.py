"""Jitter: normal numbers as a plain restatement has them, at places that seed and ordinal alone decide."""

from __future__ import annotations

import numpy as np
import pytest

from aestream import _core
from aestream.events import EVENT_DTYPE


def random_bits(seed: int, count: int) -> np.ndarray:
    """SplitMix64, as tests of dropping restate it, too."""
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def normals(seed: int, pairs: int) -> np.ndarray:
    """``[pairs, 2]`` in float64: Box and Muller's, the octant of the angle from three bits."""
    bits = random_bits(seed, pairs)
    lower = bits & np.uint64(0xFFFFFFFF)
    radius = np.sqrt(-2 * np.log(((bits >> np.uint64(33)).astype(float) + 0.5) * 2.0**-31))
    angle = (lower & np.uint64(0x1FFFFFFF)).astype(float) * (np.pi / 4 * 2.0**-29)
    swapped, first, second = ((lower >> np.uint64(bit)) & np.uint64(1) for bit in (29, 30, 31))
    even = np.where(swapped, np.sin(angle), np.cos(angle)) * np.where(first, -1, 1)
    odd = np.where(swapped, np.cos(angle), np.sin(angle)) * np.where(second, -1, 1)
    return np.stack([radius * even, radius * odd], 1)


def events_at(count: int, t: int = 0, x: int = 0, y: int = 0) -> np.ndarray:
    events = np.zeros(count, EVENT_DTYPE)
    events["t"], events["x"], events["y"] = t, x, y
    return events


def filtered(events: np.ndarray, filter: _core.Filter) -> np.ndarray:
    return _core.filter_events(events.view(np.uint8), filter)


def test_noise_of_times_is_normal_as_restated():
    std = 1e6  # so that whole microseconds show the sixth digit
    t = filtered(events_at(20_001), _core.TimeJitter(std, 7, None, None))["t"]
    want = normals(7, 10_001).reshape(-1)[:20_001]
    assert np.abs(t / std - want).max() < 2e-6


def test_noise_of_places_is_normal_as_restated():
    moved = filtered(events_at(5000, x=16_000, y=15_000), _core.SpatialJitter(300.0, 9, 32_767, 32_767))
    want = normals(9, 5000) * 300
    assert np.abs(moved["x"] - 16_000.0 - want[:, 0]).max() < 0.51
    assert np.abs(moved["y"] - 15_000.0 - want[:, 1]).max() < 0.51


def test_noise_has_the_moments_of_a_normal_distribution():
    z = filtered(events_at(400_000), _core.TimeJitter(1e6, 1, None, None))["t"] / 1e6
    assert abs(z.mean()) < 0.006 and abs(z.std() - 1) < 0.005
    assert abs((z**3).mean()) < 0.02 and abs((z**4).mean() - 3) < 0.06
    assert abs(np.corrcoef(z[::2], z[1::2])[0, 1]) < 0.01 and abs((np.abs(z) > 2).mean() - 0.0455) < 0.002


@pytest.mark.parametrize("cuts", [[1], [511, 512, 513], [1, 2, 3, 700, 1999]])
def test_blocks_do_not_matter(cuts):
    events = events_at(2000, t=50, x=5, y=4)
    for make in (lambda: _core.TimeJitter(9.0, 3, 40, 60), lambda: _core.SpatialJitter(3.0, 3, 10, 8)):
        whole, filter = filtered(events, make()), make()
        parts = [filtered(part, filter) for part in np.split(events, cuts)]
        assert np.concatenate(parts).tolist() == whole.tolist()


def test_times_stay_in_the_window_and_never_overflow():
    t = filtered(events_at(1000, t=50), _core.TimeJitter(1e30, 3, 40, 60))["t"]
    assert set(t.tolist()) == {40, 59}
    last = np.iinfo(np.int64).max - 3
    t = filtered(events_at(1000, t=last), _core.TimeJitter(50.0, 3, None, None))["t"]
    assert t.max() <= np.iinfo(np.int64).max and t.min() > last - 1000
