"""Chains of transforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

import aestream._core as _core
from aestream.arguments import check_shape
from aestream.transforms.base import Transform, derived, transform_from_dict
from aestream.transforms.geometry import Geometric
from aestream.transforms.scene import Scene
from aestream.transforms.steps import Shape, Step, make_map, move_target, next_shape


@dataclass(frozen=True)
class Compose(Transform):
    """One transform after the other; none is allowed, and changes nothing.

    Place i draws from a generator of its own, which the chain's initial seed and i make: what one transform draws
    changes nothing at another. Without a generator all draw from torch's default one.
    """

    transforms: Sequence[Transform]

    def __post_init__(self) -> None:
        if not isinstance(self.transforms, Sequence):
            raise ValueError(f"transforms must be a list: Compose([FlipX(), …]); got {self.transforms!r}")
        parts = [
            transform for transform in self.transforms if not isinstance(transform, Transform) or transform.is_called
        ]
        if parts:
            wrong = ", ".join(type(part).__name__ for part in parts)
            raise ValueError(f"transforms must be of aestream.transforms, without a __call__ of their own; got {wrong}")
        object.__setattr__(self, "transforms", tuple(self.transforms))

    @property
    def is_random(self) -> bool:
        return any(transform.is_random for transform in self.transforms)

    @property
    def is_geometric(self) -> bool:
        return not self.is_called and all(transform.is_geometric for transform in self.transforms)

    def coordinate_map(
        self, shape: Shape, generator: torch.Generator | None = None
    ) -> tuple[_core.CoordinateMap, Shape]:
        """The whole chain as one map of the core, and the shape (width, height) after it."""
        map, _ = drawn_map(self, shape, None, generator)
        return map, map.shape

    def to_dict(self) -> dict[str, Any]:
        return {"type": "Compose", "transforms": [transform.to_dict() for transform in self.transforms]}

    @classmethod
    def _from_parameters(cls, parameters: dict[str, Any]) -> Transform:
        rest = dict(parameters)
        return cls(transforms=[transform_from_dict(part) for part in rest.pop("transforms", [])], **rest)

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        for place, transform in enumerate(self.transforms):
            scene = transform._change(scene, derived(generator, place))
        return scene


def drawn_map(
    transform: Transform, shape: Shape, target: Any, generator: torch.Generator | None
) -> tuple[_core.CoordinateMap, Any]:
    """The map that a geometric transform, or a chain of such, is for one sample, and the target after it, by the draws
    of a call. ValueError if it has none."""
    shape = check_shape(shape)
    steps, target = _drawn(transform, shape, target, generator)
    return make_map(steps, shape), target


def _drawn(
    transform: Transform, shape: Shape, target: Any, generator: torch.Generator | None
) -> tuple[list[Step], Any]:
    """Targets move transform by transform, as in a call: boxes of whole numbers are cut to such after each."""
    if isinstance(transform, Geometric) and transform.is_geometric:
        steps = transform.steps(shape, generator)
        return steps, move_target(target, steps, shape) if steps else target
    if not isinstance(transform, Compose):
        raise ValueError(f"only geometric transforms have a coordinate map, got {transform}")
    chain: list[Step] = []
    for place, part in enumerate(transform.transforms):
        steps, target = _drawn(part, shape, target, derived(generator, place))
        shape = next_shape(steps, shape)
        chain += steps
    return chain, target
