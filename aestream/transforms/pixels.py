"""Transforms of single events that are no coordinate map: jitter, undistortion, one polarity for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import aestream._core as _core
from aestream.transforms.base import Transform, draw_seed, draws
from aestream.transforms.checks import number
from aestream.transforms.scene import Scene


@dataclass(frozen=True)
class SpatialJitter(Transform):
    """Adds normal noise of ``std`` pixels to x and y, to the nearest pixel. Events that leave the sensor are dropped:
    nobody could draw them (tonic keeps them unless told so). Those outside before stay as they are. Targets stay."""

    std: float
    probability: float = 1.0

    def __post_init__(self) -> None:
        number("std", self.std, 0, 32767)
        number("probability", self.probability, 0, 1)

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        width, height = scene.required_shape("SpatialJitter")
        if not draws(generator, self.probability):
            return scene
        return scene.filtered(_core.SpatialJitter(self.std, draw_seed(generator), width, height))


@dataclass(frozen=True, eq=False)
class Undistort(Transform):
    """Moves each event to where a calibration says, to the nearest pixel (halves to the even one).

    Attributes:
        map: float ``[height, width, 2]``, the new x and y of each pixel, as DSEC's ``rectify_map``. Events whose new
            place lies outside, or is not finite, are dropped, as are those outside before. Targets stay.

    Raises:
        ValueError: if the map has another shape; when called, if the sensor has.
    """

    map: Any

    def __post_init__(self) -> None:
        map = np.array(self.map, np.float32)
        if map.ndim != 3 or map.shape[2] != 2 or 0 in map.shape:
            raise ValueError(f"map must be [height, width, 2], got {list(map.shape)}")
        map.setflags(write=False)
        object.__setattr__(self, "map", map)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Undistort) and np.array_equal(self.map, other.map, equal_nan=True)

    def __hash__(self) -> int:
        return hash(self.map.tobytes())

    def to_dict(self) -> dict[str, Any]:
        return {"type": "Undistort", "map": self.map.tolist()}

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        height, width = self.map.shape[:2]
        if scene.shape not in (None, (width, height)):
            raise ValueError(f"the map is for a sensor of {(width, height)}, got one of {scene.shape}")
        scene = scene.taken(scene.replace(shape=(width, height)).inside())
        x, y = np.rint(self.map[scene.records["y"], scene.records["x"]]).T
        stays = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        return scene.taken(stays).written(x=x[stays], y=y[stays])


@dataclass(frozen=True)
class MergePolarity(Transform):
    """Makes all events OFF, as tonic's does: one polarity, for what should not tell them apart."""

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        return scene.filtered(_core.MergePolarity())
