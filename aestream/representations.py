"""What a window of events becomes: one dense tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal, Protocol, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt
import torch

import aestream._core as _core
from aestream.arguments import check_shape
from aestream.events import EVENT_DTYPE, Events

AnyEvents: TypeAlias = Events | npt.NDArray[Any]


class Representation(Protocol):
    """Anything that turns the events of a window into an item: the classes below, or a function of your own.

    One with a method ``spec()`` is accumulated by the core while it decodes, and gets no events.
    """

    def __call__(
        self, events: Events, shape: tuple[int, int], *, start_us: int | None = None, stop_us: int | None = None
    ) -> Any:
        """The item of the events in ``[start_us, stop_us)``, on a sensor of ``shape`` (width, height)."""


_POLARITIES = ("split", "sum", "difference")
_DTYPES = (torch.float32, torch.uint8)
_ALIGNED = np.dtype([("word", "<i8", 2)], align=True)


@dataclass(frozen=True)
class Frame:
    """Counts of events per pixel.

    Attributes:
        polarity: ``"split"`` gives two channels, 0 OFF and 1 ON; ``"sum"`` one, ON + OFF; ``"difference"`` one,
            ON - OFF.
        dtype: `torch.float32`, or `torch.uint8`, where counts above 255 stay at 255. A difference has no uint8.

    Raises:
        ValueError: if either is none of these.
    """

    polarity: Literal["split", "sum", "difference"] = "split"
    dtype: torch.dtype = torch.float32

    def __post_init__(self) -> None:
        if self.polarity not in _POLARITIES:
            raise ValueError(f"polarity must be one of {', '.join(_POLARITIES)}, got {self.polarity!r}")
        if self.dtype not in _DTYPES:
            raise ValueError(f"dtype must be torch.float32 or torch.uint8, got {self.dtype}")
        if self.polarity == "difference" and self.dtype == torch.uint8:
            raise ValueError("a difference can be negative: dtype must be torch.float32, got torch.uint8")

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return 2 if self.polarity == "split" else 1

    def spec(self) -> _core.FrameSpec:
        """What the core accumulates frames by, while it decodes."""
        return _frame_spec(self.polarity, self.dtype)

    def __call__(
        self, events: AnyEvents, shape: tuple[int, int], *, start_us: int | None = None, stop_us: int | None = None
    ) -> torch.Tensor:
        """Count events per pixel.

        Args:
            events: array of `EVENT_DTYPE` or `Events`, all of which are counted but those outside the sensor.
            shape: sensor (width, height) in pixels.
            start_us, stop_us: half-open window, µs; frames have no use for it.

        Returns:
            float32 or uint8 ``[channels, height, width]`` on the events' device; zeros if there is no event.

        Raises:
            ValueError: if the shape is not of two positive integers, the window is empty or a field is missing.
        """
        _check(shape, start_us, stop_us)
        if _is_elsewhere(events):
            return frame_torch(events, shape, self.polarity, self.dtype)
        return _accumulate(events, self.spec(), shape, start_us, stop_us)


@dataclass(frozen=True)
class VoxelGrid:
    """Signed polarity, spread over time bins.

    Zhu et al., "Unsupervised Event-based Learning of Optical Flow, Depth, and Egomotion", CVPR 2019: an event at
    ``t* = (t - start_us) / (stop_us - start_us) * (bins - 1)`` adds ``±(1 - |t* - b|)`` to the bins b on both sides of
    t*. One bin holds the plain signed sum. A time outside the window counts as the nearest one in it.

    Attributes:
        bins: number of time bins, 1 to 65536.

    Raises:
        ValueError: if it is not.
    """

    bins: int

    def __post_init__(self) -> None:
        if isinstance(self.bins, bool) or not isinstance(self.bins, int) or not 1 <= self.bins <= 65536:
            raise ValueError(f"bins must be an integer from 1 to 65536, got {self.bins!r}")

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return self.bins

    def spec(self) -> _core.VoxelGridSpec:
        """What the core accumulates voxel grids by, while it decodes."""
        return _core.VoxelGridSpec(self.bins)

    def __call__(
        self, events: AnyEvents, shape: tuple[int, int], *, start_us: int | None = None, stop_us: int | None = None
    ) -> torch.Tensor:
        """Accumulate signed polarity into time bins.

        Args:
            events: array of `EVENT_DTYPE` or `Events`, all of which are added but those outside the sensor.
            shape: sensor (width, height) in pixels.
            start_us: first µs of the window; by default the first event's time.
            stop_us: the µs after the window; by default the one after the latest event.

        Returns:
            float32 ``[bins, height, width]`` on the events' device; zeros if there is no event.

        Raises:
            ValueError: if the shape is not of two positive integers, the window is empty or a field is missing.
        """
        _check(shape, start_us, stop_us)
        if _is_elsewhere(events):
            return voxel_grid_torch(events, shape, self.bins, start_us, stop_us)
        return _accumulate(events, self.spec(), shape, start_us, stop_us)


def frame_torch(events: Events, shape: tuple[int, int], polarity: str, dtype: torch.dtype) -> torch.Tensor:
    """`Frame` in torch operations, for any device."""
    width, height = shape
    inside, pixel = _pixels(events, shape)
    on = events.p[inside]
    if polarity == "difference":
        counts = torch.zeros(height * width, dtype=torch.int32, device=pixel.device)
        counts.index_put_((pixel,), on.int() * 2 - 1, accumulate=True)
        return counts.to(dtype).view(1, height, width)
    channels = 2 if polarity == "split" else 1
    index = pixel + on * (height * width) if polarity == "split" else pixel
    counts = torch.zeros(channels * height * width, dtype=torch.int32, device=pixel.device)
    counts.index_put_((index,), torch.ones_like(index, dtype=torch.int32), accumulate=True)
    if dtype == torch.uint8:
        counts.clamp_(max=255)
    return counts.to(dtype).view(channels, height, width)


def voxel_grid_torch(
    events: Events, shape: tuple[int, int], bins: int, start_us: int | None, stop_us: int | None
) -> torch.Tensor:
    """`VoxelGrid` in torch operations, for any device."""
    width, height = shape
    grid = torch.zeros(bins * height * width, device=events.device)
    if len(events) > 0:
        start = int(events.t[0]) if start_us is None else start_us
        stop = int(events.t.max()) + 1 if stop_us is None else stop_us
        inside, pixel = _pixels(events, shape)
        sign = events.p[inside].float() * 2 - 1
        lower, part = _bins(events.t[inside], start, stop, bins)
        index = lower * (height * width) + pixel
        grid.index_put_((index,), sign * (1 - part), accumulate=True)
        to_upper = height * width if bins > 1 else 0  # the one bin there is takes both parts
        grid.index_put_((index + to_upper,), sign * part, accumulate=True)
    return grid.view(bins, height, width)


def _bins(t: torch.Tensor, start: int, stop: int, bins: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The lower of the two bins of each time, and the part that belongs to the upper one."""
    real = torch.float32 if t.device.type == "mps" else torch.float64  # MPS has no float64
    position = (t.clamp(start, stop) - start).to(real) * ((bins - 1) / max(stop - start, 1))
    position = position.clamp(0, bins - 1)
    lower = position.long().clamp(max=max(bins - 2, 0))
    return lower, (position - lower).float()


