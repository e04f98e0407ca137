"""RVT's function in torch on the windows of a file: HDF5 by h5py, a slice a window; a DAT by evutils, all at once."""

from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import torch

from benchmarks.peers import evutils as reader
from benchmarks.peers import plain
from benchmarks.peers.rvt_torch import stacked_histogram

LENGTH_US, SHAPE, BINS, CUTOFF = 50_000, (1280, 720), 10, 10


def parts(result):
    """The tensors of a file that was written, or the one that it is."""
    return h5py.File(result)["data"] if isinstance(result, Path) else [result]


def _columns(path):
    """Times in memory, the others where they are, if that is a file that can be cut."""
    if path.endswith(".dat"):
        return [np.asarray(column) for column in reader.columns(reader._all_events(path))]
    events = h5py.File(path)["events"]
    return [events["t"][:], events["x"], events["y"], events["p"]]


def _windows(path, ends):
    t, *others = _columns(path)
    for end in ends:
        a, b = np.searchsorted(t, end - LENGTH_US, "left"), np.searchsorted(t, end, "right")
        yield [t[a:b], *(column[a:b] for column in others)]


def _by_torch(columns):
    t, x, y, p = (torch.from_numpy(column.astype(np.int64)) for column in columns)
    return stacked_histogram(t, x, y, p, SHAPE, BINS, CUTOFF)


def histograms(path, sink, ends):
    for columns in _windows(path, ends):
        sink(_by_torch(columns))


def histograms_by_numba(path, sink, ends):
    for columns in _windows(path, ends):
        out = np.zeros((2 * BINS, SHAPE[1], SHAPE[0]), np.uint8)
        plain.stacked_histogram(*columns, out, CUTOFF)
        sink(out)


def written(path, sink, ends, hdf5, folder):
    """From HDF5 to HDF5, Blosc with Zstandard and a chunk a window, as RVT prepares."""
    out = Path(folder) / "rvt.h5"
    out.parent.mkdir(parents=True, exist_ok=True)
    shape = (2 * BINS, SHAPE[1], SHAPE[0])
    with h5py.File(out, "w") as file:
        filters = hdf5plugin.Blosc(cname="zstd", clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
        data = file.create_dataset("data", (len(ends), *shape), "u1", chunks=(1, *shape), **filters)
        for row, columns in enumerate(_windows(hdf5, ends)):
            data[row] = _by_torch(columns).numpy()
    sink(out)
