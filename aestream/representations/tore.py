"""Tore and AveragedTimeSurface: what several earlier events of a pixel, or of its neighbourhood, say."""

from __future__ import annotations

from dataclasses import dataclass

import torch

import aestream._core as _core
from aestream.arguments import check_shape
from aestream.representations.base import Accumulated, above_zero, whole


@dataclass(frozen=True)
class Tore(Accumulated):
    """Logarithms of the ages of each pixel's newest events: float32 ``[2 * k, height, width]``.

    Baldwin et al., "Time-Ordered Recent Event (TORE) Volumes for Event Cameras", TPAMI 2022:
    ``max(0, ln(min(age, max_age_us) + 1) - ln(min_age_us + 1))``, ages from the event to the window's stop. The OFF
    block comes first, then the ON block (the authors' has ON first), newest event first. A missing event is as old as
    ``max_age_us``: that is what no event gives, and not 0. Nothing is remembered between windows.

    Attributes:
        k: events that a pixel remembers, 1 to 4096.
        min_age_us, max_age_us: ages below and above are as these.

    Raises:
        ValueError: if one is none of these.
    """

    k: int = 8
    min_age_us: float = 150
    max_age_us: float = 5_000_000

    def __post_init__(self) -> None:
        whole("k", self.k, 4096)
        above_zero("min_age_us", self.min_age_us)
        above_zero("max_age_us", self.max_age_us)
        if self.max_age_us < self.min_age_us:
            raise ValueError(f"max_age_us must not be below min_age_us; got {self.max_age_us} and {self.min_age_us}")

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type."""
        return torch.float32

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return 2 * self.k

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.tore(self.k, self.min_age_us, self.max_age_us)


@dataclass(frozen=True)
class AveragedTimeSurface(Accumulated):
    """Mean local time surfaces of the cells of a grid: float32 ``[2, rows * S, columns * S]``, S = 2 * radius + 1.

    Sironi et al., "HATS: Histograms of Averaged Time Surfaces", CVPR 2018. The sensor is cut into cells of ``cell`` x
    ``cell`` pixels, each of which has one tile. For every event i of the cell, every earlier event j of the same cell
    and polarity at most ``radius`` pixels away in x and in y adds ``exp(-(t_i - t_j) / tau_us)`` to the tile at j's
    offset, and i itself 1 to the tile's middle; a tile is the mean over the cell's events. Channel 0 OFF, 1 ON; zeros
    where there is no event. Where times step back, the latest time so far stands for them.

    Attributes:
        cell: side of a cell, pixels.
        radius: of the neighbourhood, pixels, 1 to 255.
        tau_us: the decay's constant, µs.
        max_age_us: earlier events older than this add nothing; None: all do.

    Raises:
        ValueError: if one is none of these.
    """

    cell: int
    radius: int
    tau_us: float
    max_age_us: int | None = None

    def __post_init__(self) -> None:
        whole("cell", self.cell, 32767)
        whole("radius", self.radius, 255)
        above_zero("tau_us", self.tau_us)
        if self.max_age_us is not None:
            whole("max_age_us", self.max_age_us, 2**62)

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type."""
        return torch.float32

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return 2

    def output_shape(self, shape: tuple[int, int]) -> tuple[int, ...]:
        """(2, rows of cells * S, columns of cells * S)."""
        width, height = check_shape(shape)
        tile = 2 * self.radius + 1
        return (2, -(-height // self.cell) * tile, -(-width // self.cell) * tile)

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.averaged_time_surface(self.cell, self.radius, self.tau_us, self.max_age_us)
