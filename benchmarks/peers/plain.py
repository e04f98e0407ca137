"""Each representation as one plain numba loop over columns: what one writes by hand, and the fastest peer of most."""

import math

import numba
import numpy as np

from benchmarks.peers import evutils as reader
from benchmarks.peers.bilinear import voxel_grid

compiled = numba.njit(boundscheck=False, cache=True)


@compiled
def count(t, x, y, p, out):
    for i in range(t.size):
        out[np.int64(p[i]), y[i], x[i]] += 1


@compiled
def count_saturating(t, x, y, p, out):
    for i in range(t.size):
        if out[np.int64(p[i]), y[i], x[i]] < 255:
            out[np.int64(p[i]), y[i], x[i]] += 1


@compiled
def count_signed(t, x, y, p, out):
    for i in range(t.size):
        out[0, y[i], x[i]] += 1 if p[i] else -1


@compiled
def count_steps(t, x, y, p, out, start, stop):
    steps, step = out.shape[0], 0
    edge = start + (stop - start) // steps
    for i in range(t.size):
        while t[i] >= edge and step + 1 < steps:
            step += 1
            edge = start + (stop - start) * (step + 1) // steps
        out[step, np.int64(p[i]), y[i], x[i]] += 1


@compiled
def normalize(grid, floor):
    flat = grid.reshape(-1)
    n, total = 0, 0.0
    for value in flat:
        if abs(value) > floor:
            n += 1
            total += value
    mean, squares = total / max(n, 1), 0.0
    for value in flat:
        if abs(value) > floor:
            squares += (value - mean) ** 2
    std = math.sqrt(squares / max(n - 1, 1))
    for i in range(flat.size):
        if abs(flat[i]) > floor:
            flat[i] = (flat[i] - mean) / (std if std > 0 else 1.0)


@compiled
def event_cube(t, x, y, p, out, start, stop):
    bins = out.shape[0] // 2
    scale = bins / (stop - start)
    for i in range(t.size):
        position = (t[i] - start) * scale - 0.5
        left = math.floor(position)
        weight = position - left
        channel = 2 * np.int64(left) + np.int64(p[i])
        if left >= 0:
            out[channel, y[i], x[i]] += 1.0 - weight
        if left + 1 < bins:
            out[channel + 2, y[i], x[i]] += weight


