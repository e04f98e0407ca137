"""Writers of HDF5: DSEC's layout with Blosc and Zstandard, and plain columns with gzip."""

from __future__ import annotations

from pathlib import Path

import h5py
import hdf5plugin
import numpy as np

COLUMNS = (("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("p", "u1"))


def _write_columns(group: h5py.Group, events: np.ndarray, types: dict[str, str], **filters: object) -> None:
    for name, dtype in COLUMNS:
        values = events[name].astype(types.get(name, dtype))
        group.create_dataset(name, data=values, chunks=(1 << 16,), **filters)


def write_dsec(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """Times relative to `t_offset`, and for each millisecond its first event."""
    offset = int(events["t"][0])
    relative = events["t"] - offset
    with h5py.File(path, "w") as file:
        moved = events.copy()
        moved["t"] = relative
        filters = hdf5plugin.Blosc(cname="zstd", clevel=5, shuffle=hdf5plugin.Blosc.SHUFFLE)
        _write_columns(file.create_group("events"), moved, {"t": "<u4"}, **filters)
        file["t_offset"] = np.int64(offset)
        milliseconds = np.arange(relative[-1] // 1000 + 2) * 1000
        file["ms_to_idx"] = np.searchsorted(relative, milliseconds).astype(np.uint64)


def write_gzip(path: Path, events: np.ndarray, shape: tuple[int, int]) -> None:
    """Columns with gzip and shuffle, the size as attributes."""
    with h5py.File(path, "w") as file:
        group = file.create_group("events")
        group.attrs["width"], group.attrs["height"] = shape
        _write_columns(group, events, {}, compression="gzip", compression_opts=4, shuffle=True)
