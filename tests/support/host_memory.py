"""The host's memory in the part of a GPU's, for what uploads events and starts kernels."""

from __future__ import annotations

from collections.abc import Callable

import torch


class HostMemory:
    """What `aestream.cuda_memory.CudaMemory` is to a GPU. Memory comes full of rubbish, as a GPU's does."""

    ordinal = 0
    device = torch.device("cpu")

    def __init__(self, device: torch.device | None = None) -> None:
        self.copies = 0
        self.waits: list[int] = []  # how many copies there were when each was marked

    def pinned(self, size: int) -> torch.Tensor:
        return torch.full((size,), 0xC3, dtype=torch.uint8)

    def empty(self, size: int) -> torch.Tensor:
        assert size > 0 and size % 16 == 0
        return torch.full((size,), 0xA5, dtype=torch.uint8)

    def copy(self, pinned: torch.Tensor, out: torch.Tensor) -> None:
        assert len(pinned) == len(out)
        self.copies += 1
        out.copy_(pinned)

    def put(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.clone()

    def mark(self) -> Callable[[], None]:
        copies = self.copies
        return lambda: self.waits.append(copies)

    def stream(self) -> int:
        return 77

    def keep(self, tensor: torch.Tensor) -> None:
        assert tensor.is_contiguous()
