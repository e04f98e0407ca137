"""What several test files compare: events field by field, the running-maximum rule of windows, a recording's digest."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import tempfile
import textwrap
import tracemalloc
from collections.abc import Iterator

import numpy as np
import torch

from aestream import Events


def run_python(code: str, *arguments: object, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run code in a Python of its own, away from the sources, which have no compiled core."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    folder = tempfile.gettempdir()
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=folder, check=False)


def are_equal(one, other) -> bool:
    """Whether two items are the same to the bit, of the same types."""
    assert isinstance(one, torch.Tensor) or type(one) is type(other)
    if isinstance(one, Events):
        return all(torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(one, other, strict=True))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(are_equal, one, other))
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other


def assert_same_events(got: np.ndarray, want: np.ndarray) -> None:
    """Equal in number, order and every field."""
    assert len(got) == len(want)
    for name in "txyp":
        wrong = np.flatnonzero(got[name] != want[name])
        assert not len(wrong), f"{len(wrong)} of {len(want)} differ in {name}; {got[wrong[0]]} is not {want[wrong[0]]}"


def rows(events: np.ndarray) -> list[tuple[int, int, int, int]]:
    """(t, x, y, p) of every event."""
    return [tuple(map(int, row)) for row in zip(*(events[name] for name in "txyp"), strict=True)]


def slice_by_running_maximum(events: np.ndarray, start_us: int, stop_us: int) -> np.ndarray:
    """The events whose window [start_us, stop_us) is: event i is where the largest time up to i is."""
    time = np.maximum.accumulate(events["t"]) if len(events) else events["t"]
    return events[(time >= start_us) & (time < stop_us)]


def count_in_bounds(events: np.ndarray, shape: tuple[int, int]) -> int:
    """How many events lie on a sensor of shape (width, height)."""
    x, y = events["x"], events["y"]
    return int(((x >= 0) & (x < shape[0]) & (y >= 0) & (y < shape[1])).sum())


def digest_txyp(events: np.ndarray) -> str:
    """First 16 hex digits of SHA-256 over all t (i64), all x (u16), all y (u16), all p (one byte each)."""
    digest = hashlib.sha256()
    for name, dtype in (("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("p", "u1")):
        digest.update(np.ascontiguousarray(events[name]).astype(dtype).tobytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def limited_memory(most: int) -> Iterator[None]:
    """Fails if Python and NumPy hold more than so many bytes at once that they did not hold before."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= most, f"{peak} bytes were held, of {most}"
