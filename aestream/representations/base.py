"""What every representation is: a frozen dataclass that turns the events of a window into one tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any, ClassVar, Protocol, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import get_worker_info

import aestream._core as _core
from aestream.arguments import check_shape, check_window, register
from aestream.cuda import gpu_of, has_kernels, is_usable
from aestream.events import EVENT_DTYPE, Events

AnyEvents: TypeAlias = Events | npt.NDArray[Any] | Sequence[Any]

_ALIGNED = np.dtype([("word", "<i8", 2)], align=True)


class Representation(Protocol):
    """Anything that turns the events of a window into an item: the classes of this package, or a function of your own.

    One with a method ``spec()`` is accumulated by the core while it decodes, and gets no events.
    """

    def __call__(
        self, events: Events, shape: tuple[int, int], *, start_us: int | None = None, stop_us: int | None = None
    ) -> Any:
        """The item of the events in ``[start_us, stop_us)``, on a sensor of ``shape`` (width, height)."""


class Accumulated:
    """The base of the representations that the core accumulates.

    A subclass is a frozen dataclass with ``channels``, ``spec()`` and, for devices other than the CPU, ``on_device``.
    One with a ``__call__`` of its own is called, window by window, as any other callable is.
    """

    _known: ClassVar[dict[str, type[Accumulated]]] = {}

    def __init_subclass__(cls) -> None:
        register(Accumulated._known, cls)

    dtype: torch.dtype

    @property
    def channels(self) -> int:
        """The length of the tensor's channel axis, the third from the end."""
        raise NotImplementedError

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        raise NotImplementedError

    def output_shape(self, shape: tuple[int, int]) -> tuple[int, ...]:
        """The tensor's shape, such as (channels, height, width), on a sensor of ``shape`` (width, height)."""
        width, height = check_shape(shape)
        return (self.channels, height, width)

    def to_dict(self) -> dict[str, Any]:
        """The class and every parameter, as JSON has them: equal dicts mean equal tensors."""
        return {"type": type(self).__name__} | {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    def __call__(
        self, events: AnyEvents, shape: tuple[int, int], *, start_us: int | None = None, stop_us: int | None = None
    ) -> torch.Tensor:
        """The tensor of some events.

        Args:
            events: array of `EVENT_DTYPE`, `Events`, or what ``Events.from_numpy`` takes; those outside the sensor are
                left out.
            shape: sensor (width, height) in pixels.
            start_us: first µs of the window; by default the first event's time.
            stop_us: the µs after the window; by default the one after the latest event.

        Returns:
            ``[channels, height, width]`` of ``dtype`` (see ``output_shape``), on the events' device. An empty window,
            ``start_us == stop_us``, holds no event.

        Raises:
            ValueError: if the shape is not of two positive integers, an edge of the window is no whole number of µs, it
                ends before it starts, or events are none.
        """
        shape = check_shape(shape)
        start_us, stop_us = check_window(start_us, stop_us)
        if is_elsewhere(events):
            if start_us is not None and start_us == stop_us:
                events = Events(*(column[:0] for column in events))
            if events.device.type == "cuda" and is_usable(events.device) and has_kernels(self, shape):
                return gpu_of(events.device).represent_one(self, shape, events, start_us, stop_us)
            return self.on_device(events, shape, start_us, stop_us)
        threads = 1 if get_worker_info() is not None else _core.default_threads()
        array, _ = _core.accumulate_all(as_records(events), _spec_of(self), *shape, start_us, stop_us, threads)
        return to_tensor(array, self.dtype)

    def on_device(
        self, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
    ) -> torch.Tensor:
        """The same tensor for events on another device; unless a subclass knows better, by way of the CPU."""
        return Accumulated.__call__(self, events.to("cpu"), shape, start_us=start_us, stop_us=stop_us).to(events.device)


def is_fused(representation: Any) -> TypeGuard[Any]:
    """Whether the core may accumulate by ``spec()`` instead of a call, which gives the same then."""
    if isinstance(representation, Accumulated):
        return type(representation).__call__ is Accumulated.__call__
    return hasattr(representation, "spec")


@lru_cache(maxsize=256)
def _spec_of(representation: Accumulated) -> _core.Representation:
    """Its ``spec()``, which takes as long to make as some thousand events to count."""
    return representation.spec()


def representation_from_dict(parameters: Mapping[str, Any]) -> Accumulated:
    """The representation that ``to_dict()`` described.

    Raises:
        ValueError: if the type or a parameter is not known.
    """
    values = dict(parameters)
    name = values.pop("type", None)
    known = Accumulated._known
    if name not in known:
        raise ValueError(f"type must be one of {', '.join(sorted(known))}; got {name!r}")
    names = {field.name for field in fields(known[name])}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - names):
        raise ValueError(f"{name} has the parameters {', '.join(sorted(names))}; got {', '.join(unknown)}")
    return known[name](**{key: _lively(value) for key, value in values.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, Accumulated):
        return value.to_dict()
    return [_plain(member) for member in value] if isinstance(value, tuple) else value


def _lively(value: Any) -> Any:
    if isinstance(value, Mapping):
        return representation_from_dict(value)
    if isinstance(value, list):
        return tuple(_lively(member) for member in value)
    if isinstance(value, str) and isinstance(getattr(torch, value, None), torch.dtype):
        return getattr(torch, value)
    return value


def to_tensor(array: npt.NDArray[Any], dtype: torch.dtype) -> torch.Tensor:
    """The core's array as a tensor of ``dtype``: NumPy has no bfloat16, and the core's bytes may mean bool."""
    tensor = torch.from_numpy(array)
    return tensor if tensor.dtype == dtype else tensor.view(dtype)


def element_type(representation: Representation) -> torch.dtype:
    """The dtype of what the core accumulates by ``representation.spec()``: its own, or that of the core's array."""
    dtype: torch.dtype = getattr(representation, "dtype", torch.float32)
    return dtype


def is_elsewhere(events: AnyEvents) -> TypeGuard[Events]:
    """Whether events lie on a device that the core does not reach."""
    return isinstance(events, Events) and events.device.type != "cpu"


def as_records(events: AnyEvents) -> npt.NDArray[Any]:
    """Events on a CPU as one contiguous array laid out like `EVENT_DTYPE`, copied only where they are none."""
    records = events.numpy() if isinstance(events, Events) else events
    if isinstance(records, np.ndarray) and is_plain(records):
        return records
    return np.ascontiguousarray(Events.from_numpy(records).numpy())


def is_plain(records: npt.NDArray[Any]) -> bool:
    """Whether the core can read the array as it lies."""
    if not (_is_laid_out(records.dtype) and records.ndim == 1 and records.flags.c_contiguous):
        return False
    return records.view(_ALIGNED).flags.aligned


@lru_cache(maxsize=16)
def _is_laid_out(dtype: np.dtype[Any]) -> bool:
    """Whether fields lie as those of `EVENT_DTYPE`, whatever their titles."""
    found: Mapping[str, Any] = dtype.fields or {}
    return dtype.itemsize == EVENT_DTYPE.itemsize and all(
        name in found and found[name][:2] == EVENT_DTYPE.fields[name][:2]  # type: ignore[index]
        for name in ("t", "x", "y", "p")
    )


def one_of(name: str, value: Any, known: tuple[Any, ...]) -> None:
    """Raise ValueError unless ``value`` is one of ``known``."""
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(str, known))}, got {value!r}")


def whole(name: str, value: Any, most: int = 65536) -> None:
    """Raise ValueError unless ``value`` is a whole number from 1 to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ValueError(f"{name} must be an integer from 1 to {most}, got {value!r}")


def above_zero(name: str, value: Any) -> None:
    """Raise ValueError unless ``value`` is a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise ValueError(f"{name} must be a positive number, got {value!r}")
