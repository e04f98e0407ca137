"""The labels and windows that RVT (uzh-rpg/RVT, scripts/genx/preprocess_dataset.py) makes of a table of boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.datasets.published import check_choice

_FIRST_US = 100_000  # no label before it is kept
_JITTER_US = 2_000  # that a label's time may be off


@dataclass(frozen=True)
class _Rules:
    """What RVT's settings for one data set keep: classes below a number, and boxes of a size."""

    shape: tuple[int, int]
    classes: int
    min_side: int
    min_diagonal: int


_RULES = {"gen1": _Rules((304, 240), 2**32, 10, 30), "gen4": _Rules((1280, 720), 3, 5, 0)}


def rvt_labels(
    boxes: npt.NDArray[Any], *, dataset: str = "gen1", split: str = "train", length_us: int = 50_000
) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[Any]]]:
    """The windows that RVT cuts for a recording, and the boxes at the end of each, filtered as RVT does it.

    Of Gen4 (1 Mpx) only pedestrians, two-wheelers and cars are kept. Boxes are cut at the sensor's last pixels, and
    dropped if nothing is left of them, or if they are too small: below 10 pixels a side or 30 across in Gen1, 5 a side
    in Gen4; in training also if they are wider than nine tenths of the sensor. Of the times that are left, the first
    one at or after 100 ms is kept, and later ones that lie a multiple of the period after the last that was kept, to
    2 ms: 250 ms in Gen1, 3 or 6 times the median in Gen4, whose labels come at 30 or 60 Hz.

    Args:
        boxes: structured array ``[n]`` with t (or ts), x, y, w, h and class_id, as published.
        dataset: ``"gen1"`` or ``"gen4"``.
        split: ``"train"``, ``"val"`` or ``"test"``.
        length_us: of a window.

    Returns:
        Windows int64 ``[m, 2]`` as of `rvt_windows`, two to a period (so they end every 125 ms in Gen1), and for each
        the rows that are kept at its end, none for most. They are the ``windows`` and ``targets`` of a
        `RecordingDataset`. Both are empty if no label is kept: RVT leaves out such a recording.

    Raises:
        ValueError: if the labels of Gen4 come at neither 30 nor 60 Hz, or there is no such data set or split.
    """
    check_choice("dataset", dataset, tuple(_RULES))
    check_choice("split", split, ("train", "val", "test"))
    kept = _filtered(boxes, _RULES[dataset], is_training=split == "train")
    stamps = kept["t" if "t" in (kept.dtype.names or ()) else "ts"].astype(np.int64)
    period_us = 250_000.0 if dataset == "gen1" else _period_of(np.unique(stamps))
    times = _kept_times(np.unique(stamps), period_us)
    if len(times) == 0:
        return np.zeros((0, 2), np.int64), []
    windows = rvt_windows(times, length_us=length_us, step_us=period_us / 2)
    labelled = set(times)
    return windows, [kept[stamps == end] if end in labelled else kept[:0] for end in (windows[:, 1] - 1).tolist()]


def rvt_windows(
    label_times_us: npt.ArrayLike, *, length_us: int = 50_000, step_us: float | None = None
) -> npt.NDArray[np.int64]:
    """The windows that RVT cuts: one ends at every label, and others in equal steps between, and before the first.

    Both ends belong to a window of RVT's: an event on an edge counts in two. So does it here: windows are
    ``[T - length_us, T + 1)``. Those before the first label end every ``length_us``; the earliest of them is left out.

    Args:
        label_times_us: int64 ``[n]``, the times of a recording's labels that are kept, in any order.
        length_us: length of a window, µs.
        step_us: from one end to the next, µs, as nearly as equal steps from label to label allow; None: ``length_us``.

    Returns:
        int64 ``[m, 2]``, for ``windows=`` of `RecordingDataset`.

    Raises:
        ValueError: if there is no label, or ``length_us`` or ``step_us`` is below 1.
    """
    times = np.unique(np.asarray(label_times_us, dtype=np.int64))
    step = length_us if step_us is None else step_us
    if len(times) == 0 or length_us < 1 or step < 1:
        raise ValueError(f"expected labels, a length and a step of 1 µs or more; got {len(times)}, {length_us}, {step}")
    ends = [np.arange(times[0], 0, -length_us, dtype=np.int64)[-2::-1] if times[0] > length_us else times[:1]]
    for first, last in zip(times[:-1], times[1:], strict=True):
        steps = max(1, round((last - first) / step))
        ends.append(np.linspace(first, last, steps + 1).astype(np.int64)[1:])
    stops = np.concatenate(ends)
    return np.stack([stops - length_us, stops + 1], axis=1)


def _filtered(boxes: npt.NDArray[Any], rules: _Rules, *, is_training: bool) -> npt.NDArray[Any]:
    """The boxes that are kept, inside of the sensor."""
    kept = boxes[boxes["class_id"] < rules.classes].copy()
    for place, size, most in (("x", "w", rules.shape[0] - 1), ("y", "h", rules.shape[1] - 1)):
        first = np.clip(kept[place], 0, most)
        last = np.clip(kept[place] + kept[size], 0, most)
        kept[place], kept[size] = first, last - first
    w, h = kept["w"], kept["h"]
    is_kept = (w > 0) & (h > 0) & (w >= rules.min_side) & (h >= rules.min_side)
    is_kept &= w**2 + h**2 >= rules.min_diagonal**2
    if is_training:
        is_kept &= w <= 9 * rules.shape[0] // 10
    chosen: npt.NDArray[Any] = kept[is_kept]
    return chosen


def _period_of(times: npt.NDArray[np.int64]) -> float:
    """About 100 ms, as so many times of labels: of Gen4."""
    if len(times) < 2:
        return 100_000.0
    median = float(np.median(np.diff(times)))
    rate = round(1e6 / median)
    if rate not in (30, 60):
        raise ValueError(f"expected labels at 30 or 60 Hz, found {rate}: every {median:.0f} µs")
    return float(int(median * rate / 10))


def _kept_times(times: npt.NDArray[np.int64], period_us: float) -> list[int]:
    kept: list[int] = []
    for time in times[times >= _FIRST_US].tolist():
        since = time - kept[-1] if kept else period_us
        periods = round(since / period_us)
        if periods > 0 and abs(since - periods * period_us) <= _JITTER_US:
            kept.append(time)
    return kept
