"""The windows of a recording: which half-open span each item of a dataset covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class WindowGrid:
    """Equally spaced windows over ``[start, stop)``, in microseconds or, by count, in ordinals of events.

    Window ``i`` is ``[start + i * stride, start + i * stride + length)``.

    Attributes:
        start, stop: what the windows cover.
        length, stride: of one window, and from one to the next.
        by_time: whether the unit is the microsecond.
        include_incomplete: whether a last window that reaches beyond ``stop`` counts.
        clip: whether such a window ends at ``stop``; otherwise it keeps its length, with no event behind ``stop``.
    """

    start: int
    stop: int
    length: int
    stride: int
    by_time: bool
    include_incomplete: bool
    clip: bool

    def __len__(self) -> int:
        span = self.stop - self.start
        if self.include_incomplete:
            return max(0, -(-span // self.stride))
        return max(0, (span - self.length) // self.stride + 1)

    def bounds(self, indices: list[int]) -> np.ndarray:
        """int64 ``[len(indices), 2]``: start and stop of each window."""
        starts = self.start + np.asarray(indices, dtype=np.int64) * self.stride
        stops = starts + self.length
        return np.stack([starts, np.minimum(stops, self.stop) if self.clip else stops], axis=1)
