"""aestream: NMNIST in a DataLoader."""

import os
import tempfile
from unittest import mock

import torch
from torch.utils.data import Dataset

from aestream.datasets import NMNIST
from aestream.datasets.batch import rows_of
from aestream.representations import Frame, Steps
from benchmarks.peers.digits import epoch, items


def prepare_steps(path, steps, batch):
    return items(NMNIST(path, representation=Steps(Frame(), steps)), batch)


steps = epoch


def prepare_later_frames(path, batch, workers):
    return items(NMNIST(path, representation=Frame()), batch, workers)


later_frames = epoch


class _Nothing(Dataset):
    """As many items, which nobody makes: what a DataLoader takes for itself."""

    def __init__(self, like):
        self.length, self.shape = len(like), like[0][0].shape

    def __len__(self):
        return self.length

    def __getitems__(self, indices):
        return rows_of([torch.empty((len(indices), *self.shape)), [0] * len(indices)], remember=True)


def prepare_no_frames(path, batch, workers):
    return items(_Nothing(NMNIST(path, representation=Frame())), batch, workers)


no_frames = epoch


def first_frames(path, sink, batch, workers):
    """With a folder of its own for what is kept, so that nothing is."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, XDG_CACHE_HOME=folder):
        epoch(prepare_later_frames(path, batch, workers), sink)


def prepare_cached_frames(path, batch, workers):
    """An epoch that keeps all of them is over."""
    dataset = NMNIST(path, representation=Frame()).cached(f"{path}/aestream", what="tensors")
    epoch(items(dataset, batch), id)
    return items(dataset, batch, workers)


cached_frames = epoch
