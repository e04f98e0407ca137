"""Epoch: a number that a dataset and its workers share, also those that live on from one epoch to the next."""

from __future__ import annotations

import torch

from aestream.arguments import check_epoch


class Epoch:
    """The number of the epoch, in memory that forked and spawned processes share. A plain pickle takes its value."""

    def __init__(self) -> None:
        self._cell = _shared(torch.zeros(1, dtype=torch.int64))

    @property
    def number(self) -> int:
        """What was set last, in whichever process."""
        return int(self._cell)

    @number.setter
    def number(self, value: int) -> None:
        self._cell[0] = check_epoch(value)

    def __setstate__(self, state: dict[str, torch.Tensor]) -> None:
        self._cell = _shared(state["_cell"])


def _shared(cell: torch.Tensor) -> torch.Tensor:
    """The tensor, moved to shared memory unless it is there already."""
    shared: torch.Tensor = cell.share_memory_()  # type: ignore[no-untyped-call]
    return shared
