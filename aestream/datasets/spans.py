"""Spans of time that labels give, as windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


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
