"""Items as bytes and back: events packed to 8 bytes, and tensors, whole or as the cells that are not zero."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

import aestream._core as _core
from aestream.events import EVENT_DTYPE

PACKED, WIDE, DENSE, SPARSE = range(4)


class Columns(NamedTuple):
    """Where and how the items of a shard are written: columns of `aestream.prepared.shard` with these names."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.uint8]
    bases: npt.NDArray[np.int64]


def encode_events(
    blocks: Callable[[], Iterator[npt.NDArray[Any]]],
) -> Generator[memoryview | None, None, tuple[int, int]]:
    """Events as bytes, block by block: 8 each if all of them fit, else 16.

    Args:
        blocks: gives the events, of `EVENT_DTYPE`, from the first one on; called again where a later block refutes what
            the first ones promised.

    Yields:
        the bytes; None where all that came before is void.

    Returns:
        kind and base, by which `decode_events` reads them.
    """
    base: int | None = None
    for _ in range(2):
        for events in blocks():
            packed = _core.pack_events(events, base)
            if packed is None:
                break
            base, words = packed
            yield words.view(np.uint8).data
        else:
            return PACKED, base or 0
        yield None
        base = min(int(events["t"].min()) for events in blocks())
    for events in blocks():
        yield np.ascontiguousarray(events).view(np.uint8).data
    return WIDE, 0


def decode_events(data: npt.NDArray[np.uint8], kind: int, base: int) -> npt.NDArray[Any]:
    """The events, which are the caller's own."""
    if kind == PACKED:
        return _core.unpack_events(data.view("<u8"), base)
    return np.array(data.view(EVENT_DTYPE))


@dataclass(frozen=True)
class TensorForm:
    """The shape and dtype that all tensors of a prepared dataset have."""

    shape: tuple[int, ...]
    dtype: torch.dtype

    @cached_property
    def cell_bytes(self) -> int:
        """Bytes of one number."""
        return torch.empty(0, dtype=self.dtype).element_size()

    @property
    def item_bytes(self) -> int:
        """Bytes of one tensor."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.cell_bytes

    def encode(self, tensor: torch.Tensor) -> tuple[memoryview, int, int]:
        """A tensor as bytes, kind and count: the indices (uint32) and values of ``count`` numbers that are not zero,
        where that is smaller."""
        if tuple(tensor.shape) != self.shape or tensor.dtype != self.dtype:
            raise ValueError(f"expected a tensor {self.dtype} {self.shape}, got {tensor.dtype} {tuple(tensor.shape)}")
        raw = tensor.contiguous().reshape(-1).view(torch.uint8).numpy()
        packed = _core.pack_tensor(raw, self.cell_bytes)
        if packed is None:
            return raw.data, DENSE, 0
        count, words = packed
        return words.data, SPARSE, count

    def decode_into(self, columns: Columns, places: list[int], out: npt.NDArray[np.uint8]) -> None:
        """Write the tensors at some places of a shard to ``out``, uint8 ``[len(places), item_bytes]``.

        Raises:
            ValueError: if the shard holds no tensor of this form there.
        """
        _core.unpack_tensors(*columns, places, self.cell_bytes, out)

    def batch(self, count: int) -> tuple[torch.Tensor, npt.NDArray[np.uint8]]:
        """A tensor ``[count, *shape]`` whose contents are undefined, and its bytes, uint8 ``[count, item_bytes]``."""
        tensor = torch.empty((count, *self.shape), dtype=self.dtype)
        return tensor, tensor.reshape(count, -1).view(torch.uint8).numpy()
