"""Representations in torch operations, for any device: they add by atomics and never sort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from aestream.events import Events

if TYPE_CHECKING:
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


def pixels(events: Events, shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Which events lie on the sensor, and their pixels in a flat image."""
    width, height = shape
    x, y = events.x.long(), events.y.long()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return inside, y[inside] * width + x[inside]
