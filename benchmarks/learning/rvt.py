"""RVT's histograms at 1280x720, as items and prepared, beside RVT's own function in torch and evlib."""

from __future__ import annotations

from pathlib import Path

import h5py
import hdf5plugin
import numpy as np

from aestream import FileInput
from benchmarks.contests import WINDOW_50_MS, Contender, Contest
from benchmarks.learning.scale import Scale

SHAPE = (1280, 720)


def contests(scale: Scale) -> list[Contest]:
    """Items of a DAT file and of RVT's HDF5, then all of a file prepared; each window holds both of its ends."""
    facts, windows = scale.generated("dat.dat"), 6 if scale.quick else 60
    ends = (facts["t_first"] + WINDOW_50_MS * np.arange(1, windows + 1)).tolist()
    dat, hdf5 = facts["path"], str(ensure(scale.folder / "rvt.h5", facts["path"]))
    ours = Contender("aestream", "ours_rvt", "histograms", "ours")
    torch = Contender("RVT's in torch", "rvt_files", "histograms")
    from_dat = (ours, torch, Contender("numba", "rvt_files", "histograms_by_numba"))
    from_hdf5 = (ours, torch, *_evlib("histograms"))
    prepared = (
        Contender("aestream, prepare from DAT", "ours_rvt", "prepared", "ours"),
        Contender("RVT's in torch, h5py", "rvt_files", "written"),
        *_evlib("written"),
    )
    rows = (
        ("rvt", "items of a DAT file", dat, from_dat, {}),
        ("rvt", "items of RVT-style HDF5", hdf5, from_hdf5, {}),
        ("rvt, prepared", "windows of 50 ms", dat, prepared, {"hdf5": hdf5, "folder": str(scale.folder / "rvt_out")}),
    )
    return [
        Contest(section, f"{row}, 1280x720", path, windows, "tensors", {}, who, "ms", {"ends": ends} | args)
        for section, row, path, who, args in rows
    ]


def _evlib(op: str) -> tuple[Contender, ...]:
    return tuple(
        Contender(f"evlib, {backend} backend, from HDF5", "evlib_rvt", op, args={"backend": backend})
        for backend in ("rust", "polars")
    )


def ensure(path: Path, source: str) -> Path:
    """The events of a file in the columns that RVT and evlib read."""
    if path.exists():
        return path
    events, partial = FileInput(source, cache_index=False).load(), path.with_suffix(".partial")
    with h5py.File(partial, "w") as file:
        group = file.create_group("events")
        for name, dtype in (("t", "i8"), ("x", "u2"), ("y", "u2"), ("p", "u1")):
            filters = hdf5plugin.Blosc(cname="zstd", clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
            group.create_dataset(name, data=events[name].astype(dtype), **filters)
        group["width"], group["height"] = SHAPE
    partial.rename(path)
    return path
