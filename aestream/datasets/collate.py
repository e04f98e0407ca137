"""Batches of dense items whose first axis differs in length."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.utils.data import default_collate


class PaddedBatch(NamedTuple):
    """Items of different lengths as one tensor.

    Attributes:
        x: ``[B, length, ...]`` of the longest item; zeros behind the end of a shorter one.
        lengths: int64 ``[B]``.
        targets: the items' other members, collated as by default; None if items are no tuples.
    """

    x: torch.Tensor
    lengths: torch.Tensor
    targets: Any = None


def collate_padded(items: list[Any]) -> PaddedBatch:
    """Batch dense items ``[T, ...]`` that differ in T: ``EventLoader(dataset, collate_fn=collate_padded)``.

    Args:
        items: the tensors of a batch, of one dtype, and of one shape behind the first axis; or
            tuples ``(x, target, ...)``.

    Returns:
        A `PaddedBatch`; ``targets`` is the collated target, or a list of what else the items hold.

    Raises:
        ValueError: if there is no item, or tensors differ in more than their lengths.
    """
    members = list(zip(*items, strict=True)) if items and isinstance(items[0], tuple) else [tuple(items)]
    tensors = members[0]
    if not tensors or len({(x.shape[1:], x.dtype, x.ndim > 0) for x in tensors}) != 1 or tensors[0].ndim == 0:
        shapes = ", ".join(f"{x.dtype} {list(x.shape)}" for x in tensors)
        raise ValueError(f"expected one or more tensors [T, ...] that differ in T only, got {shapes or 'none'}")
    lengths = torch.tensor([len(x) for x in tensors])
    batch = tensors[0].new_zeros((len(tensors), int(lengths.max()), *tensors[0].shape[1:]))
    for row, x in zip(batch, tensors, strict=True):
        row[: len(x)] = x
    others = [default_collate(list(member)) for member in members[1:]]
    return PaddedBatch(batch, lengths, None if not others else others[0] if len(others) == 1 else others)
