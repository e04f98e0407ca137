"""The project's 16-byte event as a NumPy dtype (DESIGN.md, section 2), defined without importing the package."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

EVENT_DTYPE = np.dtype(
    {"names": ["t", "x", "y", "p"], "formats": ["<i8", "<i2", "<i2", "?"], "offsets": [0, 8, 10, 12], "itemsize": 16}
)


def to_events(rows: Sequence[tuple[int, int, int, bool]]) -> np.ndarray:
    """Rows of (t, x, y, p) as a structured array."""
    events = np.zeros(len(rows), EVENT_DTYPE)
    if rows:
        for name, column in zip("txyp", zip(*rows, strict=True), strict=True):
            events[name] = column
    return events
