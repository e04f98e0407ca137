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
from aestream.transforms.steps import Shape, Step, make_map, next_shape


@dataclass(frozen=True)
class Compose(Transform):
    """One transform after the other; none is allowed, and changes nothing.

    Place i draws from a generator of its own, which the chain's initial seed and i make: what one transform draws
    changes nothing at another. Without a generator all draw from torch's default one.
    """

    transforms: Sequence[Transform]

    def __post_init__(self) -> None:
        wrong = [type(transform).__name__ for transform in self.transforms if not isinstance(transform, Transform)]
        if wrong:
            raise ValueError(f"transforms must be of aestream.transforms, got {', '.join(wrong)}")
        object.__setattr__(self, "transforms", tuple(self.transforms))

    @property
    def is_random(self) -> bool:
        return any(transform.is_random for transform in self.transforms)

    @property
    def is_geometric(self) -> bool:
        return all(transform.is_geometric for transform in self.transforms)

    def steps(self, shape: Shape, generator: torch.Generator | None = None) -> list[Step]:
        """All steps of geometric transforms, after drawing. ValueError if one is no such."""
        steps: list[Step] = []
        for place, transform in enumerate(self.transforms):
            if not isinstance(transform, Geometric | Compose):
                raise ValueError(f"only geometric transforms have a coordinate map, got {transform}")
            added = transform.steps(shape, derived(generator, place))
            shape = next_shape(added, shape)
            steps += added
        return steps

    def coordinate_map(
        self, shape: Shape, generator: torch.Generator | None = None
    ) -> tuple[_core.CoordinateMap, Shape]:
        """The whole chain as one map of the core, and the shape (width, height) after it."""
        map = make_map(self.steps(check_shape(shape), generator), shape)
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
