"""Batches of labelled items, whose events and boxes differ in number."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import default_collate

from aestream.events import Events, collate_events


class RaggedBatch(NamedTuple):
    """Rows of several items, one behind the other.

    Attributes:
        values: ``[N, ...]``: a tensor, or a structured array; N rows in sum.
        batch: int64 ``[N]``: the item that each row belongs to.
        offsets: int64 ``[B + 1]``; item i is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: Any
    batch: torch.Tensor
    offsets: torch.Tensor


def collate_rows(items: list[Any]) -> RaggedBatch:
    """Batch tensors ``[n, ...]``, or structured arrays ``[n]``, of different lengths; any may be empty."""
    lengths = torch.tensor([len(item) for item in items])
    values = torch.cat(items) if isinstance(items[0], torch.Tensor) else np.concatenate(items)
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
    return RaggedBatch(values, torch.repeat_interleave(torch.arange(len(items)), lengths), offsets)


def collate_labelled(items: list[Any]) -> Any:
    """Batch items of a labelled dataset: ``x``, ``(x, target)`` or ``(x, target, times)``.

    Tensors of one shape and labels become a tensor ``[B, ...]``; `Events` an `EventBatch`.
    """
    return _collate(items, ragged=False)


def collate_detections(items: list[Any]) -> Any:
    """Batch items whose target is a table of boxes: as `collate_labelled`, but boxes become a `RaggedBatch`."""
    return _collate(items, ragged=True)


def _collate(items: list[Any], *, ragged: bool) -> Any:
    if not items:
        raise ValueError("expected one or more items, got none")
    if isinstance(items[0], tuple) and not isinstance(items[0], Events):
        columns = [list(column) for column in zip(*items, strict=True)]
        boxes = [ragged and position == 1 for position in range(len(columns))]
        return tuple(
            collate_rows(c) if rows else _collate(c, ragged=False) for c, rows in zip(columns, boxes, strict=True)
        )
    if isinstance(items[0], Events):
        return collate_events(items)
    return default_collate(items)
