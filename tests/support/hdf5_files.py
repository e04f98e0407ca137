"""HDF5 files for tests, in the layouts of FORMATS.md, sections 6 and 14."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from aestream import _core

PROPHESEE = np.dtype({"names": ["x", "y", "p", "t"], "formats": ["<u2", "<u2", "<i2", "<i8"], "itemsize": 16})
TRIGGER = np.dtype({"names": ["p", "t", "id"], "formats": ["<i2", "<i8", "<i2"], "offsets": [0, 8, 16], "itemsize": 24})
ECF = 36559
ECF_CHUNK = 16384


def columns_of(events: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays t, x, y, p of the usual types."""
    return {
        "t": events["t"].astype("i8"),
        "x": events["x"].astype("u2"),
        "y": events["y"].astype("u2"),
        "p": events["p"].astype("u1"),
    }


def write_group(path: Path, events: np.ndarray, name: str = "events", **storage) -> Path:
    """A group of four datasets; storage: arguments of create_dataset."""
    with h5py.File(path, "w") as file:
        for column, values in columns_of(events).items():
            file.create_dataset(f"{name}/{column}", data=values, **storage)
    return path


def write_dsec(path: Path, events: np.ndarray, ms_to_idx: np.ndarray | None = None, chunk: int = 16384) -> Path:
    """DSEC's layout: times after t_offset, and the first event of each millisecond."""
    offset = int(events["t"][0]) - 300
    relative = events["t"] - offset
    if ms_to_idx is None:
        ms_to_idx = np.searchsorted(np.maximum.accumulate(relative), 1000 * np.arange(relative.max() // 1000 + 1))
    storage = {"chunks": (min(chunk, len(events)),), "compression": "gzip", "compression_opts": 1}
    with h5py.File(path, "w") as file:
        for column, values in (columns_of(events) | {"t": relative.astype("u4")}).items():
            file.create_dataset(f"events/{column}", data=values, **storage)
        file["t_offset"] = offset
        file["ms_to_idx"] = ms_to_idx
    return path


def compound(events: np.ndarray) -> np.ndarray:
    """Rows as in CD/events."""
    rows = np.zeros(len(events), PROPHESEE)
    for name in "txyp":
        rows[name] = events[name]
    return rows


def write_ecf(
    path: Path, events: np.ndarray, blocks: dict[int, bytes] | None = None, skipped: tuple[int, ...] = ()
) -> Path:
    """CD/events with one ECF block in each chunk; blocks: others, by number; skipped: chunks of rows as they are."""
    with h5py.File(path, "w") as file:
        file.attrs.update(version="1.0", geometry="64x48", time_shift="100")
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((ECF_CHUNK,))
        properties.set_filter(ECF, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple((len(events),), (h5py.h5s.UNLIMITED,))
        dataset = h5py.h5d.create(
            file.create_group("CD").id, b"events", h5py.h5t.py_create(PROPHESEE), space, properties
        )
        for number, first in enumerate(range(0, len(events), ECF_CHUNK)):
            part = events[first : first + ECF_CHUNK]
            block = _core.encode_ecf(part.astype(part.dtype))
            if number in skipped:
                block = compound(part).tobytes().ljust(16 * ECF_CHUNK, b"\0")
            block = (blocks or {}).get(number, block)
            if block:
                dataset.write_direct_chunk((first,), block, 1 if number in skipped else 0)
    return path
