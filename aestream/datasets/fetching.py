"""How an EventLoader's batches are made, in the main process or in a worker, from nothing but their indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import torch
from torch.utils.data import Dataset, DistributedSampler

from aestream.arguments import check_epoch
from aestream.datasets.chunks import Chunk, collate_sequence
from aestream.transforms.base import seeded


class Batch:
    """The indices of one batch and what else it depends on, so that no worker has a state.

    Attributes:
        indices: a list of indices, or the `Chunk` of a sequence sampler.
        seed, epoch, number: the batch is the ``number``-th of an epoch.
    """

    def __init__(self, indices: list[int], seed: int, epoch: int, number: int) -> None:
        self.indices = indices
        self.seed = seed
        self.epoch = epoch
        self.number = number


class Progress:
    """How many batches of which epoch the user has received in one iteration."""

    def __init__(self, epoch: int, received: int) -> None:
        self.epoch = epoch
        self.received = received


class Batches(DistributedSampler[Batch]):
    """The batches of an epoch, from where a resumed loader goes on. A sampler that Lightning finds already distributed.

    Lightning calls ``set_epoch`` of a loader's sampler, and replaces samplers that are no `DistributedSampler`.
    """

    def __init__(self, sampler: Any, seed: int) -> None:
        self.sampler = sampler  # DistributedSampler's own arguments have no meaning here
        self.seed = seed
        self.epoch = 0
        self.start = 0
        self.progress = Progress(0, 0)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration; another than the present one begins at its first batch."""
        if check_epoch(epoch) != self.epoch:
            self.start = 0
            self.progress = Progress(epoch, 0)
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[Batch]:
        epoch, start = self.epoch, self.start
        if hasattr(self.sampler, "set_epoch"):
            self.sampler.set_epoch(epoch)
        rest = enumerate(islice(iter(self.sampler), start, None), start=start)
        return (Batch(indices, self.seed, epoch, number) for number, indices in rest)


class Fetched(Dataset[Any]):
    """A dataset whose index is a `Batch`, and whose items are collated batches."""

    def __init__(self, dataset: Any, collate: Callable[[list[Any]], Any]) -> None:
        self.dataset = dataset
        self.collate = collate

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, batch: Batch) -> Any:
        """The batch. What is drawn from torch's default generator meanwhile depends on the batch alone, too."""
        set_epoch(self.dataset, batch.epoch)
        with torch.random.fork_rng(devices=[]):
            address = (batch.seed, batch.epoch, batch.number)
            torch.default_generator.manual_seed(seeded(*address).initial_seed())
            if isinstance(batch.indices, Chunk):
                return collate_sequence(self._items(batch.indices or [0]), batch.indices)
            return self.collate(self._items(batch.indices))

    def _items(self, indices: list[int]) -> list[Any]:
        if getattr(self.dataset, "__getitems__", None):
            items: list[Any] = self.dataset.__getitems__(indices)
            return items
        return [self.dataset[index] for index in indices]


def set_epoch(dataset: Any, epoch: int) -> None:
    """Call ``set_epoch`` of a dataset, or of those that a ConcatDataset or a Subset holds."""
    if hasattr(dataset, "set_epoch"):
        dataset.set_epoch(epoch)
        return
    for part in getattr(dataset, "datasets", None) or [getattr(dataset, "dataset", None)]:
        if part is not None:
            set_epoch(part, epoch)


def made_already(batch: Any) -> Any:
    """What a DataLoader does with a batch that is one: nothing."""
    return batch
