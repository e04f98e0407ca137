"""What must be known of all recordings of a dataset: read once, side by side, and kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.datasets.file import FileInput
from aestream.datasets.index_cache import cache_folder

_VERSION = 1
_THREADS = 8
_COLUMNS = 6  # of a row: width, height, t_start, t_stop, num_events, num_items


@dataclass(frozen=True)
class Manifest:
    """A row per recording.

    Attributes:
        shapes: int64 ``[R, 2]``: the sensor's width and height as the file says; 0, 0 where it does not.
        t_start, t_stop: int64 ``[R]``, µs: the recording's span; 0, 0 if it is empty.
        num_events: int64 ``[R]``.
        num_items: int64 ``[R]``: windows of the recording.
    """

    shapes: npt.NDArray[np.int64]
    t_start: npt.NDArray[np.int64]
    t_stop: npt.NDArray[np.int64]
    num_events: npt.NDArray[np.int64]
    num_items: npt.NDArray[np.int64]


def read_manifest(
    names: Sequence[str],
    open_recording: Callable[[int], FileInput],
    *,
    paths: Sequence[str],
    variant: str,
    progress: bool | None = None,
) -> Manifest:
    """Read what is not in the cache, or has changed in size or time of change since, from the recordings themselves.

    Args:
        names: one per recording, unique.
        open_recording: opens the recording with a number.
        paths: the file that each recording lies in.
        variant: whatever else the rows depend on.
        progress: show a bar, if tqdm is installed; None: if stderr is a terminal and there is much to read.

    Raises:
        FormatError: if a file is no recording; names it, and says what was found.
        OSError: if a file cannot be opened.
    """
    entry = _entry(paths, variant)
    stamps = _stamps(paths)
    cached = _load(entry)
    rows: list[list[int] | None] = [None] * len(names)
    missing = []
    for number, (name, path) in enumerate(zip(names, paths, strict=True)):
        stored = cached.get(name)
        if stored is not None and stored[:2] == stamps[path]:
            rows[number] = stored[2:]
        else:
            missing.append(number)
    if missing:
        for number, row in zip(missing, _read_rows(missing, open_recording, progress), strict=True):
            rows[number] = row
        fresh = {names[number]: [*stamps[paths[number]], *(rows[number] or ())] for number in missing}
        _store(entry, cached | fresh)
    table = np.array(rows, dtype=np.int64).reshape(len(names), _COLUMNS)
    return Manifest(table[:, :2], table[:, 2], table[:, 3], table[:, 4], table[:, 5])


def _read_rows(
    numbers: list[int], open_recording: Callable[[int], FileInput], progress: bool | None
) -> Iterable[list[int]]:
    def read(number: int) -> list[int]:
        file = open_recording(number)
        width, height = file.shape or (0, 0)
        return [width, height, file.t_start, file.t_stop, file.num_events, len(file)]

    pool = ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1))
    try:
        yield from _with_progress(pool.map(read, numbers), len(numbers), progress)
    finally:
        pool.shutdown(cancel_futures=True)


def _with_progress(rows: Iterable[list[int]], count: int, progress: bool | None) -> Iterable[list[int]]:
    if progress is False or (progress is None and (count < 1000 or not sys.stderr.isatty())):
        return rows
    try:
        from tqdm import tqdm
    except ImportError:
        return rows
    bar: Iterable[list[int]] = tqdm(rows, total=count, desc="recordings", unit="file")
    return bar


def _stamps(paths: Sequence[str]) -> dict[str, list[int]]:
    """Size and time of last change, by path."""
    stamps = {}
    for path in set(paths):
        status = os.stat(path)
        stamps[path] = [status.st_size, status.st_mtime_ns]
    return stamps


def _entry(paths: Sequence[str], variant: str) -> Path | None:
    """Where the manifest of these files is kept, or None where there is no home folder."""
    folder = os.path.realpath(os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths] or ["."]))
    try:
        name = hashlib.sha256(f"{folder}\n{variant}".encode()).hexdigest()
        return cache_folder().parent / "manifest" / f"{name}.json"
    except RuntimeError:
        return None


def _load(entry: Path | None) -> dict[str, list[int]]:
    """The rows that were kept, each with its file's size and time before it; none if the cache is damaged."""
    if entry is None:
        return {}
    try:
        digest, text = entry.read_text().split("\n", 1)
        if hashlib.sha256(text.encode()).hexdigest() != digest:
            return {}
        kept: dict[str, Any] = json.loads(text)
    except (OSError, ValueError):
        return {}
    return kept["rows"] if kept["version"] == _VERSION else {}


def _store(entry: Path | None, rows: dict[str, list[int]]) -> None:
    """Keep the rows. A folder that cannot be written to is no error."""
    if entry is None:
        return
    text = json.dumps({"version": _VERSION, "rows": rows})
    with contextlib.suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=entry.parent)
        try:
            with os.fdopen(descriptor, "w") as stream:
                stream.write(hashlib.sha256(text.encode()).hexdigest() + "\n" + text)
            os.replace(temporary, entry)
        except OSError:
            os.unlink(temporary)
            raise
