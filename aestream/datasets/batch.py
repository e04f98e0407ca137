"""Items that remember the batch they were made in, so that collating them is no copy."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Any, TypeAlias, cast

import torch
from torch.utils.data._utils.collate import collate_tensor_fn, default_collate_fn_map

Column: TypeAlias = torch.Tensor | list[Any]  # one member of the items of a batch: of all of them in one tensor, or not


class Item(torch.Tensor):
    """The first item of a batch that lies in one piece: a tensor like any other, whose results are plain tensors.

    Attributes:
        batch: the batch ``[B, ...]``.
        rest: its other items.
    """

    batch: torch.Tensor
    rest: tuple[torch.Tensor, ...]

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]


def items_of(batch: torch.Tensor) -> list[torch.Tensor]:
    """The items of a batch ``[B, ...]``, which `collate_items` turns into the batch again."""
    views = batch.unbind()
    if not views:
        return []
    first = views[0].as_subclass(Item)
    first.batch, first.rest = batch, views[1:]
    return [first, *first.rest]


def rows_of(columns: Sequence[Column], *, remember: bool) -> list[Any]:
    """The items of a batch, tuples if they have several members.

    Args:
        columns: each member's values, in one tensor ``[B, ...]`` or in a list of B.
        remember: whether members that lie in one tensor are those of `items_of`, so that default_collate, which goes
            through tuples member by member, hands that tensor out again.
    """
    split = items_of if remember else torch.Tensor.unbind
    members = [split(column) if isinstance(column, torch.Tensor) else column for column in columns]
    return list(members[0]) if len(members) == 1 else list(zip(*members, strict=True))


def collate_items(items: Sequence[torch.Tensor], *, collate_fn_map: dict[Any, Any] | None = None) -> torch.Tensor:
    """The batch that the items are all of, in order, as it lies; else a new one, stacked. The first is an `Item`."""
    first = cast(Item, items[0])
    if len(items) == len(first.batch) and all(map(is_, items[1:], first.rest)):
        return first.batch
    plain = [item.as_subclass(torch.Tensor) for item in items]
    stacked: torch.Tensor = collate_tensor_fn(plain, collate_fn_map=collate_fn_map)
    return stacked


# The way to extend default_collate that its documentation gives.
default_collate_fn_map[Item] = collate_items
