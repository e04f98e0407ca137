"""The files of N-MNIST's layout, and the dataset that a loop over them is."""

from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset


class Files(Dataset):
    """`make(path)` of each file, in order of class and name, with the class."""

    def __init__(self, root, make):
        paths = sorted((Path(root) / "Train").glob("*/*.bin"))
        self.items, self.make = [(str(path), int(path.parent.name)) for path in paths], make

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        path, target = self.items[index]
        return torch.from_numpy(self.make(path)), target


def items(dataset, batch, workers=0):
    """What an epoch goes over: batches of a DataLoader, or single items."""
    if batch is None:
        return _each(dataset)
    return DataLoader(dataset, batch_size=batch, num_workers=workers)


def _each(dataset):
    class Each:
        def __iter__(self):
            return (dataset[i] for i in range(len(dataset)))

    return Each()


def epoch(loader, sink, **_):
    for x, _target in loader:
        sink(x)
