"""What a batch of sequences is: its indices, step by step and lane by lane, and the tensors that they become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import default_collate

from aestream.datasets.samplers import ItemIndex


class SequenceBatch(NamedTuple):
    """One chunk of every lane.

    Attributes:
        x: ``[steps, lanes, C, H, W]``; zeros where padded. Items that are no tensors of one shape: lists of lists
            ``[steps][lanes]``, None where padded.
        is_first: bool ``[lanes]``: the chunk is the first one of its recording, so that a model's state starts anew.
        is_padded: bool ``[steps, lanes]``: no window is there.
        targets: like ``x``, ``[steps, lanes, ...]`` or lists of lists; a tuple of them if items have more than two
            members; None if items are no tuples.
        is_random: the chunk is a random one of a `MixedSampler`: it begins in every lane, and is no part of the lanes.
    """

    x: Any
    is_first: torch.Tensor
    is_padded: torch.Tensor
    targets: Any = None
    is_random: bool = False

    def to(self, device: torch.device | str) -> SequenceBatch:
        """The batch with its tensors on another device."""
        return SequenceBatch(*(_to(value, device) for value in self))


class Chunk(list[int]):
    """Indices of the items of one `SequenceBatch`: step by step, and lane by lane within a step, without padding.

    Attributes:
        steps: number of steps.
        lengths: number of items in each lane, which fill its first steps.
        is_first: whether each lane's first item is the first one of its recording.
        is_random: see `SequenceBatch`.
    """

    steps: int
    lengths: list[int]
    is_first: list[bool]
    is_random: bool

    @classmethod
    def of(cls, steps: int, parts: list[Part | None], *, is_random: bool = False) -> Chunk:
        """The chunk that holds a part of a recording, or nothing, in each lane."""
        items = [[] if part is None else part.items() for part in parts]
        chunk = cls(lane[step] for step in range(steps) for lane in items if step < len(lane))
        chunk.steps, chunk.lengths, chunk.is_random = steps, [len(lane) for lane in items], is_random
        chunk.is_first = [part is not None and (is_random or part.is_first) for part in parts]
        return chunk


@dataclass(frozen=True)
class Part:
    """At most ``steps`` consecutive items of one recording: ``[start, stop)`` of the dataset's indices."""

    recording: int
    start: int
    stop: int
    is_first: bool

    def items(self) -> list[ItemIndex]:
        """Indices that draw from the recording's address."""
        return [ItemIndex.of(item, ~self.recording) for item in range(self.start, self.stop)]


def collate_sequence(items: list[Any], chunk: Chunk) -> SequenceBatch:
    """The `SequenceBatch` of a chunk's items, in the chunk's order; for an empty one, of any item, for its shape."""
    lanes = len(chunk.lengths)
    places = [(step, lane) for step in range(chunk.steps) for lane in range(lanes) if step < chunk.lengths[lane]]
    is_padded = torch.ones(chunk.steps, lanes, dtype=torch.bool)
    for step, lane in places:
        is_padded[step, lane] = False
    are_tuples = isinstance(items[0], tuple) and not hasattr(items[0], "_fields")  # Events are one member
    members = list(zip(*items, strict=True)) if are_tuples else [items]
    grids = [_grid(list(member), places, (chunk.steps, lanes)) for member in members]
    targets = None if len(grids) == 1 else grids[1] if len(grids) == 2 else tuple(grids[1:])
    return SequenceBatch(grids[0], torch.tensor(chunk.is_first), is_padded, targets, chunk.is_random)


def _grid(values: list[Any], places: list[tuple[int, int]], size: tuple[int, int]) -> Any:
    """Values at their places: ``[steps, lanes, ...]``, zeros elsewhere; or lists of lists, None elsewhere."""
    if _are_stackable(values):
        stacked: torch.Tensor = default_collate(values)
        if len(places) == size[0] * size[1]:
            return stacked.view(*size, *stacked.shape[1:])
        padded = stacked.new_zeros((*size, *stacked.shape[1:]))
        if places:
            padded[[step for step, _ in places], [lane for _, lane in places]] = stacked
        return padded
    rows: list[list[Any]] = [[None] * size[1] for _ in range(size[0])]
    for (step, lane), value in zip(places, values, strict=bool(places)):
        rows[step][lane] = value
    return rows


def _are_stackable(values: list[Any]) -> bool:
    if all(isinstance(value, torch.Tensor) for value in values):
        return len({(value.shape, value.dtype) for value in values}) == 1
    return all(isinstance(value, bool | int | float | np.number) for value in values)


def _to(value: Any, device: torch.device | str) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple) and not hasattr(value, "to"):
        return tuple(_to(member, device) for member in value)
    return [_to(member, device) for member in value] if isinstance(value, list) else value
