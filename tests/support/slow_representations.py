"""Every representation in the plainest numpy and loops: what the fast ones are compared with."""

from __future__ import annotations

import math

import numpy as np
import torch

Rows = list[tuple[int, int, int, bool]]


def inside(events: np.ndarray, shape: tuple[int, int]) -> Rows:
    """The (t, x, y, p) that lie on the sensor."""
    return [row for row in events.tolist() if 0 <= row[1] < shape[0] and 0 <= row[2] < shape[1]]


def span_of(events: np.ndarray) -> tuple[int, int]:
    """The first event's time and the latest."""
    return (int(events["t"][0]), int(events["t"].max())) if len(events) else (0, 0)


def voxel_grid(
    events: np.ndarray,
    shape: tuple[int, int],
    bins: int,
    axis: tuple[int, int],
    *,
    centers: bool = False,
    layout: str = "signed",
    clip: float = math.inf,
    scale: float = 1.0,
) -> np.ndarray:
    """Of float64: the weight of bin b is max(0, 1 - |t* - b|); clipped after every event."""
    channels = bins if layout == "signed" else 2 * bins
    grid = np.zeros((channels, shape[1], shape[0]))
    start, stop = axis
    for t, x, y, p in inside(events, shape):
        part = (min(max(t, start), stop) - start) / max(stop - start, 1)
        position = part * bins - 0.5 if centers else part * (bins - 1)
        for b in range(bins):
            weight = max(0.0, 1 - abs(position - b)) * scale
            channel = {"signed": b, "split": int(p) * bins + b, "cube": 2 * b + int(p)}[layout]
            if weight:
                value = grid[channel, y, x] + (weight if p or layout != "signed" else -weight)
                grid[channel, y, x] = min(max(value, -clip), clip)
    return grid


def normalized(grid: np.ndarray, floor: float) -> np.ndarray:
    """(v - mean) / std over the voxels above `floor`, std with n - 1."""
    chosen = np.abs(grid) > floor
    values = grid[chosen]
    if values.size == 0:
        return grid
    values = values - values.mean()
    deviation = math.sqrt((values**2).sum() / (values.size - 1)) if values.size > 1 else 0.0
    result = grid.copy()
    result[chosen] = values / deviation if deviation > 0 else values
    return result


