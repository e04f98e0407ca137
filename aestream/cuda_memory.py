"""A GPU's memory as torch manages it, and the pinned buffers that events go up from."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

_MIN_PINNED, _MAX_KEPT = 4 << 20, 256 << 20  # bytes of a buffer


class CudaMemory:
    """A GPU's memory, copies and streams, by way of torch: whose allocators and current stream they are."""

    def __init__(self, device: torch.device) -> None:
        self.ordinal = torch.cuda.current_device() if device.index is None else device.index
        self.device = torch.device("cuda", self.ordinal)

    def pinned(self, size: int) -> torch.Tensor:
        """So many bytes of the host's memory that can be copied from beside other work."""
        return torch.empty(size, dtype=torch.uint8, pin_memory=True)

    def empty(self, size: int) -> torch.Tensor:
        """So many bytes on the GPU, uninitialised."""
        return torch.empty(size, dtype=torch.uint8, device=self.device)

    def copy(self, pinned: torch.Tensor, out: torch.Tensor) -> None:
        """Starts a copy, in the stream's order."""
        out.copy_(pinned, non_blocking=True)

    def put(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor of the host, copied."""
        return tensor.to(self.device)

    def mark(self) -> Callable[[], None]:
        """A function that waits until the stream has come to where it is now."""
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self.device))
        return event.synchronize

    def stream(self) -> int:
        """torch's current stream, as the driver knows it."""
        return int(torch.cuda.current_stream(self.device).cuda_stream)

    def keep(self, tensor: torch.Tensor) -> None:
        """The stream reads a tensor that may be another one's: its memory must not serve others before that is done."""
        tensor.record_stream(torch.cuda.current_stream(self.device))


class PinnedSlot:
    """A pinned buffer, and what waits for the last copy from it."""

    def __init__(self, memory: CudaMemory) -> None:
        self._memory = memory
        self.buffer = torch.empty(0, dtype=torch.uint8)
        self.wait: Callable[[], None] = lambda: None

    def reserve(self, size: int) -> torch.Tensor:
        """The buffer, of ``size`` bytes or more; what was in it may be gone."""
        if len(self.buffer) < size:
            self.buffer = self._memory.pinned(max(_MIN_PINNED, 1 << (size - 1).bit_length()))
        return self.buffer


class PinnedRing:
    """Pinned buffers that take turns, so that the next batch is decoded while the last one is still copied."""

    def __init__(self, memory: CudaMemory, slots: int = 3) -> None:
        self._memory = memory
        self._slots = deque(PinnedSlot(memory) for _ in range(slots))
        self._lock = threading.Lock()

    @contextmanager
    def slot(self) -> Iterator[PinnedSlot]:
        """The buffer that was used longest ago, free of the copy that was made from it then."""
        with self._lock:
            slot = self._slots.popleft() if self._slots else PinnedSlot(self._memory)
        try:
            slot.wait()
            yield slot
            slot.wait = self._memory.mark()
        finally:
            if len(slot.buffer) > _MAX_KEPT:
                slot.buffer = slot.buffer[:0].clone()  # torch's allocator knows of copies that are still on their way
            with self._lock:
                self._slots.append(slot)
