"""aestream: StackedHistogram.rvt() of a file's windows, as items and prepared into shards."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from aestream import FileInput, StackedHistogram
from aestream.prepared import PreparedDataset, prepare

LENGTH_US, BATCH = 50_000, 4


def parts(result):
    """The tensors of a prepared folder, or the one that it is."""
    if not isinstance(result, TemporaryDirectory):
        return [result]
    dataset = PreparedDataset(result.name)
    return (dataset[i] for i in range(len(dataset)))


def _file(path, ends):
    windows = np.stack([np.array(ends) - LENGTH_US, np.array(ends) + 1], axis=1)
    return FileInput(path, windows=windows, representation=StackedHistogram.rvt(), cache_index=False)


def histograms(path, sink, ends):
    """Opened anew, then batch by batch, as a DataLoader asks."""
    file = _file(path, ends)
    for first in range(0, len(ends), BATCH):
        for tensor in file.__getitems__(list(range(first, min(first + BATCH, len(ends))))):
            sink(tensor)


def prepared(path, sink, ends, hdf5, folder):
    """Into a folder that goes with the result, behind the clock: removing files takes as long as making them."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    out = TemporaryDirectory(dir=folder)
    prepare(_file(path, ends), out.name, what="tensors", progress=False)
    sink(out)
