"""Small trees of recordings in the layouts of data sets, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aestream import EVENT_DTYPE, save


def some_events(
    count: int = 20, *, seed: int = 0, shape: tuple[int, int] = (16, 12), start_us: int = 1000
) -> np.ndarray:
    """Random events, 100 µs apart, that fill the sensor."""
    random = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = start_us + 100 * np.arange(count)
    events["x"] = random.integers(0, shape[0], count)
    events["y"] = random.integers(0, shape[1], count)
    events["p"] = random.integers(0, 2, count)
    return events


def write_recording(path: Path, *, shape: tuple[int, int] = (16, 12), **options: int) -> np.ndarray:
    """Save some events at a path, whose folders are made; returns them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    events = some_events(shape=shape, **options)
    save(path, events, shape)
    return events


def write_bin40(path: Path, events: np.ndarray) -> None:
    """A file of N-MNIST's rows: x, y, then the polarity's bit over 23 bits of time, biggest byte first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = bytearray()
    for t, x, y, p in events.tolist():
        rows += bytes([x, y]) + (int(p) << 23 | t).to_bytes(3, "big")
    path.write_bytes(rows)


def frame_of(events: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """float32 ``[2, H, W]``: how many events each pixel has, OFF and ON; none outside."""
    frame = np.zeros((2, shape[1], shape[0]), np.float32)
    for _, x, y, p in events.tolist():
        if x < shape[0] and y < shape[1]:
            frame[int(p), y, x] += 1
    return frame
