"""One recording whose windows are spans that labels give, or one window that is the whole of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.datasets.file import FileInput


@dataclass(frozen=True)
class WindowList:
    """Windows at any half-open spans of time, in any order; they may overlap, be empty or lie beyond the recording.

    Attributes:
        spans: int64 ``[N, 2]`` of start and stop, µs.
        by_time: always true: the spans are times, not ordinals of events.
    """

    spans: npt.NDArray[np.int64]
    by_time: bool = True

    def __len__(self) -> int:
        return len(self.spans)

    def bounds(self, indices: list[int]) -> npt.NDArray[np.int64]:
        """int64 ``[len(indices), 2]``: start and stop of each window."""
        return self.spans[np.asarray(indices, dtype=np.int64)]


class SpannedRecording(FileInput):
    """A ``FileInput`` with the windows that it is given: a list of spans, or the whole of what is used of the file."""

    def __init__(self, path: str, spans: npt.NDArray[np.int64] | None, **options: Any) -> None:
        super().__init__(path, **options)
        self._spans = spans

    def _make_grid(self) -> Any:
        if self._spans is not None:
            return WindowList(self._spans)
        start = self.t_start if self.start_us is None else self.start_us
        stop = self.t_stop if self.stop_us is None else self.stop_us
        return WindowList(np.array([[start, stop]], np.int64))


def as_spans(windows: Any) -> npt.NDArray[np.int64]:
    """Windows as int64 ``[N, 2]``.

    Raises:
        ValueError: if they are of another shape, no whole numbers, or one stops before it starts.
    """
    spans = np.asarray(windows)
    if spans.size == 0:
        return np.zeros((0, 2), np.int64)
    if spans.ndim != 2 or spans.shape[1] != 2 or spans.dtype.kind not in "iu":
        raise ValueError(f"windows must be whole µs [N, 2], start and stop; got {spans.dtype} {list(spans.shape)}")
    spans = spans.astype(np.int64)
    backwards = np.flatnonzero(spans[:, 1] < spans[:, 0])
    if len(backwards):
        start, stop = spans[backwards[0]].tolist()
        raise ValueError(f"window {backwards[0]} stops before it starts: [{start}, {stop})")
    return spans


def spans_before(times_us: Any, length_us: int) -> npt.NDArray[np.int64]:
    """The windows ``[t - length_us, t)``, so that no event at or after a label's time enters."""
    stops = np.asarray(times_us, dtype=np.int64)
    return np.stack([stops - length_us, stops], axis=1)
