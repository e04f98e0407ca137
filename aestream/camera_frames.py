"""Pictures that a camera took between its events."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

import aestream._core as _core


class CameraFrame(NamedTuple):
    """One picture; times are microseconds on the clock of the events.

    Attributes:
        t: the camera's time of the picture.
        begin_us, end_us: of reading it out, 0 where the file does not say.
        exposure_begin_us, exposure_end_us: of its exposure, 0 where the file does not say.
        offset: (x, y) of its first pixel on the sensor.
        image: ``[height, width]`` for grey, ``[height, width, 3]`` for BGR, ``[height, width, 4]`` for BGRA; uint8 or
            uint16; owned by the caller.
    """

    t: int
    begin_us: int
    end_us: int
    exposure_begin_us: int
    exposure_end_us: int
    offset: tuple[int, int]
    image: npt.NDArray[Any]

    def __repr__(self) -> str:
        return f"CameraFrame(t={self.t} µs, offset={self.offset}, image={self.image.dtype} {list(self.image.shape)})"


class CameraFrames(Sequence[CameraFrame]):
    """The pictures of a file, each inflated when it is asked for: ``frames[3]``, ``frames[-10:]``, ``for f in frames``.

    Attributes:
        t: int64 ``[n]``, the times of all pictures, microseconds.
        skipped: pictures that are left out, as their pixels are neither grey nor BGR(A) of 8 or 16 bits.
    """

    def __init__(self, packets: _core.SidePackets | None, path: str) -> None:
        self._packets = packets
        self._path = path
        none = np.zeros(0, np.int64)
        self._numbers, self.t = (none, none) if packets is None else packets.list_frames()
        self.skipped = 0 if packets is None else len(packets) - len(self.t)

    def __len__(self) -> int:
        return len(self.t)

    @overload
    def __getitem__(self, index: int) -> CameraFrame: ...
    @overload
    def __getitem__(self, index: slice) -> list[CameraFrame]: ...
    def __getitem__(self, index: int | slice) -> CameraFrame | list[CameraFrame]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        number = operator.index(index)
        if self._packets is None or not -len(self) <= number < len(self):
            raise IndexError(f"index {number} is out of range for {len(self)} frames of {self._path!r}")
        return CameraFrame(*self._packets.read_frame(int(self._numbers[number])))

    def __repr__(self) -> str:
        return f"CameraFrames({len(self)} of {self._path!r})"
