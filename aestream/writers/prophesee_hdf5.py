"""HDF5 as Prophesee's SDK writes it: chunks of ECF, an index by 2 ms, no triggers. Spec: docs.prophesee.ai, "HDF5"."""

from __future__ import annotations

from typing import Any, ClassVar

import h5py
import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.writers.base import Limits, WriteOptions
from aestream.writers.blocks import Blocks
from aestream.writers.hdf5 import Column, abandon
from aestream.writers.output import Output

_CHUNK = 1 << 14
_ECF = 0x8ECF
_BUCKET_US = 2000
_MAX_SPAN_US = 2**37 - 1  # 38 hours: an index of 1 GB, however few the events are
_EVENT = np.dtype({"names": ["x", "y", "p", "t"], "formats": ["<u2", "<u2", "<i2", "<i8"], "offsets": [0, 2, 4, 8]})
_TRIGGER = np.dtype(
    {"names": ["p", "t", "id"], "formats": ["<i2", "<i8", "<i2"], "offsets": [0, 8, 16], "itemsize": 24}
)
_INDEX = np.dtype([("id", "<u8"), ("ts", "<i8")])


class PropheseeWriter:
    """A `FormatWriter`: ``CD/events`` with its index, and an empty ``EXT_TRIGGER``.

    Chunks are encoded here and written as they are; HDF5 only learns the filter's number, so no plugin is needed.
    """

    LIMITS: ClassVar[Limits] = Limits(max_x=2047, max_y=2047, min_t=0, max_span_us=_MAX_SPAN_US, steps_back=False)
    IS_STREAM: ClassVar[bool] = False

    def __init__(self, output: Output, shape: tuple[int, int], options: WriteOptions) -> None:
        self._blocks = Blocks(_CHUNK)
        self._count = 0
        self._first: int | None = None
        self._last = np.zeros(1, _INDEX)[0]  # entry of the index
        self._file = h5py.File(output, "w")  # a file object that swallows errors: HDF5 crashes later of its own
        _set_text(self._file, "version", "1.0")
        _set_text(self._file, "geometry", f"{shape[0]}x{shape[1]}")
        self._events = _create_events(self._file.create_group("CD"))
        self._index = Column(self._file["CD"], "indexes", _INDEX, _CHUNK)
        for name, dtype in (("events", _TRIGGER), ("indexes", _INDEX)):
            Column(self._file.require_group("EXT_TRIGGER"), name, dtype, _CHUNK)

    def write(self, events: npt.NDArray[Any]) -> None:
        """Append events: whole chunks are written, the rest is kept."""
        if self._first is None and len(events):
            self._first = int(events["t"][0])
            _set_text(self._index.dataset, "offset", str(-self._first))
            self._index.append(np.array([(0, -1)], _INDEX))
        for piece in self._blocks.add(events):
            self._append(piece)

    def finish(self) -> None:
        """Write the last chunk, which holds only what there is."""
        self._append(self._blocks.rest())
        self._file.close()

    def abort(self) -> None:
        """Close the file."""
        abandon(self._file)

    def _append(self, events: npt.NDArray[Any]) -> None:
        if len(events) == 0:
            return
        self._events.set_extent((self._count + len(events),))
        for start in range(0, len(events), _CHUNK):
            block = _core.encode_ecf(events[start : start + _CHUNK])
            self._events.write_direct_chunk((self._count + start,), block)
        self._append_index(events["t"] - self._first)
        self._count += len(events)

    def _append_index(self, times: npt.NDArray[np.int64]) -> None:
        """An entry for each bucket up to the last event: its first event, or what the bucket before has."""
        stop = int(times[-1]) // _BUCKET_US + 1
        for start in range(len(self._index) - 1, stop, _CHUNK):
            buckets = np.arange(start, min(start + _CHUNK, stop), dtype=np.int64)
            first = np.searchsorted(times, buckets * _BUCKET_US)
            is_filled = times[first] // _BUCKET_US == buckets
            entries = np.zeros(len(buckets), _INDEX)
            entries["id"] = np.where(is_filled, self._count + first, 0)
            entries["ts"] = np.where(is_filled, times[first], 0)
            for name in ("id", "ts"):
                entries[name] = np.maximum.accumulate(np.maximum(entries[name], self._last[name]))
            self._index.append(entries)
            self._last = entries[-1]


def _create_events(group: Any) -> Any:
    """The low-level dataset: a filter that is not installed can only be named there."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((_CHUNK,))
    properties.set_filter(_ECF, h5py.h5z.FLAG_OPTIONAL)
    space = h5py.h5s.create_simple((0,), (h5py.h5s.UNLIMITED,))
    dtype = h5py.h5t.py_create(_EVENT, logical=True)
    return h5py.h5d.create(group.id, b"events", dtype, space, properties)


def _set_text(holder: Any, name: str, value: str) -> None:
    holder.attrs.create(name, value, dtype=h5py.string_dtype("ascii"))
