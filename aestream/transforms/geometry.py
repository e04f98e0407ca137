"""Transforms that say where events are on the sensor: chains of them become one map of the core."""

from __future__ import annotations

from dataclasses import dataclass

import torch

import aestream._core as _core
from aestream.arguments import check_shape
from aestream.transforms.base import Transform, draw_below, draws
from aestream.transforms.checks import number, whole
from aestream.transforms.scene import Scene
from aestream.transforms.steps import (
    Cut,
    InvertPolarity,
    MirrorX,
    MirrorY,
    Shape,
    Shrink,
    Step,
    Transpose,
    make_map,
    move_target,
)


class Geometric(Transform, abstract=True):
    """A transform that is a chain of steps; boxes, dense targets and the sensor's shape follow by the same draw.

    tonic's has ``sensor_size`` as a parameter and leaves targets alone. Ours takes the sample's shape, since a model's
    transforms must fit recordings of any sensor.
    """

    def steps(self, shape: Shape, generator: torch.Generator | None = None) -> list[Step]:
        """What it does on a sensor of ``shape`` (width, height), after drawing."""
        raise NotImplementedError

    def coordinate_map(
        self, shape: Shape, generator: torch.Generator | None = None
    ) -> tuple[_core.CoordinateMap, Shape]:
        """The steps as a map of the core, and the shape (width, height) after them."""
        map = make_map(self.steps(check_shape(shape), generator), shape)
        return map, map.shape

    @property
    def is_geometric(self) -> bool:
        return not self.is_called

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        return moved(scene, self.steps(scene.required_shape(type(self).__name__), generator))


def moved(scene: Scene, steps: list[Step]) -> Scene:
    """The scene after the steps."""
    if not steps:
        return scene
    shape = scene.known_shape()
    map = make_map(steps, shape)
    target = move_target(scene.target, steps, shape)
    return scene.filtered(map, shape=map.shape if scene.shape else None, target=target)


@dataclass(frozen=True)
class Crop(Geometric):
    """Keeps a rectangle, and counts coordinates from its corner. Events outside it go, boxes are cut at its edges, and
    boxes of which nothing is left go.

    Attributes:
        x, y: its upper left corner in pixels, 0 or more. width, height: in pixels, 1 or more.

    Raises:
        ValueError: if an attribute is out of range; when called, if the rectangle does not lie on the sensor.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        for name, low in (("x", 0), ("y", 0), ("width", 1), ("height", 1)):
            whole(name, getattr(self, name), low, 32767)

    def steps(self, shape: Shape, generator: torch.Generator | None = None) -> list[Step]:
        if self.x + self.width > shape[0] or self.y + self.height > shape[1]:
            raise ValueError(f"{self} does not lie on a sensor of {shape}")
        return [Cut(self.x, self.y, self.width, self.height)]


@dataclass(frozen=True)
class CenterCrop(Geometric):
    """`Crop` of ``size`` (width, height) in the middle; where it cannot be, half a pixel to the left and up."""

    size: Shape

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _check_size(self.size))

    def steps(self, shape: Shape, generator: torch.Generator | None = None) -> list[Step]:
        x, y = _room(self, self.size, shape)
        return [Cut(x // 2, y // 2, *self.size)]


@dataclass(frozen=True)
class RandomCrop(Geometric):
    """`Crop` of ``size`` (width, height) at a place of which each is as likely; with 1 - ``probability`` nothing."""

    size: Shape
    probability: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _check_size(self.size))
        number("probability", self.probability, 0, 1)

    def steps(self, shape: Shape, generator: torch.Generator | None = None) -> list[Step]:
        x, y = _room(self, self.size, shape)
        if not draws(generator, self.probability):
            return []
        return [Cut(draw_below(generator, x + 1), draw_below(generator, y + 1), *self.size)]


@dataclass(frozen=True)
class _Flip(Geometric, abstract=True):
    probability: float = 0.5

    def __post_init__(self) -> None:
        number("probability", self.probability, 0, 1)

    def step(self) -> Step:
        """What is drawn or not."""
        raise NotImplementedError

    def steps(self, shape: Shape, generator: torch.Generator | None = None) -> list[Step]:
        return [self.step()] if draws(generator, self.probability) else []


@dataclass(frozen=True)
class FlipX(_Flip):
    """Left becomes right, with ``probability``: x becomes width - 1 - x, a box's x becomes width - x - w."""

    def step(self) -> Step:
        return MirrorX()


@dataclass(frozen=True)
class FlipY(_Flip):
    """Up becomes down, with ``probability``: y becomes height - 1 - y, a box's y becomes height - y - h."""

    def step(self) -> Step:
        return MirrorY()


@dataclass(frozen=True)
class FlipPolarity(_Flip):
    """ON becomes OFF and OFF becomes ON, of all events by one draw, with ``probability``. Needs no shape."""

    def step(self) -> Step:
        return InvertPolarity()

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        return moved(scene, self.steps(scene.known_shape(), generator))


@dataclass(frozen=True)
class Rotate90(Geometric):
    """Turns by ``turns`` quarters counter-clockwise, as `torch.rot90` turns an image: x, y become y, width - 1 - x."""

    turns: int = 1

    def __post_init__(self) -> None:
        whole("turns", self.turns, -(2**31))

    def steps(self, shape: Shape, generator: torch.Generator | None = None) -> list[Step]:
        return [[], [Transpose(), MirrorY()], [MirrorX(), MirrorY()], [Transpose(), MirrorX()]][self.turns % 4]


@dataclass(frozen=True)
class Downsample(Geometric):
    """Coordinates become their whole quotients by ``factor``, from 1 to 32767; sizes are rounded up, so that the last
    columns and rows stay. Events outside the sensor stay where they are. Dense targets keep each ``factor``-th row and
    column; boxes are divided (and cut to whole numbers where their dtype is one).
    """

    factor: int

    def __post_init__(self) -> None:
        whole("factor", self.factor, 1, 32767)

    def steps(self, shape: Shape, generator: torch.Generator | None = None) -> list[Step]:
        return [Shrink(self.factor)]


def _check_size(size: Shape) -> Shape:
    try:
        return check_shape(size)
    except ValueError:
        raise ValueError(f"size must be (width, height), each from 1 to 32767, got {size!r}") from None


def _room(transform: Transform, size: Shape, shape: Shape) -> tuple[int, int]:
    """How far the rectangle can move."""
    x, y = shape[0] - size[0], shape[1] - size[1]
    if x < 0 or y < 0:
        raise ValueError(f"{transform} is larger than a sensor of {shape}")
    return x, y
