"""Tensors made on an NVIDIA GPU: events go up through pinned memory, kernels run on torch's current stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import get_worker_info

import aestream._core as _core
from aestream.cuda_memory import CudaMemory, PinnedRing
from aestream.events import EVENT_DTYPE, Events
from aestream.gpu import gpu

_ROW = 6  # numbers: first and last event, base of packed times, start, stop, where the tensor begins
_PIECE = 1 << 22  # events that go up as columns at a time
_PACKED_SIDE = 16383  # the largest packed coordinate, where events outside the sensor are put
_PACKED_US = (1 << 32) - (1 << 28)  # what the times of packed events surely span
_LAST_TIME = int(np.iinfo(np.int64).max)


class Gpu:
    """Makes tensors on one GPU. May be called from several threads, each with its own current stream."""

    def __init__(self, memory: CudaMemory) -> None:
        self._memory = memory
        self._ring = PinnedRing(memory)

    def put(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor that the CPU has made."""
        return self._memory.put(tensor)

    def _upload(self, buffer: torch.Tensor, size: int) -> torch.Tensor:
        """The first bytes of a pinned buffer, on the GPU."""
        there = self._memory.empty(_rounded(size))
        self._memory.copy(buffer[:size], there[:size])
        return there

    def represent_windows(
        self,
        representation: Any,
        shape: tuple[int, int],
        recording: _core.Recording,
        spans: npt.NDArray[np.int64],
        *,
        by_time: bool,
        threads: int,
        maps: Sequence[_core.CoordinateMap] = (),
    ) -> torch.Tensor:
        """A tensor ``[n, ...]`` on the GPU of windows of a recording; maps, one for each or none, end on ``shape``."""
        longest = int((spans[:, 1] - spans[:, 0]).max()) if by_time and len(spans) else 0
        packed = min(shape) <= _PACKED_SIDE and 0 <= longest <= _PACKED_US
        head = _rounded(len(spans) * _ROW * 8)
        with self._ring.slot() as slot:
            buffer = slot.reserve(head + 1)
            while True:
                room = (buffer.data_ptr() + head, len(buffer) - head)
                events = _core.GatheredEvents(recording, spans, by_time, threads, list(maps), packed, *room)
                if events.is_complete:
                    break
                packed = False
            if events.nbytes > room[1]:
                part = buffer  # of which some lies there already
                buffer = slot.reserve(head + events.nbytes)
                events.place(buffer.data_ptr() + head, events.nbytes, threads)
                del part
            first, count, base, *times = events.table.T
            edges = spans if by_time else np.stack([times[0], after(times[1])], axis=1)
            rows = _rows(first, first + count, base, edges, _elements(representation, shape))
            buffer.numpy()[: rows.nbytes] = rows.view(np.uint8).reshape(-1)
            there = self._upload(buffer, head + events.nbytes)
        layout, pointers = "packed" if packed else "records", [there.data_ptr() + head]
        return self._launch(representation, shape, layout, pointers, there, len(spans), int(count.sum()))

    def represent_records(
        self,
        representation: Any,
        shape: tuple[int, int],
        windows: Sequence[npt.NDArray[Any]],
        times: Sequence[tuple[int, int]],
    ) -> torch.Tensor:
        """A tensor ``[n, ...]`` on the GPU of n arrays of `EVENT_DTYPE` and the windows that they are of."""
        words = [_core.pack_events(records) for records in windows]
        packed = all(each is not None for each in words)
        parts = [each[1] for each in words if each is not None] if packed else list(windows)
        bases = np.array([each[0] if packed and each is not None else 0 for each in words], np.int64)
        last = np.cumsum([len(part) for part in parts], dtype=np.int64)
        edges = np.array(times, np.int64).reshape(-1, 2)
        first = last - np.array([len(part) for part in parts], np.int64)
        rows = _rows(first, last, bases, edges, _elements(representation, shape))
        head, width = _rounded(rows.nbytes), 8 if packed else EVENT_DTYPE.itemsize
        size = head + (int(last[-1]) if len(last) else 0) * width
        with self._ring.slot() as slot:
            buffer = slot.reserve(size)
            out = buffer.numpy()
            out[: rows.nbytes] = rows.view(np.uint8).reshape(-1)
            for begin, part in zip(first.tolist(), parts, strict=True):
                at = head + begin * width
                out[at : at + part.nbytes] = np.ascontiguousarray(part).view(np.uint8)
            there = self._upload(buffer, size)
        layout = "packed" if packed else "records"
        count = (size - head) // width
        return self._launch(representation, shape, layout, [there.data_ptr() + head], there, len(parts), count)

    def represent_events(
        self, representation: Any, shape: tuple[int, int], events: Events, rows: torch.Tensor, count: int
    ) -> torch.Tensor:
        """A tensor ``[n, ...]`` of events that are on the GPU.

        Args:
            rows: int64 ``[n, 5]`` there: each window's first event, the one after its last, 0, start and stop in µs.
            count: events of all windows together, or more.
        """
        columns = [events.t.long(), _coordinate(events.x), _coordinate(events.y), events.p.bool()]
        columns = [column.contiguous() for column in columns]
        for column in columns:
            self._memory.keep(column)
        begins = torch.arange(len(rows), device=rows.device)[:, None] * _elements(representation, shape)
        table = torch.cat([rows, begins], dim=1)
        pointers = [column.data_ptr() for column in columns]
        return self._launch(representation, shape, "columns", pointers, table, len(rows), count)

    def represent_one(
        self,
        representation: Any,
        shape: tuple[int, int],
        events: Events,
        start_us: int | None = None,
        stop_us: int | None = None,
    ) -> torch.Tensor:
        """The tensor of all of some events that are on the GPU; nothing of them comes back from there."""
        t, count = events.t.long(), len(events)
        start = t[0] if start_us is None and count else t.new_tensor(start_us or 0)
        stop = after(t.max()) if stop_us is None and count else t.new_tensor(1 if stop_us is None else stop_us)
        zero = torch.zeros_like(start)
        rows = torch.stack([zero, zero + count, zero, start, stop])[None]
        return self.represent_events(representation, shape, events, rows, count)[0]

    def events(self, records: npt.NDArray[Any]) -> Events:
        """Events of `EVENT_DTYPE` as columns on the GPU; piece by piece, so that pinned memory stays bounded."""
        count = len(records)
        columns = _columns(self._memory.empty(_rounded(13 * count)), count)
        for begin in range(0, count, _PIECE):
            some = records[begin : begin + _PIECE]
            with self._ring.slot() as slot:
                held = _columns(slot.reserve(13 * len(some)), len(some))
                for name, here, there in zip(Events._fields, held, columns, strict=True):
                    here.numpy()[:] = some[name]
                    self._memory.copy(here, there[begin : begin + len(some)])
        return Events(*columns)

    def _launch(
        self,
        representation: Any,
        shape: tuple[int, int],
        layout: str,
        pointers: list[int],
        rows: torch.Tensor,
        count: int,
        events: int,
    ) -> torch.Tensor:
        form = (count, *representation.output_shape(shape))
        itemsize = torch.empty(0, dtype=representation.dtype).element_size()
        size = int(np.prod(form, dtype=np.int64)) * itemsize
        out = self._memory.empty(_rounded(size))
        if count > 0:
            spec = representation.spec()
            scratch_bytes = _core.cuda_scratch(spec, *shape, count, events) or 0
            scratch = self._memory.empty(_rounded(scratch_bytes))
            memory = (out.data_ptr(), scratch.data_ptr(), scratch_bytes)
            where = (self._memory.ordinal, self._memory.stream())
            _core.cuda_accumulate(
                spec, *shape, None, layout, tuple(pointers), rows.data_ptr(), count, events, *memory, *where
            )
        return out[:size].view(representation.dtype).view(form)


