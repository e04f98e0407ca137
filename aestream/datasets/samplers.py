"""Which items make which batch, by seed and epoch alone: batches of single items, and what all batch samplers share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch.distributed
from torch.utils.data import ConcatDataset, Sampler, Subset

from aestream.arguments import check_epoch, positive


class ItemIndex(int):
    """The index of an item that also says from which address its random transforms draw.

    A dataset that has random transforms seeds an item's generator by ``seeded(seed, epoch, draw_of(index))``. A
    `SequenceSampler` gives all items of one recording one ``draw``, so that a flip or a crop is the same through the
    sequence; a dataset of several recordings hands its own index on to the recording's file in it.

    Attributes:
        draw: the address within (seed, epoch): an item's index in the whole dataset, or below 0 a recording's.
    """

    draw: int

    @classmethod
    def of(cls, item: int, draw: int) -> ItemIndex:
        """Item ``item``, whose random transforms draw from address ``draw``."""
        index = cls(item)
        index.draw = draw
        return index


def draw_of(index: int) -> int:
    """The address from which an item's random transforms draw: what its index carries, else the index itself."""
    return getattr(index, "draw", int(index))


def this_rank(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """The rank and the number of ranks; what is None comes from torch.distributed, and is one rank without it.

    Raises:
        ValueError: unless ``0 <= rank < world_size``.
    """
    is_running = torch.distributed.is_available() and torch.distributed.is_initialized()
    if rank is None:
        rank = torch.distributed.get_rank() if is_running else 0
    if world_size is None:
        world_size = torch.distributed.get_world_size() if is_running else 1
    positive("world_size", world_size)
    if not 0 <= rank < world_size:
        raise ValueError(f"rank must be from 0 to world_size - 1 = {world_size - 1}; got {rank!r}")
    return rank, world_size


def permutation(length: int, *address: int) -> list[int]:
    """The numbers below ``length`` in an order that depends on the address alone, on every machine."""
    words = [part & (2**64 - 1) for part in address]
    keys = np.random.Generator(np.random.PCG64(np.random.SeedSequence(words))).random(length)
    return [int(place) for place in np.argsort(keys, kind="stable")]


def recording_lengths(dataset: Any) -> list[int]:
    """How many items each recording of a dataset has, in index order.

    The dataset says so by an attribute ``recording_lengths``; a `ConcatDataset` is asked part by part; anything else,
    a `FileInput` for one, is a single recording.

    Raises:
        ValueError: for a `Subset`, whose items need not follow each other, or if the lengths are not the dataset's.
    """
    if isinstance(dataset, ConcatDataset):
        return [length for part in dataset.datasets for length in recording_lengths(part)]
    if isinstance(dataset, Subset):
        raise ValueError(
            "items of a Subset need not follow each other: give the sequences' dataset, not a Subset of it"
        )
    lengths = getattr(dataset, "recording_lengths", None)
    found = [len(dataset)] if lengths is None else [int(length) for length in lengths]
    if sum(found) != len(dataset) or min(found, default=0) < 0:
        raise ValueError(f"recording_lengths must sum up to the {len(dataset)} items of the dataset; got {sum(found)}")
    return found


class ItemSampler(Sampler[list[int]]):
    """Batches of single items, each item once an epoch, and as many batches on every rank.

    Rank k takes every ``world_size``-th item. Where the ranks would not have as many batches, one that has fewer items
    makes its last batches smaller. Only where it has fewer items than batches (a batch size of 1, or fewer items than
    ranks) does it repeat an item, the first of the epoch.

    Args:
        length: number of items.
        batch_size: items a batch.
        shuffle: in another order every epoch, by ``seed``.
        seed: of the order.
        rank, world_size: of this process; None: as torch.distributed says, or 0 of 1.
        drop_last: leave out batches that are not full on every rank.

    Raises:
        ValueError: if an argument is out of range.
    """

    def __init__(
        self,
        length: int,
        *,
        batch_size: int = 1,
        shuffle: bool = False,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        drop_last: bool = False,
    ) -> None:
        positive("batch_size", batch_size)
        self.length = length
        self.items_per_batch = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.rank, self.world_size = this_rank(rank, world_size)
        self.drop_last = drop_last
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration has."""
        self.epoch = check_epoch(epoch)

    def parameters(self) -> dict[str, Any]:
        """What the order of batches depends on, beside the epoch and the rank."""
        names = ("length", "items_per_batch", "shuffle", "seed", "world_size", "drop_last")
        return {"sampler": "items"} | {name: getattr(self, name) for name in names}

    def __len__(self) -> int:
        if self.drop_last:
            return self.length // self.world_size // self.items_per_batch
        return -(-self.length // (self.world_size * self.items_per_batch))

    def __iter__(self) -> Iterator[list[int]]:
        order = permutation(self.length, self.seed, self.epoch) if self.shuffle else list(range(self.length))
        mine, batches = order[self.rank :: self.world_size], len(self)
        while len(mine) < batches:
            mine.append(order[0])
        for left in range(batches, 0, -1):
            size = min(self.items_per_batch, len(mine) - (left - 1))  # each batch to come has an item at least
            yield mine[:size]
            mine = mine[size:]
