"""h5py on windows as RVT stores them, Blosc with Zstandard and a chunk a window: a slice of the dataset for a batch."""

from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  registers Blosc
import torch


def prepare_epoch(path, batch):
    return h5py.File(Path(path) / "windows.h5")["data"]


def epoch(data, sink, batch):
    for first in range(0, len(data), batch):
        sink(torch.from_numpy(data[first : first + batch]))