@compiled
def stacked_histogram(t, x, y, p, out, cutoff):
    bins = out.shape[0] // 2
    first, span = t[0], max(t[-1] - t[0], 1)
    for i in range(t.size):
        bin = min((t[i] - first) * bins // span, bins - 1)
        channel = np.int64(p[i]) * bins + bin
        if out[channel, y[i], x[i]] < cutoff:
            out[channel, y[i], x[i]] += 1


@compiled
def mixed_density(t, x, y, p, out, cutoff):
    bins = out.shape[0]
    half = np.log(np.float32(0.5))
    first, span = t[0], np.float32(max(t[-1] - t[0], 1))
    sums = np.zeros(out.shape, np.int16)
    for i in range(t.size):
        part = min(max(np.float32(t[i] - first) / span, np.float32(1e-6)), np.float32(1 - 1e-6))
        bin = np.int64(max(np.float32(bins) - np.log(part) / half, np.float32(0)))
        sums[min(bin, bins - 1), y[i], x[i]] += 1 if p[i] else -1
    for row in range(out.shape[1]):
        for column in range(out.shape[2]):
            total = 0
            for bin in range(bins):
                total += sums[bin, row, column]
                out[bin, row, column] = min(max(total, -cutoff), cutoff)


@compiled
def latest_time(t, x, y, p, out):
    for i in range(t.size):
        out[np.int64(p[i]), y[i], x[i]] = t[i]


@compiled
def exponential(latest, out, stop, tau):
    times, values = latest.reshape(-1), out.reshape(-1)
    for i in range(times.size):
        if times[i] >= 0:
            values[i] = math.exp(-(stop - times[i]) / tau)


@compiled
def signed_surface(t, x, y, p, out, stop, tau):
    for i in range(t.size):
        value = math.exp(-(stop - t[i]) / tau)
        out[0, y[i], x[i]] = value if p[i] else -value


@compiled
def event_image(t, x, y, p, out, start):
    latest = 0.0
    for i in range(t.size):
        channel = 0 if p[i] else 1
        out[channel, y[i], x[i]] += 1
        out[channel + 2, y[i], x[i]] = t[i] - start
        latest = max(latest, t[i] - start)
    if latest > 0:
        for channel in range(2, 4):
            for row in range(out.shape[1]):
                for column in range(out.shape[2]):
                    out[channel, row, column] /= latest


@compiled
def tore(t, x, y, p, out, stop, low, high):
    k = out.shape[0] // 2
    for i in range(t.size):
        first = np.int64(p[i]) * k
        for n in range(first + k - 1, first, -1):
            out[n, y[i], x[i]] = out[n - 1, y[i], x[i]]
        out[first, y[i], x[i]] = stop - t[i]
    floor, flat = math.log(low + 1), out.reshape(-1)
    for i in range(flat.size):
        flat[i] = max(0.0, math.log(min(flat[i], high) + 1) - floor)


@compiled
def averaged_surface(t, x, y, p, out, cell, radius, tau):
    """Each event walks back over those of its cell and polarity, which a linked list holds."""
    side = 2 * radius + 1
    rows, columns = out.shape[1] // side, out.shape[2] // side
    newest = np.full((2, rows, columns), -1, np.int64)
    before = np.empty(t.size, np.int64)
    counts = np.zeros((2, rows, columns), np.int64)
    for i in range(t.size):
        pol, row, column = np.int64(p[i]), y[i] // cell, x[i] // cell
        middle_y, middle_x = row * side + radius, column * side + radius
        j = newest[pol, row, column]
        before[i] = j
        newest[pol, row, column] = i
        while j >= 0:
            dy, dx = np.int64(y[j]) - y[i], np.int64(x[j]) - x[i]
            if abs(dx) <= radius and abs(dy) <= radius:
                out[pol, middle_y + dy, middle_x + dx] += math.exp(-(t[i] - t[j]) / tau)
            j = before[j]
        out[pol, middle_y, middle_x] += 1
        counts[pol, row, column] += 1
    for pol in range(2):
        for row in range(rows * side):
            for column in range(columns * side):
                out[pol, row, column] /= max(counts[pol, row // side, column // side], 1)


def _voxel_grid(columns, start, stop, r, size):
    out = np.zeros((r["bins"], *size), np.float32)
    if r["align"] == "centers":
        out = np.zeros((2 * r["bins"], *size), np.float32)
        event_cube(*columns, out, start, stop)
        return out
    axis = (columns[0][0], columns[0][-1]) if r["span"] == "events" else (start, stop)
    voxel_grid(*columns, out, *axis)
    if r["normalize"]:
        normalize(out, 1e-6)
    return out


def _frame(columns, start, stop, r, size):
    out = np.zeros((1 if r["polarity"] == "difference" else 2, *size), r["dtype"])
    fill = count_saturating if r["dtype"] == "uint8" else count if len(out) == 2 else count_signed
    fill(*columns, out)
    return out


def _stacked(columns, start, stop, r, size):
    out = np.zeros((2 * r["bins"], *size), np.uint8)
    stacked_histogram(*columns, out, r["cutoff"])
    return out


def _mixed(columns, start, stop, r, size):
    out = np.empty((r["bins"], *size), np.int8)
    mixed_density(*columns, out, r["cutoff"])
    return out


def _latest(columns, start, stop, r, size):
    out = np.full((2, *size), -1, np.int64)
    latest_time(*columns, out)
    return out


def _surface(columns, start, stop, r, size):
    out = np.zeros((2 if r["polarity"] == "split" else 1, *size), np.float32)
    if r["polarity"] == "split":
        exponential(_latest(columns, start, stop, r, size), out, stop, r["tau_us"])
    else:
        signed_surface(*columns, out, stop, r["tau_us"])
    return out


def _image(columns, start, stop, r, size):
    out = np.zeros((4, *size), np.float32)
    event_image(*columns, out, start)
    return out


def _tore(columns, start, stop, r, size):
    out = np.full((2 * r["k"], *size), r["max_age_us"], np.float32)
    tore(*columns, out, stop, r["min_age_us"], r["max_age_us"])
    return out


def _averaged(columns, start, stop, r, size):
    side = 2 * r["radius"] + 1
    out = np.zeros((2, *(-(-length // r["cell"]) * side for length in size)), np.float32)
    averaged_surface(*columns, out, r["cell"], r["radius"], r["tau_us"])
    return out


def _steps(columns, start, stop, r, size):
    out = np.zeros((r["steps"], 2, *size), np.float32)
    count_steps(*columns, out, start, stop)
    return out


def _concat(columns, start, stop, r, size):
    return np.concatenate([MAKE[member["type"]](columns, start, stop, member, size) for member in r["members"]])


MAKE = {
    "Frame": _frame,
    "VoxelGrid": _voxel_grid,
    "StackedHistogram": _stacked,
    "MixedDensity": _mixed,
    "TimeSurface": _surface,
    "LatestTime": _latest,
    "EventImage": _image,
    "Tore": _tore,
    "AveragedTimeSurface": _averaged,
    "Steps": _steps,
    "Concat": _concat,
}


def prepare_dense(path, representation, shape, window_us, windows, to_last=False):
    """(columns, start, stop) of each window; it begins at its first event, and may end at its last one's time."""
    columns = [np.ascontiguousarray(column) for column in reader.columns(reader._all_events(path))]
    columns = [columns[0], *(column.astype(np.int16) for column in columns[1:3]), columns[3].astype(bool)]
    starts = int(columns[0][0]) + window_us * np.arange(windows + 1)
    at = columns[0].searchsorted(starts)
    parts = [[column[a:b].copy() for column in columns] for a, b in zip(at, at[1:], strict=False)]
    return [(part, part[0][0], part[0][-1] if to_last else part[0][0] + window_us) for part in parts]


def dense(parts, sink, representation, shape, **_):
    make, size = MAKE[representation["type"]], (shape[1], shape[0])
    for columns, start, stop in parts:
        sink(make(columns, start, stop, representation, size))