def stacked_histogram(
    events: np.ndarray, shape: tuple[int, int], bins: int, cutoff: int, axis: tuple[int, int], factor: int = 1
) -> np.ndarray:
    """Counts; then the rows and columns that nearest-exact interpolation keeps."""
    counts = np.zeros((2 * bins, shape[1], shape[0]), np.int64)
    start, stop = axis
    for t, x, y, p in inside(events, shape):
        since = min(max(t - start, 0), max(stop - start, 0))
        counts[int(p) * bins + min(since * bins // max(stop - start, 1), bins - 1), y, x] += 1
    small = counts[:, factor // 2 :: factor, factor // 2 :: factor]
    return np.minimum(small[:, : shape[1] // factor, : shape[0] // factor], cutoff).astype(np.uint8)


def mixed_density(events: np.ndarray, shape: tuple[int, int], bins: int, cutoff: int) -> np.ndarray:
    """In float32, as RVT computes a bin."""
    start, stop = span_of(events)
    sums = np.zeros((bins, shape[1], shape[0]), np.int64)
    for t, x, y, p in inside(events, shape):
        part = torch.tensor(max(t - start, 0)) / max(stop - start, 1)
        part = part.clamp(1e-6, 1 - 1e-6)
        b = int((bins - torch.log(part) / math.log(1 / 2)).clamp(min=0).floor())
        sums[min(b, bins - 1), y, x] += 1 if p else -1
    return np.clip(np.cumsum(sums, 0), -cutoff, cutoff).astype(np.int8)


def latest(events: np.ndarray, shape: tuple[int, int]) -> dict[tuple[int, int], tuple[int, bool]]:
    """(time, polarity) of the latest event of a pixel: the largest time, of equal ones the last."""
    found: dict[tuple[int, int], tuple[int, bool]] = {}
    for t, x, y, p in inside(events, shape):
        if (x, y) not in found or t >= found[x, y][0]:
            found[x, y] = (t, p)
    return found


def time_surface(
    events: np.ndarray, shape: tuple[int, int], stop: int, tau: float, decay: str, polarity: str
) -> np.ndarray:
    """Of ages to `stop`."""
    surface = np.zeros((2 if polarity == "split" else 1, shape[1], shape[0]))
    parts = [events[~events["p"]], events[events["p"]]] if polarity == "split" else [events]
    for channel, part in enumerate(parts):
        for (x, y), (t, p) in latest(part, shape).items():
            age = max(stop - t, 0) / tau
            value = math.exp(-age) if decay == "exponential" else max(0.0, 1 - age)
            surface[channel, y, x] = -value if polarity == "signed" and not p else value
    return surface


def latest_time(events: np.ndarray, shape: tuple[int, int], polarity: str) -> np.ndarray:
    """-1 where no event was."""
    parts = [events[~events["p"]], events[events["p"]]] if polarity == "split" else [events]
    result = np.full((len(parts), shape[1], shape[0]), -1, np.int64)
    for channel, part in enumerate(parts):
        for (x, y), (t, _) in latest(part, shape).items():
            result[channel, y, x] = t
    return result


def event_image(events: np.ndarray, shape: tuple[int, int], start: int) -> np.ndarray:
    """Counts ON and OFF, times ON and OFF over their joint maximum."""
    image = np.zeros((4, shape[1], shape[0]))
    for t, x, y, p in inside(events, shape):
        channel = 0 if p else 1
        image[channel, y, x] += 1
        image[channel + 2, y, x] = max(image[channel + 2, y, x], t - start)
    if image[2:].max() > 0:
        image[2:] /= image[2:].max()
    return image


def tore(events: np.ndarray, shape: tuple[int, int], stop: int, k: int, low: float, high: float) -> np.ndarray:
    """Of the k largest times of a pixel and polarity."""
    volume = np.full((2 * k, shape[1], shape[0]), high)
    for p in (False, True):
        for y in range(shape[1]):
            for x in range(shape[0]):
                times = sorted((row[0] for row in inside(events, shape) if row[1:] == (x, y, p)), reverse=True)
                for n, t in enumerate(times[:k]):
                    volume[int(p) * k + n, y, x] = min(max(stop - t, 0), high)
    return np.maximum(0, np.log(volume + 1) - np.log(low + 1))


def averaged_time_surface(
    events: np.ndarray, shape: tuple[int, int], cell: int, radius: int, tau: float, max_age: float = math.inf
) -> np.ndarray:
    """Every pair of events of a cell and polarity, by the latest time so far."""
    side = 2 * radius + 1
    rows, columns = -(-shape[1] // cell), -(-shape[0] // cell)
    sums, counts = np.zeros((2, rows * side, columns * side)), np.zeros((2, rows, columns))
    times = np.maximum.accumulate(events["t"]) if len(events) else events["t"]
    seen: list[tuple[int, int, int, bool]] = []
    for time, (_, x, y, p) in zip(times.tolist(), events.tolist(), strict=True):
        if not (0 <= x < shape[0] and 0 <= y < shape[1]):
            continue
        row, column = y // cell, x // cell
        middle = (row * side + radius, column * side + radius)
        for t, x_, y_, p_ in seen:
            near = abs(x_ - x) <= radius and abs(y_ - y) <= radius and (y_ // cell, x_ // cell) == (row, column)
            if p_ == p and near and time - t <= max_age:
                sums[int(p), middle[0] + y_ - y, middle[1] + x_ - x] += math.exp(-(time - t) / tau)
        sums[int(p), middle[0], middle[1]] += 1
        counts[int(p), row, column] += 1
        seen.append((time, x, y, p))
    return sums / np.maximum(counts, 1).repeat(side, 1).repeat(side, 2)
