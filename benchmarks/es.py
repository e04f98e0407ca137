"""A writer of Event Stream 2 files with DVS events."""

from __future__ import annotations

from pathlib import Path

import numpy as np

EVENT = np.dtype([("head", "u1"), ("x", "<u2"), ("y", "<u2")])
STEP_US = 127  # that one overflow byte adds


def write_es(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """Time steps in overflow bytes and seven bits; y counts from the bottom."""
    width, height = shape
    steps = np.diff(events["t"], prepend=0)
    overflows = steps // STEP_US
    stored = np.empty(events.size, EVENT)
    stored["head"] = (steps % STEP_US) << 1 | events["p"]
    stored["x"], stored["y"] = events["x"], height - 1 - events["y"]
    body = np.full(int(overflows.sum()) + stored.nbytes, 0xFF, np.uint8)
    first = np.cumsum(overflows) + np.arange(events.size) * EVENT.itemsize
    for i in range(EVENT.itemsize):
        body[first + i] = stored.view(np.uint8).reshape(-1, EVENT.itemsize)[:, i]
    header = b"Event Stream" + bytes([2, 0, 0, 1]) + np.array([width, height], "<u2").tobytes()
    path.write_bytes(header + body.tobytes())