_GPUS: dict[int, Gpu] = {}


def gpu_of(device: torch.device) -> Gpu:
    """What makes tensors on a device of torch.

    Raises:
        RuntimeError: in a worker of a DataLoader; or where CUDA cannot be used, with what is missing.
    """
    if get_worker_info() is not None:
        raise RuntimeError(
            f"device={str(device)!r} in a worker of a DataLoader: a forked process cannot use CUDA, and one process "
            'feeds a GPU best. Use num_workers=0, which decodes with threads; or device="cpu" and pin_memory=True, and '
            "move the batches"
        )
    require_cuda(device)
    memory = CudaMemory(device)
    if memory.ordinal not in _GPUS:
        _GPUS.setdefault(memory.ordinal, Gpu(memory))
    return _GPUS[memory.ordinal]


def tensor_on(device: torch.device, tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of a CPU on a device."""
    if device.type == "cpu":
        return tensor
    return gpu_of(device).put(tensor) if device.type == "cuda" else tensor.to(device)


def events_on(device: torch.device, events: Events) -> Events:
    """Events of a CPU on a device; to a GPU they go through pinned memory."""
    return gpu_of(device).events(events.numpy()) if device.type == "cuda" else events.to(device)


def to_device(device: torch.device | str | None) -> torch.device:
    """The device of torch that a user means; None is the CPU.

    Raises:
        RuntimeError: if torch knows no such device; or where CUDA cannot be used, with what is missing.
    """
    known = torch.device("cpu" if device is None else device)
    if known.type == "cuda":
        require_cuda(known)
    return known


def is_usable(device: torch.device) -> bool:
    """Whether tensors can be made on a GPU by kernels; torch may use it where they cannot."""
    return _missing(device) is None


def require_cuda(device: torch.device) -> None:
    """Raise RuntimeError where tensors cannot be made on ``device``, with what is missing."""
    missing = _missing(device)
    if missing is not None:
        raise RuntimeError(f"device={str(device)!r} cannot be used: {missing}")


def _missing(device: torch.device) -> str | None:
    current = torch.cuda.current_device() if torch.cuda.is_available() else 0
    return gpu(current if device.index is None else device.index).missing


def has_kernels(representation: Any, shape: tuple[int, int]) -> TypeGuard[Any]:
    """Whether the GPU can make a representation; else the CPU makes it, and it is copied."""
    known = hasattr(representation, "spec") and hasattr(representation, "output_shape")
    return known and _core.cuda_scratch(representation.spec(), *shape, 1, 0) is not None


def _rounded(size: int) -> int:
    """Kernels clear memory in words of 16 bytes; and no memory has no address."""
    return max(16, -(-size // 16) * 16)


def after(times: Any) -> Any:
    """The µs after some times, an array or a tensor; there is none after the last."""
    return times.clip(max=_LAST_TIME - 1) + 1


def _elements(representation: Any, shape: tuple[int, int]) -> int:
    return int(np.prod(representation.output_shape(shape), dtype=np.int64))


def _rows(first: Any, last: Any, base: Any, edges: Any, elements: int) -> npt.NDArray[np.int64]:
    begins = np.arange(len(edges), dtype=np.int64) * elements
    return np.ascontiguousarray(np.stack([first, last, base, edges[:, 0], edges[:, 1], begins], axis=1), np.int64)


def _coordinate(column: torch.Tensor) -> torch.Tensor:
    """As the kernels read it; what does not fit lies outside of every sensor."""
    return column if column.dtype == torch.int16 else column.clamp(-1, 32767).to(torch.int16)


def _columns(memory: torch.Tensor, count: int) -> list[torch.Tensor]:
    """t, x, y and p, one behind the other."""
    places = [(0, 8, torch.int64), (8, 2, torch.int16), (10, 2, torch.int16), (12, 1, torch.bool)]
    return [memory[at * count : (at + width) * count].view(dtype) for at, width, dtype in places]