def _pixels(events: Events, shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Which events lie on the sensor, and their pixels in a flat image."""
    width, height = shape
    x, y = events.x.long(), events.y.long()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return inside, y[inside] * width + x[inside]


@cache
def _frame_spec(polarity: str, dtype: torch.dtype) -> _core.FrameSpec:
    return _core.FrameSpec(polarity, str(dtype).removeprefix("torch."))


def _is_elsewhere(events: AnyEvents) -> TypeGuard[Events]:
    return isinstance(events, Events) and events.device.type != "cpu"


def _accumulate(
    events: AnyEvents,
    spec: _core.FrameSpec | _core.VoxelGridSpec,
    shape: tuple[int, int],
    start_us: int | None,
    stop_us: int | None,
) -> torch.Tensor:
    array, _ = _core.accumulate_all(as_records(events), spec, *shape, start_us, stop_us)
    return torch.from_numpy(array)


def as_records(events: AnyEvents) -> npt.NDArray[Any]:
    """Events on a CPU as one contiguous array laid out like `EVENT_DTYPE`, copied only where they are none."""
    records = events.numpy() if isinstance(events, Events) else events
    return records if is_plain(records) else np.ascontiguousarray(Events.from_numpy(records).numpy())


def is_plain(records: npt.NDArray[Any]) -> bool:
    """Whether the core can read the array as it lies."""
    if not (_is_laid_out(records.dtype) and records.ndim == 1 and records.flags.c_contiguous):
        return False
    return records.view(_ALIGNED).flags.aligned


@lru_cache(maxsize=16)
def _is_laid_out(dtype: np.dtype[Any]) -> bool:
    """Whether fields lie as those of `EVENT_DTYPE`, whatever their titles."""
    fields: Mapping[str, Any] = dtype.fields or {}
    return dtype.itemsize == EVENT_DTYPE.itemsize and all(
        name in fields and fields[name][:2] == EVENT_DTYPE.fields[name][:2]  # type: ignore[index]
        for name in ("t", "x", "y", "p")
    )


def _check(shape: tuple[int, int], start_us: int | None, stop_us: int | None) -> None:
    check_shape(shape)
    if start_us is not None and stop_us is not None and start_us >= stop_us:
        raise ValueError(f"the window [start_us, stop_us) is empty: got [{start_us}, {stop_us})")
