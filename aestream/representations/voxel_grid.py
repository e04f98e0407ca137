"""VoxelGrid: polarity, spread over time bins, as half a dozen programs define it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

import aestream._core as _core
from aestream.events import Events
from aestream.representations.base import Accumulated, above_zero, one_of, whole
from aestream.representations.on_device import voxel_grid_torch


@dataclass(frozen=True)
class VoxelGrid(Accumulated):
    """Polarity, spread over time bins: float32 ``[channels, height, width]``, zeros if there is no event.

    Zhu et al., "Unsupervised Event-based Learning of Optical Flow, Depth, and Egomotion", CVPR 2019: an event at
    ``t* = (t - start) / (stop - start) * (bins - 1)`` adds ``±(1 - |t* - b|)`` to the bins b on both sides of t*. One
    bin holds the plain signed sum. A time outside the axis counts as the nearest one on it.

    The axis is the window that is asked for: a window of ``window_us=10**9`` puts a short recording into its first bin.
    ``window_us=None`` makes the recording itself the window.

    Attributes:
        bins: number of time bins, 1 to 65536.
        span: the axis: ``"window"`` from the window's start to its stop, or ``"events"`` from the first event to the
            latest time (if all times are equal, all events are at its start).
        align: ``"edges"``: the first and the last bin lie at the ends of the axis, as above. ``"centers"``: bin b lies
            at ``(b + 1/2) / bins`` of the axis, so that ``t* = (t - start) / (stop - start) * bins - 1/2``, and half a
            bin at either end adds to one bin only.
        polarity: ``"signed"``: channel b is bin b. ``"split"``: OFF events in channels 0 to bins - 1, ON events in bins
            to 2 bins - 1, both positive. ``"cube"``: channel ``2 b + p``, as OpenEB has it.
        normalize: None, or ``"nonzero"``: ``(v - mean) / std`` over the voxels that are not 0 (std with n - 1; where it
            is 0, ``v - mean``); ``"residue"``: over the voxels above 1e-6.
        clip: after every event a voxel is kept within ±clip; so order matters where signs are mixed. None: never.
        scale: factor of what one event adds.

    Raises:
        ValueError: if one is none of these.
    """

    bins: int
    span: Literal["window", "events"] = "window"
    align: Literal["edges", "centers"] = "edges"
    polarity: Literal["signed", "split", "cube"] = "signed"
    normalize: Literal["nonzero", "residue"] | None = None
    clip: float | None = None
    scale: float = 1.0

    def __post_init__(self) -> None:
        whole("bins", self.bins)
        one_of("span", self.span, ("window", "events"))
        one_of("align", self.align, ("edges", "centers"))
        one_of("polarity", self.polarity, ("signed", "split", "cube"))
        one_of("normalize", self.normalize, (None, "nonzero", "residue"))
        if self.clip is not None:
            above_zero("clip", self.clip)
        above_zero("scale", self.scale)

    @classmethod
    def e2vid(cls, bins: int = 5) -> VoxelGrid:
        """As rpg_e2vid's ``events_to_voxel_grid``: the axis is from the first event to the last."""
        return cls(bins, span="events")

    @classmethod
    def eraft(cls, bins: int = 15) -> VoxelGrid:
        """As E-RAFT trains: e2vid's grid, normalised over the voxels above 1e-6."""
        return cls(bins, span="events", normalize="residue")

    @classmethod
    def event_cube(
        cls,
        bins: int,
        polarity: Literal["signed", "split"] = "split",
        clip: float | None = None,
        scale: float = 1.0,
    ) -> VoxelGrid:
        """As OpenEB's C++ event cube: bins by their centres, channel ``2 bin + p`` (signed: ``bin``)."""
        layout: Literal["signed", "cube"] = "cube" if polarity == "split" else "signed"
        one_of("polarity", polarity, ("signed", "split"))
        return cls(bins, align="centers", polarity=layout, clip=clip, scale=scale)

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type."""
        return torch.float32

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return self.bins * (1 if self.polarity == "signed" else 2)

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.voxel_grid(
            self.bins, self.span, self.align, self.polarity, self.normalize or "none", self.clip or 0.0, self.scale
        )

    def on_device(
        self, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
    ) -> torch.Tensor:
        """In torch operations; a clip of mixed signs needs the events in order, and so the CPU."""
        if self.clip is not None and self.polarity == "signed":
            return super().on_device(events, shape, start_us, stop_us)
        return voxel_grid_torch(self, events, shape, start_us, stop_us)
