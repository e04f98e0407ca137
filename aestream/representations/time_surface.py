"""TimeSurface, LatestTime and EventImage: what the latest event of each pixel says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

import aestream._core as _core
from aestream.events import Events
from aestream.representations.base import Accumulated, above_zero, one_of
from aestream.representations.on_device import latest_time_torch, time_surface_torch


@dataclass(frozen=True)
class TimeSurface(Accumulated):
    """How long ago the latest event was: float32 ``[channels, height, width]``, 0 where no event was.

    ``exp(-age / tau_us)`` or ``max(0, 1 - age / tau_us)``, ages from the event to the window's stop (Lagorce et al.,
    "HOTS", TPAMI 2017, whose reference time is the end of the slice). Nothing is remembered between windows. The latest
    event is that of the largest time, of equal times the last one. Ages are whole µs in windows of up to 18 minutes and
    to 1 part in 10⁹ of longer ones.

    Attributes:
        tau_us: the decay's constant, µs.
        decay: ``"exponential"`` or ``"linear"``.
        polarity: ``"split"``: channel 0 OFF, 1 ON; ``"signed"``: one channel, negative where the latest event was OFF;
            ``"merged"``: one channel.

    Raises:
        ValueError: if one is none of these.
    """

    tau_us: float
    decay: Literal["exponential", "linear"] = "exponential"
    polarity: Literal["split", "signed", "merged"] = "split"

    def __post_init__(self) -> None:
        above_zero("tau_us", self.tau_us)
        one_of("decay", self.decay, ("exponential", "linear"))
        one_of("polarity", self.polarity, ("split", "signed", "merged"))

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type."""
        return torch.float32

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return 2 if self.polarity == "split" else 1

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.time_surface(self.tau_us, self.decay, self.polarity)

    def on_device(
        self, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
    ) -> torch.Tensor:
        """In torch operations; signs need the events in order, and so the CPU."""
        if self.polarity == "signed":
            return super().on_device(events, shape, start_us, stop_us)
        return time_surface_torch(self, events, shape, stop_us)


@dataclass(frozen=True)
class LatestTime(Accumulated):
    """The largest time of each pixel's events: int64 ``[channels, height, width]``, µs; -1 where no event was.

    The surface of active events, as OpenEB's C++ ``timesurface`` has it.

    Attributes:
        polarity: ``"split"``: channel 0 OFF, 1 ON; ``"merged"``: one channel.

    Raises:
        ValueError: if it is neither.
    """

    polarity: Literal["split", "merged"] = "split"

    def __post_init__(self) -> None:
        one_of("polarity", self.polarity, ("split", "merged"))

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type."""
        return torch.int64

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return 2 if self.polarity == "split" else 1

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.latest_time(self.polarity)

    def on_device(
        self, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
    ) -> torch.Tensor:
        """In torch operations."""
        return latest_time_torch(events, shape, self.polarity)


@dataclass(frozen=True)
class EventImage(Accumulated):
    """Counts and latest times: float32 ``[4, height, width]``; zeros if there is no event.

    Zhu et al., "EV-FlowNet", RSS 2018: count ON, count OFF, latest time ON, latest time OFF, times since the window's
    start over the largest of both channels. ON comes first here, as in that program; channels come first, as in ours.
    """

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type."""
        return torch.float32

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return 4

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.event_image()
