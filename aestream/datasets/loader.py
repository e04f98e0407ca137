"""EventLoader: a DataLoader that resumes with the very next batch, whatever the number of workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset, default_collate

from aestream.datasets.fetching import Batches, Fetched, Progress, made_already
from aestream.datasets.samplers import ItemSampler
from aestream.transforms.base import seeded


class EventLoader(DataLoader[Any]):
    """A DataLoader over a map-style dataset whose ``state_dict()`` counts what its *user* has received.

    After ``load_state_dict()`` the next batch is the one that would have come, with 0 workers or 16, before and after.
    Lightning stores and restores it by itself, leaves its sampler alone, and tells it the epoch. Without Lightning an
    iteration that has come to its end begins the next epoch; ``set_epoch`` chooses one.

    Batches depend on seed, epoch and their number alone: the dataset's ``set_epoch`` is called wherever items are made,
    persistent workers included, and torch's default generator is seeded for each batch, and put back.

    Args:
        dataset: map-style. Its ``__getitems__`` makes a batch at once where it has one.
        batch_size: items a batch; of no meaning with ``batch_sampler``.
        shuffle: in another order every epoch, by ``seed``.
        seed: of all that is random here.
        batch_sampler: a `SequenceSampler`, whose batches become `SequenceBatch`, a `MixedSampler`, or anything that
            iterates over lists of indices in an order that its ``set_epoch(e)``, if any, alone decides.
        num_workers: processes that make batches; 0: this one.
        rank, world_size: of this process; None: as torch.distributed says, or 0 of 1. Every rank gets as many batches;
            see `ItemSampler`.
        drop_last: leave out batches that are not full on every rank.
        collate_fn: makes a batch of a list of items; by default ``dataset.collate`` if there is one, else torch's.
        sampler: for Lightning, which makes a loader anew for ``predict``; otherwise None.
        options: other arguments of `torch.utils.data.DataLoader`, such as ``pin_memory`` or ``persistent_workers``.

    Raises:
        ValueError: if an argument is out of range or excludes another.
        TypeError: for an IterableDataset, such as a live stream, which has no indices.
    """

    sampler: Batches

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = False,
        *,
        seed: int = 0,
        batch_sampler: Any = None,
        num_workers: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        sampler: Any = None,
        **options: Any,
    ) -> None:
        fetched = dataset if isinstance(dataset, Fetched) else _fetched(dataset, collate_fn)
        if sampler is None:
            if batch_sampler is not None and (shuffle or drop_last):
                raise ValueError("shuffle and drop_last are the batch_sampler's: give them to it")
            chosen = (
                batch_sampler
                if batch_sampler is not None
                else ItemSampler(
                    len(fetched),
                    batch_size=1 if batch_size is None else batch_size,
                    shuffle=bool(shuffle),
                    seed=seed,
                    rank=rank,
                    world_size=world_size,
                    drop_last=drop_last,
                )
            )
            sampler = Batches(chosen, seed)
        elif not isinstance(sampler, Batches):
            raise ValueError(f"sampler is chosen by EventLoader: use batch_sampler; got {sampler!r}")
        options.setdefault("generator", torch.Generator())  # for workers' seeds, so that nothing else is drawn from
        super().__init__(
            fetched, batch_size=None, sampler=sampler, num_workers=num_workers, collate_fn=made_already, **options
        )
        self.seed = seed

    @property
    def epoch(self) -> int:
        """The epoch of the next batch."""
        return self._finished(self.sampler.progress)[0]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration; another than the present one begins at its first batch."""
        self.sampler.set_epoch(epoch)

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        sampler = self.sampler  # all of this with the first batch: Lightning tells the epoch after iter()
        self.generator.manual_seed(seeded(self.seed, sampler.epoch).initial_seed())
        progress = sampler.progress = Progress(sampler.epoch, sampler.start)
        batches = super().__iter__()
        sampler.start = 0  # another iteration of the same epoch has all of it
        for batch in batches:
            progress.received += 1
            yield batch
        if sampler.progress is progress:
            sampler.set_epoch(progress.epoch + 1)

    def _finished(self, progress: Progress) -> tuple[int, int]:
        """Epoch and number of the next batch: after an epoch's last one comes the next epoch's first."""
        is_over = progress.received >= len(self) > 0
        return (progress.epoch + 1, 0) if is_over else (progress.epoch, progress.received)

    def state_dict(self) -> dict[str, Any]:
        """What ``load_state_dict`` needs, in numbers and strings; the same on all ranks."""
        epoch, received = self._finished(self.sampler.progress)
        return {"epoch": epoch, "received": received, "parameters": self._parameters()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on behind the last batch that the user of the loader with that state received.

        Raises:
            ValueError: if that loader had other batches: another dataset's length, batch size, seed, lanes, ranks ...
        """
        if not isinstance(state, Mapping) or not {"parameters", "epoch", "received"} <= state.keys():
            raise ValueError(f"expected what state_dict() of an EventLoader gave; got {state!r}")
        if state["parameters"] != self._parameters():
            raise ValueError(
                "the state is of a loader with other batches:\n"
                f"  state: {state['parameters']}\n  this loader: {self._parameters()}"
            )
        sampler = self.sampler
        sampler.epoch, sampler.start = int(state["epoch"]), int(state["received"])
        sampler.progress = Progress(sampler.epoch, sampler.start)

    def _parameters(self) -> dict[str, Any]:
        chosen = self.sampler.sampler
        known: dict[str, Any] = chosen.parameters() if hasattr(chosen, "parameters") else {"sampler": "other"}
        return known | {"batches": len(self), "loader_seed": self.seed}


def _fetched(dataset: Any, collate_fn: Callable[[list[Any]], Any] | None) -> Fetched:
    if isinstance(dataset, IterableDataset):
        raise TypeError(f"{type(dataset).__name__} has no indices: use DataLoader(stream, batch_size=...) for a stream")
    return Fetched(dataset, collate_fn or getattr(dataset, "collate", None) or default_collate)
