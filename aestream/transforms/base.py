"""What every transform is: a function from one sample to another, whose randomness has an address."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
import torch

import aestream._core as _core
from aestream.arguments import check_shape, check_window, register
from aestream.events import Events
from aestream.transforms.arrays import to_array, to_records
from aestream.transforms.scene import Scene

AnySample = TypeVar("AnySample")  # a Sample, Events, or a structured array


@dataclass(frozen=True)
class Sample:
    """The events of one window, with what a transform may have to change along with them.

    Attributes:
        events: in recorded order.
        shape: sensor (width, height) in pixels.
        start_us, stop_us: the half-open window, µs.
        target: what belongs to the window: a label, boxes, a dense map, or a dict, list or tuple of these; or None.
            Boxes are structured arrays with fields x, y, w, h or tensors ``[n, 5]`` of (class, x, y, w, h), x and y
            their upper left corner; dense maps are tensors or arrays ``[..., height, width]``, whose values are
            moved and never changed.
    """

    events: Events
    shape: tuple[int, int]
    start_us: int
    stop_us: int
    target: Any = None

    def replace(self, **changes: Any) -> Sample:
        """A copy with other values of some attributes."""
        return replace(self, **changes)


class Transform:
    """The base of all transforms: frozen dataclasses that are called with a `Sample` and give another one.

    A call changes no argument. A random transform draws from ``generator``; without one it draws from torch's default
    generator. A subclass with a ``__call__`` of its own is called, and stands in no chain.
    """

    _types: ClassVar[dict[str, type[Transform]]] = {}

    def __init_subclass__(cls, *, abstract: bool = False, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if not abstract:
            register(Transform._types, cls)

    def __call__(
        self,
        sample: AnySample,
        *,
        generator: torch.Generator | None = None,
        shape: tuple[int, int] | None = None,
        start_us: int | None = None,
        stop_us: int | None = None,
    ) -> AnySample:
        """The transformed sample, or the transformed events alone.

        Args:
            sample: a `Sample`, `Events`, or a structured array with the fields t, x, y, p of whole numbers (p may be a
                bool), and any others, as tonic has them. The result is of the same kind, on the same device; arrays
                keep their dtype.
            generator: what random transforms draw from; only its initial seed matters to `Compose`.
            shape, start_us, stop_us: of events that come alone; a sample has its own. What must know the sensor
                says so if ``shape`` is missing; a filter takes the smallest sensor that holds all events.

        Raises:
            ValueError: if an argument does not fit, or a dtype cannot hold the result.
        """
        if isinstance(sample, Sample):
            if (shape, start_us, stop_us) != (None, None, None):
                raise ValueError("shape, start_us and stop_us are for events that come alone: a Sample has its own")
            scene = Scene(
                to_records(sample.events), check_shape(sample.shape), sample.start_us, sample.stop_us, sample.target
            )
            changed = self._change(scene, generator)
            if changed is scene:
                return sample
            events, (start, stop) = to_array(sample.events, scene, changed), changed.window()
            return cast(AnySample, Sample(events, changed.known_shape(), start, stop, changed.target))
        start_us, stop_us = check_window(start_us, stop_us)
        records = to_records(sample)
        source = None if isinstance(sample, Events) or sample is records else np.arange(len(records))
        scene = Scene(records, None if shape is None else check_shape(shape), start_us, stop_us, source=source)
        return cast(AnySample, to_array(sample, scene, self._change(scene, generator)))

    def _change(self, scene: Scene, generator: torch.Generator | None) -> Scene:
        """What becomes of the scene; the very same object if nothing changes."""
        raise NotImplementedError

    @property
    def is_random(self) -> bool:
        """Whether two calls with one sample may differ."""
        return hasattr(self, "probability")

    @property
    def is_geometric(self) -> bool:
        """Whether a coordinate map says all that it does: then it has ``coordinate_map(shape, generator)``."""
        return False

    @property
    def is_called(self) -> bool:
        """Whether it has a ``__call__`` of its own, which nothing else may stand for."""
        return type(self).__call__ is not Transform.__call__

    def to_dict(self) -> dict[str, Any]:
        """The type's name and every parameter, as plain values; see `transform_from_dict`."""
        return {"type": type(self).__name__} | {
            field.name: getattr(self, field.name)
            for field in fields(self)  # type: ignore[arg-type]
        }

    @classmethod
    def _from_parameters(cls, parameters: dict[str, Any]) -> Transform:
        return cls(**parameters)


def transform_from_dict(parameters: dict[str, Any]) -> Transform:
    """The transform that `Transform.to_dict` described.

    Raises:
        ValueError: if there is no such transform, or it has no such parameters.
    """
    rest = dict(parameters)
    name = rest.pop("type", None)
    if name not in Transform._types:
        raise ValueError(f"type must be one of {', '.join(sorted(Transform._types))}, got {name!r}")
    try:
        return Transform._types[name]._from_parameters(rest)
    except TypeError as error:
        raise ValueError(f"{name} has other parameters than {', '.join(rest)}: {error}") from None


def seeded(*address: int) -> torch.Generator:
    """A generator for an address, such as (seed, epoch, item): equal addresses draw equally, on every machine."""
    return torch.Generator().manual_seed(seed_of(*address))


def seed_of(*address: int) -> int:
    """What the generator for an address is seeded with, 64 bits: the first ones of NumPy's ``SeedSequence``."""
    return _core.seed_of([int(part) & (2**64 - 1) for part in address])


def derived(generator: torch.Generator | None, place: int) -> torch.Generator | None:
    """The generator of the transform at a place of a chain: what it draws depends on no other place."""
    return None if generator is None else seeded(generator.initial_seed(), place)


def draws(generator: torch.Generator | None, probability: float) -> bool:
    """Whether something of this probability happens."""
    return float(torch.rand((), generator=generator)) < probability


def draw_below(generator: torch.Generator | None, stop: int) -> int:
    """A whole number from 0 to ``stop - 1``, each as likely."""
    return int(torch.randint(stop, (), generator=generator))


def draw_seed(generator: torch.Generator | None) -> int:
    """A seed of the core's filters."""
    return int(torch.randint(2**63 - 1, (), generator=generator))
