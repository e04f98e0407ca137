"""Synthetic event streams: slanted edges that sweep over the sensor, plus background noise, deterministic by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EVENT_DTYPE = np.dtype(
    {"names": ["t", "x", "y", "p"], "formats": ["<i8", "<i2", "<i2", "?"], "offsets": [0, 8, 10, 12], "itemsize": 16}
)
DURATION_US = 10_000_000
T0_US = 1_000  # not 0, so that a reader that shifts times is noticed
EDGES = 12
NOISE = 0.05
MAX_RUN = 3  # events of one row and time in the scattered stream
GROUP_DENSITIES = np.float32([0.02, 0.1, 0.25])  # share of the 32 pixels of a group that fire


@dataclass(frozen=True)
class Groups:
    """Events of one row, one time, one polarity and one aligned block of 32 pixels, as cameras send vectors."""

    t: np.ndarray
    base: np.ndarray
    y: np.ndarray
    p: np.ndarray
    mask: np.ndarray


def _edge_x(rng: np.random.Generator, t: np.ndarray, y: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Position of a randomly chosen edge in each row, and which side of it fires."""
    edge = rng.integers(0, EDGES, t.size)
    speed = np.linspace(60, 400, EDGES)[edge] * np.where(edge % 2, 1, -1)
    x = edge * width / EDGES + speed * (t * 1e-6) + 0.3 * y + rng.normal(0, 2, t.size)
    noise = rng.random(t.size) < NOISE
    x[noise] = rng.integers(0, width, int(noise.sum()))
    return np.mod(x, width).astype(np.int32), (edge + noise * rng.integers(0, 2, t.size)) % 2 == 0


def scattered(events: int, width: int, height: int, seed: int = 1) -> np.ndarray:
    """Short runs of 1 to 3 events in one row at one time; times never step back."""
    rng = np.random.default_rng(seed)
    length = rng.integers(1, MAX_RUN + 1, events * 2 // MAX_RUN)
    length = length[: np.searchsorted(np.cumsum(length), events) + 1]
    while length.sum() < events:
        length = np.append(length, events - length.sum())
    t = np.sort(rng.integers(T0_US, T0_US + DURATION_US, length.size))
    y = rng.integers(0, height, length.size)
    x, p = _edge_x(rng, t, y, width)
    start = np.cumsum(length) - length
    within = np.arange(length.sum()) - np.repeat(start, length)
    out = np.zeros(length.sum(), EVENT_DTYPE)
    out["t"], out["y"], out["p"] = np.repeat(t, length), np.repeat(y, length), np.repeat(p, length)
    out["x"] = np.minimum(np.repeat(np.minimum(x, width - 8), length) + within, width - 1)
    return out[:events]


def row_groups(events: int, width: int, height: int, seed: int = 2) -> Groups:
    """Aligned 32-pixel groups with 1 to 20 events, 4.5 on average, as a busy HD recording has."""
    rng = np.random.default_rng(seed)
    count = events // 3
    bits = rng.random((count, 32), np.float32) < rng.choice(GROUP_DENSITIES, count)[:, None]
    bits[np.arange(count), rng.integers(0, 32, count)] = True
    total = np.cumsum(bits.sum(1))
    last = int(np.searchsorted(total, events))
    bits[last] &= np.cumsum(bits[last]) <= events - (total[last - 1])
    mask = np.packbits(bits[: last + 1], axis=1, bitorder="little").view("<u4").ravel()
    t = np.sort(rng.integers(T0_US, T0_US + DURATION_US, mask.size))
    y = rng.integers(0, height, mask.size)
    x, p = _edge_x(rng, t, y, width)
    return Groups(t, x // 32 * 32, y, p, mask)


@dataclass(frozen=True)
class Chains:
    """Vectors of 1 to 6 words at any column: words of 12 pixels, the last one of 8; `count` words from `first` on."""

    t: np.ndarray
    base: np.ndarray
    y: np.ndarray
    p: np.ndarray
    first: np.ndarray
    count: np.ndarray
    mask: np.ndarray  # of every word

    def is_last(self) -> np.ndarray:
        """Of every word."""
        last = np.zeros(self.mask.size, bool)
        last[self.first + self.count - 1] = True
        return last


def chains(events: int, width: int, height: int, seed: int = 3) -> Chains:
    """Runs of vector words with 1 to 4 of 12 pixels each, never past the sensor; about `events` events, never more."""
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 7, events // 6)
    first = np.cumsum(count) - count
    mask = 1 << rng.integers(0, 8, count.sum()) | (1 << rng.integers(0, 8, count.sum())) * (
        rng.random(count.sum()) < 0.5
    )
    keep = np.searchsorted(np.cumsum(np.bitwise_count(mask)), events, "right")
    whole = np.searchsorted(first + count, keep, "right")
    count, first, mask = count[:whole], first[:whole], mask[: count[:whole].sum()]
    t = np.sort(rng.integers(T0_US, T0_US + DURATION_US, count.size))
    y = rng.integers(0, height, count.size)
    x, p = _edge_x(rng, t, y, width)
    return Chains(t, np.minimum(x, width - 12 * 6), y, p, first, count, mask)


def expand_chains(chains: Chains) -> np.ndarray:
    """The events of chains, ascending in x within one."""
    bits = np.unpackbits(chains.mask.astype(np.uint8)[:, None], axis=1, bitorder="little")
    word, bit = np.nonzero(bits)
    chain = np.repeat(np.arange(chains.count.size), chains.count)[word]
    out = np.zeros(word.size, EVENT_DTYPE)
    out["t"], out["y"], out["p"] = chains.t[chain], chains.y[chain], chains.p[chain]
    out["x"] = chains.base[chain] + 12 * (word - chains.first[chain]) + bit
    return out


def expand(groups: Groups) -> np.ndarray:
    """The events of groups, ascending in x within a group."""
    bits = np.unpackbits(groups.mask.view(np.uint8).reshape(-1, 4), axis=1, bitorder="little")
    group, bit = np.nonzero(bits)
    out = np.zeros(group.size, EVENT_DTYPE)
    out["t"], out["y"], out["p"] = groups.t[group], groups.y[group], groups.p[group]
    out["x"] = groups.base[group] + bit
    return out
