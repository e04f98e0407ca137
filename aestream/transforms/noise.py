"""Transforms that drop events: at random, by place, or because a neighbour or a pixel says that they are noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import torch

import aestream._core as _core
from aestream.transforms.base import Transform, draw_below, draw_seed, draws
from aestream.transforms.checks import number, whole
from aestream.transforms.scene import Scene

_LONGEST_US = 2**61


@dataclass(frozen=True)
class _Drop(Transform, abstract=True):
    fraction: float
    probability: float = 1.0

    def __post_init__(self) -> None:
        number("fraction", self.fraction, 0, 1)
        number("probability", self.probability, 0, 1)

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        return self._drop(scene, generator) if draws(generator, self.probability) else scene

    def _drop(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        raise NotImplementedError


@dataclass(frozen=True)
class DropEvents(_Drop):
    """Drops each event with a chance of ``fraction``, by a number of its own. tonic's drops exactly that share, for
    which it must know how many there are: ours runs while a file is decoded."""

    def _drop(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        return scene.filtered(_core.DropEvents(self.fraction, draw_seed(generator)))


@dataclass(frozen=True)
class DropPixels(_Drop):
    """Drops all events of a pixel, with a chance of ``fraction`` for each pixel. Events outside the sensor stay."""

    def _drop(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        return scene.filtered(_core.DropPixels(self.fraction, draw_seed(generator), *scene.known_shape()))


@dataclass(frozen=True)
class DropArea(_Drop):
    """Drops the events in a rectangle with the sensor's proportions and ``fraction`` of its area, anywhere on it, to
    the nearest pixel. Events outside the sensor stay. tonic's takes the fraction of each side, not of the area."""

    def _drop(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        width, height = scene.required_shape("DropArea")
        w, h = (round(length * sqrt(self.fraction)) for length in (width, height))
        x, y = draw_below(generator, width - w + 1), draw_below(generator, height - h + 1)
        is_dropped = np.zeros((height, width), bool)
        is_dropped[y : y + h, x : x + w] = True
        return scene.filtered(_core.DropMask(is_dropped))


@dataclass(frozen=True)
class DropTime(_Drop):
    """Drops the events in a span of ``fraction`` of the window, anywhere in it, to the nearest µs; the window stays as
    it is. Without a window it is from the first event to the latest. tonic's looks for the span from time 0 on, and so
    drops nothing of a recording whose times are absolute."""

    def _drop(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        start, stop = scene.window()
        length = round((stop - start) * self.fraction)
        first = start + draw_below(generator, stop - start - length + 1)
        return scene.filtered(_core.TimeCut(first, first + length, False))


@dataclass(frozen=True)
class Refractory(Transform):
    """Keeps an event if at least ``period_us`` (0 or more) passed since the last kept event of its pixel, or if there
    was none. Where times step back, less than that passed. Events outside the sensor stay. tonic's counts from the
    pixel's last event, kept or not, and wants more than the period: there a pixel that keeps firing falls silent.
    """

    period_us: int

    def __post_init__(self) -> None:
        whole("period_us", self.period_us, 0, _LONGEST_US)

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        return scene.filtered(_core.Refractory(self.period_us, *scene.known_shape()))


@dataclass(frozen=True)
class Denoise(Transform):
    """Keeps an event if one of the 8 pixels around it had its latest event so far, kept or not, no more than
    ``window_us`` (0 or more) from it: ``|t - latest| <= window_us``. Events outside the sensor stay, and support none.
    tonic's asks the 4 direct neighbours, for less than the window, and keeps what comes in the first window after time
    0; the published filter asks all 8.
    """

    window_us: int

    def __post_init__(self) -> None:
        whole("window_us", self.window_us, 0, _LONGEST_US)

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        return scene.filtered(_core.Denoise(self.window_us, *scene.known_shape()))


@dataclass(frozen=True)
class HotPixels(Transform):
    """Drops all events of pixels that fire too often: more than ``factor`` times the median of those that have events
    in this sample, or the named ``pixels`` (x, y) in its place. Events outside the sensor stay.

    Raises:
        ValueError: if ``factor`` is below 1; when called, if a named pixel lies outside the sensor.
    """

    factor: float = 10.0
    pixels: Sequence[tuple[int, int]] | None = None

    def __post_init__(self) -> None:
        number("factor", self.factor, 1)
        if self.pixels is None:
            return
        try:
            pixels = [(int(x), int(y)) for x, y in self.pixels]
        except (TypeError, ValueError):
            raise ValueError(f"pixels must be (x, y) of each, got {self.pixels!r}") from None
        if any(x < 0 or y < 0 for x, y in pixels):
            raise ValueError(f"pixels must be 0 or more, got {self.pixels!r}")
        object.__setattr__(self, "pixels", tuple(pixels))

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        width, height = scene.known_shape()
        if self.pixels is None:
            counts = _core.count_pixels(scene.records.view(np.uint8), width, height)
            active = counts[counts > 0]
            is_hot = counts > self.factor * np.median(active) if len(active) else np.zeros(counts.shape, bool)
            return scene.filtered(_core.DropMask(is_hot))
        is_hot = np.zeros((height, width), bool)
        for x, y in self.pixels:
            if x < width and y < height:
                is_hot[y, x] = True
            elif scene.shape is not None:
                raise ValueError(f"pixel {(x, y)} does not lie on a sensor of {scene.shape}")
        return scene.filtered(_core.DropMask(is_hot))
