"""Representations in torch operations, for any device: they add by atomics and never sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from aestream.events import Events

if TYPE_CHECKING:
    from aestream.representations.stacked_histogram import StackedHistogram
    from aestream.representations.time_surface import TimeSurface
    from aestream.representations.voxel_grid import VoxelGrid


def frame_torch(
    events: Events, shape: tuple[int, int], polarity: str, dtype: torch.dtype, clip: int | None = None
) -> torch.Tensor:
    """`Frame`: counts in int32, then clipped and rounded once."""
    width, height = shape
    inside, pixel = pixels(events, shape)
    on = events.p[inside]
    channels = 2 if polarity == "split" else 1
    index = pixel + on * (height * width) if polarity == "split" else pixel
    one = on.int() * 2 - 1 if polarity == "difference" else torch.ones_like(index, dtype=torch.int32)
    counts = torch.zeros(channels * height * width, dtype=torch.int32, device=pixel.device)
    counts.index_add_(0, index, one)
    most = min(clip or 2**31 - 1, 255 if dtype == torch.uint8 else 2**31 - 1)
    return counts.clamp_(-most, most).to(dtype).view(channels, height, width)


def voxel_grid_torch(
    grid: VoxelGrid, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
) -> torch.Tensor:
    """`VoxelGrid`, but for a clip of mixed signs."""
    width, height = shape
    plane = height * width
    voxels = torch.zeros(grid.channels * plane, device=events.device)
    if len(events) > 0:
        inside, pixel = pixels(events, shape)
        lower, part, weight = _bins(grid, events, inside, start_us, stop_us)
        on = events.p[inside]
        if grid.polarity == "signed":
            weight = weight * (on.float() * 2 - 1)
        step = 2 * plane if grid.polarity == "cube" else plane
        to_on = {"signed": 0, "split": grid.bins * plane, "cube": plane}[grid.polarity]
        index = lower * step + on * to_on + pixel
        voxels.index_add_(0, index, weight * (1 - part) * grid.scale)
        voxels.index_add_(0, index + (step if grid.bins > 1 else 0), weight * part * grid.scale)
    if grid.clip is not None:
        voxels.clamp_(max=grid.clip)
    if grid.normalize is not None:
        voxels = _normalized(voxels, 0.0 if grid.normalize == "nonzero" else 1e-6)
    return voxels.view(grid.channels, height, width)


def _bins(
    grid: VoxelGrid, events: Events, inside: torch.Tensor, start_us: int | None, stop_us: int | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The lower of the two bins of each event inside, the part of the upper one, and what both get."""
    latest = int(events.t.max())
    if grid.span == "events":
        start, stop = int(events.t[0]), latest
    else:
        start = int(events.t[0]) if start_us is None else start_us
        stop = latest + 1 if stop_us is None else stop_us
    real = torch.float32 if events.device.type == "mps" else torch.float64  # MPS has no float64
    positions = grid.bins if grid.align == "centers" else grid.bins - 1
    t = events.t[inside].clamp(start, max(start, stop))
    position = (t - start).to(real) * (positions / max(stop - start, 1))
    weight = torch.ones_like(position)
    if grid.align == "centers":
        position = position - 0.5
        nearest = position.clamp(0, grid.bins - 1)
        weight, position = 1 - (position - nearest).abs(), nearest
    position = position.clamp(0, grid.bins - 1)
    lower = position.long().clamp(max=max(grid.bins - 2, 0))
    return lower, (position - lower).float(), weight.float()


def _normalized(voxels: torch.Tensor, floor: float) -> torch.Tensor:
    counts = voxels.abs() > floor
    values = voxels[counts]
    if len(values) == 0:
        return voxels
    centred = values - values.mean()
    deviation = float(values.std()) if len(values) > 1 else 0.0
    voxels = voxels.clone()
    voxels[counts] = centred / deviation if deviation > 0 else centred
    return voxels


def stacked_histogram_torch(
    histogram: StackedHistogram, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
) -> torch.Tensor:
    """`StackedHistogram`: counts in int32, then cut off."""
    width, height = shape
    bins, factor = histogram.bins, histogram.downsample
    columns, rows = width // factor, height // factor
    counts = torch.zeros(2 * bins * rows * columns, dtype=torch.int32, device=events.device)
    if len(events) > 0:
        latest = int(events.t.max())
        start, stop = int(events.t[0]), latest
        if histogram.span == "window":
            start = start if start_us is None else start_us
            stop = latest + 1 if stop_us is None else stop_us
        x, y = events.x.long(), events.y.long()
        kept = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        kept &= (x % factor == factor // 2) & (y % factor == factor // 2)
        kept &= (x // factor < columns) & (y // factor < rows)
        since = (events.t[kept] - start).clamp(0, max(stop - start, 0))
        bin_ = (since * bins // max(stop - start, 1)).clamp(max=bins - 1)
        index = ((events.p[kept] * bins + bin_) * rows + y[kept] // factor) * columns + x[kept] // factor
        counts.index_add_(0, index, torch.ones_like(index, dtype=torch.int32))
    return counts.clamp_(max=histogram.cutoff).to(torch.uint8).view(2 * bins, rows, columns)


def latest_time_torch(events: Events, shape: tuple[int, int], polarity: str) -> torch.Tensor:
    """`LatestTime`, by the maximum of times."""
    width, height = shape
    channels = 2 if polarity == "split" else 1
    inside, pixel = pixels(events, shape)
    index = pixel + events.p[inside] * (height * width) if polarity == "split" else pixel
    latest = torch.full((channels * height * width,), -1, dtype=torch.int64, device=events.device)
    latest.scatter_reduce_(0, index, events.t[inside], "amax", include_self=False)
    return latest.view(channels, height, width)


def time_surface_torch(
    surface: TimeSurface, events: Events, shape: tuple[int, int], stop_us: int | None
) -> torch.Tensor:
    """`TimeSurface` without signs: of the latest times."""
    stop = (int(events.t.max()) + 1 if len(events) else 1) if stop_us is None else stop_us
    split = "split" if surface.polarity == "split" else "merged"
    latest = latest_time_torch(events, shape, split)
    had_event = latest_time_torch(Events(torch.ones_like(events.t), events.x, events.y, events.p), shape, split) > 0
    real = torch.float32 if events.device.type == "mps" else torch.float64
    age = (stop - latest).clamp(min=0).to(real) / surface.tau_us
    value = torch.exp(-age) if surface.decay == "exponential" else (1 - age).clamp(min=0)
    return torch.where(had_event, value, torch.zeros_like(value)).float()


def pixels(events: Events, shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Which events lie on the sensor, and their pixels in a flat image."""
    width, height = shape
    x, y = events.x.long(), events.y.long()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return inside, y[inside] * width + x[inside]
