"""StackedHistogram: counts per pixel, polarity and time bin, as RVT feeds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

import aestream._core as _core
from aestream.arguments import check_shape
from aestream.events import Events
from aestream.representations.base import Accumulated, one_of, whole
from aestream.representations.on_device import stacked_histogram_torch


@dataclass(frozen=True)
class StackedHistogram(Accumulated):
    """Counts per polarity and time bin: uint8 ``[2 * bins, height, width]``, OFF bins first; zeros without events.

    Gehrig and Scaramuzza, "Recurrent Vision Transformers for Object Detection with Event Cameras", CVPR 2023: an event
    is in bin ``min(bins * (t - t0) // max(t1 - t0, 1), bins - 1)``, t0 and t1 the first event's time and the latest.
    RVT's own counters wrap at 256 before they are cut off; these stay at ``cutoff``. Otherwise both are equal.

    Attributes:
        bins: number of time bins, 1 to 65536.
        cutoff: counts stay there, 1 to 255.
        span: ``"events"``: t0 and t1 as above; ``"window"``: the window's start and stop.
        downsample: keep pixel ``downsample // 2`` of every so many in a row and a column, as nearest-exact
            interpolation does: 2 keeps odd rows and columns. The tensor has ``height // downsample`` rows.

    Raises:
        ValueError: if one is none of these.
    """

    bins: int = 10
    cutoff: int = 10
    span: Literal["events", "window"] = "events"
    downsample: int = 1

    def __post_init__(self) -> None:
        whole("bins", self.bins)
        whole("cutoff", self.cutoff, 255)
        one_of("span", self.span, ("events", "window"))
        whole("downsample", self.downsample, 32767)

    @classmethod
    def rvt(cls, downsample: int = 1) -> StackedHistogram:
        """As RVT's configurations have it: 10 bins, cut off at 10; ``downsample=2`` for 1 Mpx recordings."""
        return cls(downsample=downsample)

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type."""
        return torch.uint8

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return 2 * self.bins

    def output_shape(self, shape: tuple[int, int]) -> tuple[int, ...]:
        """(channels, height // downsample, width // downsample)."""
        width, height = check_shape(shape)
        return (self.channels, height // self.downsample, width // self.downsample)

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.stacked_histogram(self.bins, self.cutoff, self.span, self.downsample)

    def on_device(
        self, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
    ) -> torch.Tensor:
        """In torch operations."""
        return stacked_histogram_torch(self, events, shape, start_us, stop_us)


@dataclass(frozen=True)
class MixedDensity(Accumulated):
    """Sums of ±1 over ever shorter ends of the time: int8 ``[bins, height, width]``; zeros if there is no event.

    RVT's ``MixedDensityEventStack`` (after Nam et al., "Stereo Depth from Events Cameras", CVPR 2022): bin ``bins - 1``
    is the last half of the time between the first event and the latest, ``bins - 2`` the quarter before it, and so on;
    channel i is the sum of bins 0 to i, kept within ±cutoff. RVT's int8 sums wrap; these do not.

    Attributes:
        bins: number of channels, 1 to 65536.
        cutoff: 1 to 127.

    Raises:
        ValueError: if one is none of these.
    """

    bins: int = 10
    cutoff: int = 32

    def __post_init__(self) -> None:
        whole("bins", self.bins)
        whole("cutoff", self.cutoff, 127)

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type."""
        return torch.int8

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return self.bins

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.mixed_density(self.bins, self.cutoff)
