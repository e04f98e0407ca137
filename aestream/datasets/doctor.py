"""What may be wrong with a folder of recordings: one pass over the events of each, and a look at its labels."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.datasets.box_checks import BoxReport, examine_boxes
from aestream.datasets.boxes import table_of
from aestream.datasets.file import FileInput
from aestream.errors import FormatError
from aestream.hidden import is_hidden

_PARTS = 10  # of a recording's time, whose rates are compared
_ROW = 1 << 16  # more than any sensor's columns
_SPLITS = ("train", "training", "val", "valid", "validation", "test", "testing", "dev")
_NO_RECORDINGS = ("_bbox.npy", ".txt", ".md", ".pdf", ".json", ".yaml", ".yml", ".xml", ".png", ".jpg", ".mp4", ".zip")


@dataclass
class RecordingReport:
    """What one recording is like.

    Attributes:
        name: path below the root, with slashes.
        error: why it could not be read; the rest is empty then.
        shape: sensor (width, height) by its header or as given; None where neither says it.
        events, on_events: how many, and how many of them are ON.
        outside: events outside of the sensor; 0 where its shape is not known.
        t_start_us, t_stop_us: time of the first event, and 1 µs after the latest.
        rates_hz: events a second in each tenth of that time; empty without events.
        hot_pixels: ``(x, y, events)`` of the pixels that are hot, most events first.
        steps_back: events earlier than the one before.
        gaps, longest_gap_us: silences of ``gap_us`` or more, and the longest of all silences.
        warnings: what reading it warned of, such as a truncated file.
        digest: of all events; equal for equal events, whatever the file's format.
        boxes: of the table of labels beside it; None if there is none.
    """

    name: str
    error: str | None = None
    shape: tuple[int, int] | None = None
    events: int = 0
    on_events: int = 0
    outside: int = 0
    t_start_us: int = 0
    t_stop_us: int = 0
    rates_hz: list[float] = field(default_factory=list)
    hot_pixels: list[tuple[int, int, int]] = field(default_factory=list)
    steps_back: int = 0
    gaps: int = 0
    longest_gap_us: int = 0
    warnings: list[str] = field(default_factory=list)
    digest: str = ""
    boxes: BoxReport | None = None

    @property
    def on_ratio(self) -> float | None:
        """Part of the events that are ON, 0 to 1; None without events."""
        return self.on_events / self.events if self.events else None

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the units in the names."""
        boxes = None if self.boxes is None else vars(self.boxes)
        return vars(self) | {"on_ratio": self.on_ratio, "boxes": boxes}


