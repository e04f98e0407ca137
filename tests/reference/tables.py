"""Events in rows: NPY, NPZ and HDF5 (FORMATS.md, sections 6, 13 and 14), read whole by NumPy and h5py."""

from __future__ import annotations

import io
from typing import Any

import h5py
import hdf5plugin  # noqa: F401 - registers Blosc
import numpy as np

from . import ecf
from .events import EVENT_DTYPE

NAMES = {"t": ("t", "ts", "timestamp"), "x": ("x", "xs"), "y": ("y", "ys"), "p": ("p", "ps", "polarity")}
SECONDS = 1_000_000


def decode_npy(data: bytes, *, columns: str = "txyp") -> np.ndarray:
    """Decode one array; a time with a fraction makes them all seconds."""
    return _of_array(np.load(io.BytesIO(data)), columns)


def decode_npz(data: bytes) -> np.ndarray:
    """Decode an archive of four arrays, or of one that is structured."""
    with np.load(io.BytesIO(data)) as archive:
        arrays = dict(archive)
    return _of_array(*arrays.values(), "txyp") if len(arrays) == 1 else _by_name(arrays, arrays)


def decode_hdf5(data: bytes) -> np.ndarray:
    """Decode the first stream of events of a file."""
    with h5py.File(io.BytesIO(data)) as file:
        if "CD" in file:
            return _decode_prophesee(file["CD/events"])
        if "davis" in file:
            return _of_array(file["davis/left/events"][()], "xytp")
        group = next(file[name] for name in ("events", "raw_events", "prophesee/left") if name in file)
        columns = {name: group[name][()] for name in group if not isinstance(group[name], h5py.Group)}
        scale = SECONDS if columns[_find("t", columns)].dtype.kind == "f" else 1
        return _by_name(columns, columns, scale, int(file["t_offset"][()]) if "t_offset" in file else 0)


def hdf5_geometry(data: bytes) -> tuple[int | None, int | None]:
    """(width, height) of a file, from attributes or M3ED's calibration."""
    with h5py.File(io.BytesIO(data)) as file:
        if "geometry" in file.attrs:
            width, height = file.attrs["geometry"].split("x")
            return int(width), int(height)
        if "sensor_resolution" in file.attrs:
            height, width = file.attrs["sensor_resolution"]
            return int(width), int(height)
        if "prophesee/left/calib/resolution" in file:
            return tuple(map(int, file["prophesee/left/calib/resolution"]))
        for home in (file, file.get("events", file)):
            if "width" in home.attrs:
                return int(home.attrs["width"]), int(home.attrs["height"])
    return None, None


def _decode_prophesee(dataset: h5py.Dataset) -> np.ndarray:
    if dataset.id.get_create_plist().get_nfilters() == 0 or dataset.compression == "gzip":
        return _of_array(dataset[()], "")
    blocks = [
        ecf.decode(dataset.id.read_direct_chunk((first,))[1]) for first in range(0, len(dataset), dataset.chunks[0])
    ]
    return np.concatenate([np.zeros(0, EVENT_DTYPE), *blocks])[: len(dataset)]


def _of_array(array: np.ndarray, columns: str) -> np.ndarray:
    if array.dtype.names:
        return _by_name(array, array.dtype.names)
    times = array[:, columns.index("t")]
    scale = SECONDS if (times != np.trunc(times)).any() else 1
    return _by_name({name: array[:, columns.index(name)] for name in "txyp"}, "txyp", scale)


def _find(field: str, names: Any) -> str:
    return next(name for name in names if name in NAMES[field])


def _by_name(arrays: Any, names: Any, scale: int = 1, offset: int = 0) -> np.ndarray:
    columns = {field: arrays[_find(field, names)] for field in "txyp"}
    events = np.zeros(len(columns["t"]), EVENT_DTYPE)
    events["t"] = (np.rint(columns["t"] * scale) if scale != 1 else columns["t"]).astype(np.int64) + offset
    events["x"], events["y"], events["p"] = columns["x"], columns["y"], columns["p"] > 0
    return events
