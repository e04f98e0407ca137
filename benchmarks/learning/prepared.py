"""Epochs over prepared uint8 tensors, beside copying them, tonic's cache and RVT-style HDF5; two readers beside one."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import torch

from aestream import FileInput, Frame
from aestream.prepared import PreparedDataset, prepare
from benchmarks.contests import Contender, Contest
from benchmarks.learning.scale import Scale

BATCH = 32
ROWS = (("windows of 10 ms, sparse", 10_000), ("windows of 200 ms, dense", 200_000))  # a window begins every 10 ms
STRIDE_US = 10_000


def contests(scale: Scale) -> list[Contest]:
    """For sparse and for dense frames: an epoch, and readers side by side."""
    facts, found = scale.generated("dat_davis.dat"), []
    for row, window_us in ROWS:
        count = 100 if scale.quick else 950
        folder = ensure(scale.folder / f"prepared/{window_us}_{count}", facts, window_us, count)
        contenders = (
            Contender("aestream", "ours_prepared", "epoch", "ours"),
            Contender("copies", "ours_prepared", "copies", "limit"),
            Contender("tonic DiskCachedDataset", "tonic_prepared", "epoch"),
            Contender("h5py, Blosc, a chunk a window", "prepared_h5", "epoch"),
        )
        common = (str(folder), count, "tensors", {})
        label = f"346x260 uint8, {row}"
        found.append(Contest("prepared", label, *common, contenders, "ms", {"batch": BATCH}))
        readers = tuple(
            Contender(f"aestream, {name}", "ours_prepared", "readers", kind, {"processes": processes})
            for name, processes, kind in (("one process", 1, "base"), ("two processes, an epoch each", 2, "base"))
        )
        found.append(Contest("prepared, readers side by side", label, *common, readers, "ms", {"batch": BATCH}))
    return found


def ensure(folder: Path, facts: dict, window_us: int, count: int) -> Path:
    """The same tensors as ``shards``, ``tensors.npy`` and ``windows.h5``."""
    if (folder / "complete").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    starts = facts["t_first"] + STRIDE_US * np.arange(count)
    windows = np.stack([starts, starts + window_us], axis=1)
    frame = Frame(dtype=torch.uint8)
    file = FileInput(facts["path"], shape=tuple(facts["shape"]), windows=windows, representation=frame)
    prepare(file, folder / "shards", what="tensors", progress=False)
    dataset = PreparedDataset(folder / "shards")
    tensors = np.stack([dataset[i].numpy() for i in range(count)])
    np.save(folder / "tensors.npy", tensors)
    with h5py.File(folder / "windows.h5", "w") as out:
        filters = hdf5plugin.Blosc(cname="zstd", clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
        out.create_dataset("data", data=tensors, chunks=(1, *tensors.shape[1:]), **filters)
    (folder / "complete").touch()
    return folder
