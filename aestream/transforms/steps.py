"""The steps that geometric transforms are made of, each for coordinate maps, boxes and dense targets alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import aestream._core as _core

Shape = tuple[int, int]
Boxes = tuple[Any, Any, Any, Any]  # columns x, y, w, h


class Step:
    """One change of coordinates on a sensor of ``shape`` (width, height)."""

    cuts = False  # whether boxes may leave the sensor

    def extend(self, map: _core.CoordinateMap) -> None:
        """Add the step to a map of the core."""
        raise NotImplementedError

    def boxes(self, boxes: Boxes, shape: Shape) -> Boxes:
        """Boxes after the step."""
        return boxes

    def dense(self, values: torch.Tensor) -> torch.Tensor:
        """A map ``[..., height, width]`` after the step."""
        return values


class MirrorX(Step):
    def extend(self, map: _core.CoordinateMap) -> None:
        map.flip_x()

    def boxes(self, boxes: Boxes, shape: Shape) -> Boxes:
        x, y, w, h = boxes
        return shape[0] - x - w, y, w, h

    def dense(self, values: torch.Tensor) -> torch.Tensor:
        return values.flip(-1)


class MirrorY(Step):
    def extend(self, map: _core.CoordinateMap) -> None:
        map.flip_y()

    def boxes(self, boxes: Boxes, shape: Shape) -> Boxes:
        x, y, w, h = boxes
        return x, shape[1] - y - h, w, h

    def dense(self, values: torch.Tensor) -> torch.Tensor:
        return values.flip(-2)


class Transpose(Step):
    def extend(self, map: _core.CoordinateMap) -> None:
        map.transpose()

    def boxes(self, boxes: Boxes, shape: Shape) -> Boxes:
        x, y, w, h = boxes
        return y, x, h, w

    def dense(self, values: torch.Tensor) -> torch.Tensor:
        return values.transpose(-1, -2)


class InvertPolarity(Step):
    def extend(self, map: _core.CoordinateMap) -> None:
        map.flip_polarity()


@dataclass(frozen=True)
class Cut(Step):
    x: int
    y: int
    width: int
    height: int
    cuts = True

    def extend(self, map: _core.CoordinateMap) -> None:
        map.crop(self.x, self.y, self.width, self.height)

    def boxes(self, boxes: Boxes, shape: Shape) -> Boxes:
        x, y, w, h = boxes
        left, right = (np.clip(value - self.x, 0, self.width) for value in (x, x + w))
        top, bottom = (np.clip(value - self.y, 0, self.height) for value in (y, y + h))
        return left, top, right - left, bottom - top

    def dense(self, values: torch.Tensor) -> torch.Tensor:
        return values[..., self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True)
class Shrink(Step):
    factor: int

    def extend(self, map: _core.CoordinateMap) -> None:
        map.downsample(self.factor)

    def boxes(self, boxes: Boxes, shape: Shape) -> Boxes:
        x, y, w, h = (value / self.factor for value in boxes)
        return x, y, w, h

    def dense(self, values: torch.Tensor) -> torch.Tensor:
        return values[..., :: self.factor, :: self.factor]


def move_target(target: Any, steps: list[Step], shape: Shape) -> Any:
    """The target after the steps; what has no coordinates passes as it is."""
    if isinstance(target, dict):
        return {key: move_target(value, steps, shape) for key, value in target.items()}
    if isinstance(target, list | tuple):
        parts = [move_target(value, steps, shape) for value in target]
        return type(target)(*parts) if hasattr(target, "_fields") else type(target)(parts)
    if isinstance(target, np.ndarray) and {"x", "y", "w", "h"} <= set(target.dtype.names or ()):
        moved = target.copy()
        kept = _move_boxes({name: target[name] for name in "xywh"}, moved, steps, shape)
        return moved[kept] if target.ndim else moved
    if not isinstance(target, np.ndarray | torch.Tensor) or target.ndim < 2:
        return target
    if tuple(target.shape[-2:]) == (shape[1], shape[0]):
        return _move_dense(target, steps)
    if target.ndim == 2 and target.shape[1] == 5:
        array = target.cpu().numpy().copy() if isinstance(target, torch.Tensor) else target.copy()
        columns = dict(zip("xywh", array.T[1:], strict=True))  # views of the copy
        kept = _move_boxes({name: column.copy() for name, column in columns.items()}, columns, steps, shape)
        return torch.from_numpy(array[kept]).to(target.device) if isinstance(target, torch.Tensor) else array[kept]
    allowed = f"boxes or [..., {shape[1]}, {shape[0]}], as the sensor"
    raise ValueError(f"a target must be {allowed}; got {list(target.shape)}")


def _move_boxes(given: dict[str, Any], out: Any, steps: list[Step], shape: Shape) -> Any:
    """Write the moved columns to ``out``. Returns which boxes are left."""
    columns: Boxes = (given["x"], given["y"], given["w"], given["h"])
    kept = np.ones(np.shape(columns[0]), bool)
    for step in steps:
        columns = step.boxes(columns, shape)
        if step.cuts:
            kept &= (columns[2] > 0) & (columns[3] > 0)
        shape = next_shape([step], shape)
    for name, column in zip("xywh", columns, strict=True):
        out[name][...] = column
    return kept


def _move_dense(target: Any, steps: list[Step]) -> Any:
    values = torch.from_numpy(np.array(target)) if isinstance(target, np.ndarray) else target
    for step in steps:
        values = step.dense(values)
    return values.contiguous().numpy() if isinstance(target, np.ndarray) else values.clone()


def next_shape(steps: list[Step], shape: Shape) -> Shape:
    """The sensor after the steps."""
    return make_map(steps, shape).shape


def make_map(steps: list[Step], shape: Shape) -> _core.CoordinateMap:
    """The coordinate map of the steps."""
    map = _core.CoordinateMap(*shape)
    for step in steps:
        step.extend(map)
    return map