@dataclass(frozen=True)
class DoctorReport:
    """What a folder of recordings is like.

    Attributes:
        root: the folder.
        recordings: a report each, by name.
        duplicates: names of recordings with the same events, where there are several.
        leaks: those of them that lie in more than one split.
    """

    root: str
    recordings: list[RecordingReport]
    duplicates: list[list[str]]
    leaks: list[list[str]]

    def problems(self) -> list[str]:
        """A line for everything that a training should not meet unawares; empty for a sound folder."""
        lines = [f"the same events in several splits: {', '.join(names)}" for names in self.leaks]
        lines += [f"the same events: {', '.join(names)}" for names in self.duplicates if names not in self.leaks]
        return lines + [f"{each.name}: {problem}" for each in self.recordings for problem in _problems_of(each)]

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the units in the names."""
        recordings = [each.to_json() for each in self.recordings]
        found = {"duplicates": self.duplicates, "leaks": self.leaks, "problems": self.problems()}
        return {"root": self.root, "recordings": recordings} | found


def examine(
    root: str | os.PathLike[str], *, gap_us: int = 1_000_000, hot_factor: float = 50.0, **reading: Any
) -> DoctorReport:
    """Examine every recording below a folder, and the tables of boxes beside them.

    Two recordings are in several splits if the first of their folders named train, val, test or the like differs.

    Args:
        root: a folder of recordings, at any depth.
        gap_us: from what length on a silence of all pixels is a gap, µs.
        hot_factor: a pixel is hot with more events than this many times the mean of the pixels that have any.
        reading: further arguments of ``FileInput``, such as ``shape``.

    Raises:
        ValueError: if there is no recording, or an argument is out of range.
    """
    if gap_us < 1 or not hot_factor > 1:
        raise ValueError(f"gap_us must be 1 or more and hot_factor above 1; got {gap_us} and {hot_factor}")
    folder = Path(root)
    paths = list(_recordings(folder))
    if not paths:
        raise ValueError(f"expected recordings in {os.fspath(root)!r}, found none")
    with warnings.catch_warnings(record=True) as caught, ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("always")
        reports = list(pool.map(lambda path: _examine_file(path, folder, gap_us, hot_factor, reading), paths))
    for path, report in zip(paths, reports, strict=True):
        said = [str(each.message) for each in caught]
        report.warnings += [text.replace(f"{path}, ", "") for text in said if str(path) in text]
    by_digest: dict[str, list[str]] = {}
    for report in reports:
        if report.events:
            by_digest.setdefault(report.digest, []).append(report.name)
    duplicates = [names for names in by_digest.values() if len(names) > 1]
    leaks = [names for names in duplicates if len({_split_of(name) for name in names}) > 1]
    return DoctorReport(os.fspath(root), reports, duplicates, leaks)


def _recordings(folder: Path) -> Iterator[Path]:
    """Files that may be recordings, sorted; hidden ones, texts and pictures are none."""
    for path in sorted(folder.rglob("*")):
        is_ours = not any(is_hidden(part) for part in path.relative_to(folder).parts)
        if path.is_file() and is_ours and not path.name.lower().endswith(_NO_RECORDINGS):
            yield path


def _split_of(name: str) -> str | None:
    return next((part.lower() for part in name.split("/")[:-1] if part.lower() in _SPLITS), None)


def _examine_file(path: Path, root: Path, gap_us: int, factor: float, reading: dict[str, Any]) -> RecordingReport:
    report = RecordingReport(path.relative_to(root).as_posix())
    try:
        file = FileInput(path, **reading)
        _count_events(report, file, gap_us, factor)
    except (FormatError, OSError, ValueError, ImportError) as error:
        return RecordingReport(report.name, error=str(error).removeprefix(f"{path}, ").removeprefix(f"{path}: "))
    table = table_of(path)
    if table is not None:
        report.boxes = examine_boxes(table, file)
    return report


def _count_events(report: RecordingReport, file: FileInput, gap_us: int, factor: float) -> None:
    report.shape, report.events = file.shape, file.num_events
    report.t_start_us, report.t_stop_us = file.t_start, file.t_stop
    span = max(1, report.t_stop_us - report.t_start_us)
    parts = np.zeros(_PARTS, np.int64)
    pixels, digest = _Pixels(), hashlib.sha256()
    latest = last = file.t_start
    for events in file.blocks():
        t = events["t"]
        so_far = np.maximum.accumulate(np.concatenate([[latest], t]))
        silences = np.diff(so_far)
        report.steps_back += int(np.count_nonzero(np.diff(t, prepend=last) < 0))
        report.gaps += int(np.count_nonzero(silences >= gap_us))
        report.longest_gap_us = max(report.longest_gap_us, int(silences.max(initial=0)))
        report.on_events += int(np.count_nonzero(events["p"]))
        place = ((t - report.t_start_us) * (_PARTS / span)).astype(np.int64).clip(0, _PARTS - 1)
        parts += np.bincount(place, minlength=_PARTS)
        if file.shape is not None:
            x, y = events["x"], events["y"]
            report.outside += int(np.count_nonzero((x < 0) | (x >= file.shape[0]) | (y < 0) | (y >= file.shape[1])))
        pixels.add(events)
        digest.update(np.ascontiguousarray(events).tobytes())
        latest, last = int(so_far[-1]), int(t[-1])
    report.digest = digest.hexdigest()
    if report.events:
        report.rates_hz = (parts / (span / _PARTS / 1e6)).tolist()
        report.hot_pixels = pixels.hot(factor)


class _Pixels:
    """Events of every pixel that has any."""

    def __init__(self) -> None:
        self._addresses: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._counts: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def add(self, events: npt.NDArray[Any]) -> None:
        """Count a block."""
        addresses = events["y"].astype(np.int64) * _ROW + events["x"]
        fresh, counts = np.unique(addresses, return_counts=True)
        self._addresses, place = np.unique(np.concatenate([self._addresses, fresh]), return_inverse=True)
        summed = np.bincount(place, weights=np.concatenate([self._counts, counts]), minlength=len(self._addresses))
        self._counts = summed.astype(np.int64)

    def hot(self, factor: float) -> list[tuple[int, int, int]]:
        """x, y and events of pixels with more than ``factor`` times the mean of the others, most events first."""
        if len(self._counts) < 2:
            return []
        others = (self._counts.sum() - self._counts) / (len(self._counts) - 1)
        found = np.flatnonzero(self._counts > factor * np.maximum(others, 1))
        ordered: Iterable[int] = found[np.argsort(-self._counts[found], kind="stable")]
        y, x = np.divmod(self._addresses + _ROW // 2, _ROW)  # x may be negative
        return [(int(x[i]) - _ROW // 2, int(y[i]), int(self._counts[i])) for i in ordered]


def _problems_of(report: RecordingReport) -> Iterator[str]:
    if report.error is not None:
        yield f"cannot be read: {report.error}"
        return
    yield from report.warnings
    if report.events == 0:
        yield "no event: its items are zeros"
    if report.outside:
        yield f"{report.outside} events outside of {report.shape}: they are in no tensor"
    if report.hot_pixels:
        x, y, count = report.hot_pixels[0]
        yield f"{len(report.hot_pixels)} hot pixels, the first at x={x}, y={y} with {count} events: see HotPixels"
    if report.on_ratio in (0.0, 1.0):
        yield f"all events are {'ON' if report.on_ratio else 'OFF'}: was the polarity read right?"
    if report.steps_back:
        yield f"time steps back {report.steps_back} times"
    if report.gaps:
        yield f"{report.gaps} gaps, the longest silence is {report.longest_gap_us} µs"
    if report.boxes is not None:
        yield from report.boxes.problems()
