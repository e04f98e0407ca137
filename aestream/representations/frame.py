"""Frame: counts of events per pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

import aestream._core as _core
from aestream.events import Events
from aestream.representations.base import Accumulated, one_of, whole
from aestream.representations.on_device import frame_torch

_POLARITIES = ("split", "sum", "difference")
_DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.uint8, torch.bool)


@dataclass(frozen=True)
class Frame(Accumulated):
    """Counts of events per pixel: ``[channels, height, width]``, zeros where no event was.

    Attributes:
        polarity: ``"split"`` gives two channels, 0 OFF and 1 ON; ``"sum"`` one, ON + OFF; ``"difference"`` one,
            ON - OFF.
        dtype: `torch.float32`; `torch.float16` or `torch.bfloat16`: the exact count, rounded once; `torch.uint8`, where
            counts above 255 stay at 255; or `torch.bool`: whether there was an event. A difference is a float.
        clip: counts above ``clip``, and differences below ``-clip``, stay there; None: they do not.

    Raises:
        ValueError: if one is none of these.
    """

    polarity: Literal["split", "sum", "difference"] = "split"
    dtype: torch.dtype = torch.float32
    clip: int | None = None

    def __post_init__(self) -> None:
        one_of("polarity", self.polarity, _POLARITIES)
        one_of("dtype", self.dtype, _DTYPES)
        if self.polarity == "difference" and not self.dtype.is_floating_point:
            raise ValueError(f"a difference can be negative: dtype must be a float, got {self.dtype}")
        if self.clip is not None:
            whole("clip", self.clip, 2**24)

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis."""
        return 2 if self.polarity == "split" else 1

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.frame(self.polarity, str(self.dtype).removeprefix("torch."), self.clip)

    def on_device(
        self, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
    ) -> torch.Tensor:
        """In torch operations; counting has no use for times."""
        return frame_torch(events, shape, self.polarity, self.dtype, self.clip)
