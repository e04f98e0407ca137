"""Transforms of times: another span, another pace, another order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

import aestream._core as _core
from aestream.transforms.base import Transform, draw_below, draw_seed, draws
from aestream.transforms.checks import number, whole
from aestream.transforms.scene import Scene


@dataclass(frozen=True)
class RandomTimeCrop(Transform):
    """Keeps the events at times in a span of ``length_us`` anywhere in the window, which becomes the sample's window.
    A window that is no longer than that stays whole, as it does with 1 - ``probability``."""

    length_us: int
    probability: float = 1.0

    def __post_init__(self) -> None:
        whole("length_us", self.length_us, 1)
        number("probability", self.probability, 0, 1)

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        start, stop = scene.window()
        if not draws(generator, self.probability) or stop - start <= self.length_us:
            return scene
        start += draw_below(generator, stop - start - self.length_us + 1)
        stop = start + self.length_us
        return scene.filtered(_core.TimeCut(start, stop, True), start_us=start, stop_us=stop)


@dataclass(frozen=True)
class TimeJitter(Transform):
    """Adds normal noise of ``std_us`` to each time, to the nearest µs. An event of the window stays in it: times end at
    its first and last µs. Order is kept, so times may step back; `Sort` orders them. tonic's knows no window."""

    std_us: float
    probability: float = 1.0

    def __post_init__(self) -> None:
        number("std_us", self.std_us, 0)
        number("probability", self.probability, 0, 1)

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        if not draws(generator, self.probability):
            return scene
        seed = draw_seed(generator)
        return scene.filtered(_core.TimeJitter(self.std_us, seed, scene.start_us, scene.stop_us))


@dataclass(frozen=True)
class TimeScale(Transform):
    """Stretches times by one factor, drawn evenly from [``low``, ``high``], from the window's start on, to the nearest
    µs; the window's stop moves along. Without a window times are counted from the first event's. tonic's TimeSkew
    counts from 0, so that recordings with absolute times move away."""

    low: float
    high: float
    probability: float = 1.0

    def __post_init__(self) -> None:
        number("low", self.low, 1e-6, 1e6)
        number("high", self.high, 1e-6, 1e6)
        if self.low > self.high:
            raise ValueError(f"low must not be above high, got {self.low} and {self.high}")
        number("probability", self.probability, 0, 1)

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        if not draws(generator, self.probability):
            return scene
        factor = self.low + (self.high - self.low) * float(torch.rand((), generator=generator, dtype=torch.float64))
        if scene.stop_us is None:
            return scene.filtered(_core.TimeScale(factor, scene.start(), None))
        start, stop = scene.window()
        scaled = start if stop == start else max(start + round((stop - start) * factor), start + 1)
        return scene.filtered(_core.TimeScale(factor, start, (scene.stop_us, scaled)), stop_us=scaled)


@dataclass(frozen=True)
class Sort(Transform):
    """Orders events by time; those of one time keep their order."""

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        t = scene.records["t"]
        if bool((t[1:] >= t[:-1]).all()):
            return scene
        return scene.taken(np.argsort(t, kind="stable"))
