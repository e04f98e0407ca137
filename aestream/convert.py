"""convert: one event file into another, a block of events at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aestream.arguments import check_shape
from aestream.datasets.file import FileInput
from aestream.io import Writer


@dataclass(frozen=True)
class Converted:
    """What ``convert`` did.

    Attributes:
        events: how many were written.
        outside: how many were left out, as they lie outside of the sensor or of the region.
        shift_us: what was added to every time, µs.
    """

    events: int
    outside: int
    shift_us: int


def convert(
    source: FileInput | str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    roi: tuple[int, int, int, int] | None = None,
    drop_outside: bool = False,
    from_zero: bool = False,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Converted:
    """Write the events of a file, from its ``start_us`` to its ``stop_us``, to another file. Memory stays bounded.

    ``convert("a.raw", "b.aedat4")``; ``convert(FileInput("a.csv", (640, 480), time_unit="ms"), "b.raw")``.

    Args:
        source: the file to read, or its path.
        target: the file to write; it appears under its name only when it is complete, and replaces one that exists.
        roi: keep only the events of this region, (left, top, width, height) in pixels; its corner becomes (0, 0) and
            its size the sensor's. It may reach over the sensor's edge, but not lie outside of it.
        drop_outside: leave out, and count, events outside of the sensor; otherwise they are an error.
        from_zero: count times from the source's ``start_us``, or from its first event.
        progress: called with the events done and the events of the file, after every block.
        options: further arguments of ``Writer``, such as ``format`` and ``compression``.

    Raises:
        ValueError: if the target is the source, or that does not say its sensor's shape, the region lies outside of it,
            or the target's format cannot hold an event.
        FormatError: if the source is damaged; then there is no target.
    """
    source = source if isinstance(source, FileInput) else FileInput(source)
    check_target(source, target)
    if roi is not None:
        check_roi(roi, source)
    shape = (roi[2], roi[3]) if roi is not None else source.shape
    if shape is None:
        raise ValueError(f"{source.path!r} does not say its sensor's shape: pass shape=(width, height)")
    begin = source.t_start if source.start_us is None else source.start_us
    shift = -begin if from_zero else 0
    written = done = 0
    with Writer(target, shape, **options) as writer:
        for block in source.blocks(source.start_us, source.stop_us):
            events = block
            if roi is not None or drop_outside:
                events = crop_events(events, *(roi or (0, 0, *shape)))
            if shift:
                events["t"] += shift
            writer.write(events)
            written, done = written + len(events), done + len(block)
            if progress is not None:
                progress(done, source.num_events)
    return Converted(written, done - written, shift)


def check_roi(roi: tuple[int, int, int, int], file: FileInput) -> None:
    """ValueError if no pixel of the sensor, where that is known, lies in the region."""
    left, top, width, height = roi
    if left < 0 or top < 0:
        raise ValueError(f"roi must begin at 0 or more; got {roi!r}")
    check_shape((width, height))
    if file.shape is not None and (left >= file.shape[0] or top >= file.shape[1]):
        raise ValueError(
            f"roi lies outside of the sensor of {file.path!r}, {file.shape[0]}x{file.shape[1]}; got left {left}, "
            f"top {top}, {width}x{height}"
        )


def crop_events(events: np.ndarray, left: int, top: int, width: int, height: int) -> np.ndarray:
    """The events of a region, counted from its corner; a copy where anything changes."""
    x, y = events["x"].astype(np.int32) - left, events["y"].astype(np.int32) - top
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if left == top == 0 and inside.all():
        return events
    cropped: np.ndarray = events[inside]
    cropped["x"], cropped["y"] = x[inside], y[inside]
    return cropped


def check_target(source: FileInput, target: str | bytes | os.PathLike[Any]) -> None:
    """Raise ValueError if the file to write is the one to read, whatever the names say."""
    if os.path.exists(target) and os.path.samefile(source.path, target):
        raise ValueError(f"target must not be the source, whose pictures and settings would be gone; got {target!r}")
