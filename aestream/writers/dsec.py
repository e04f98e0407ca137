"""HDF5 as DSEC has it: a column per field, times after an offset, an index by milliseconds. Spec: dsec.ifi.uzh.ch."""

from __future__ import annotations

from typing import Any, ClassVar

import h5py
import hdf5plugin
import numpy as np
import numpy.typing as npt

from aestream.writers.base import Limits, WriteOptions
from aestream.writers.blocks import Blocks
from aestream.writers.hdf5 import Column, abandon
from aestream.writers.output import Output

_CHUNK = 1 << 16
_INDEX_CHUNK = 1 << 14
_FIELDS = {"x": "<u2", "y": "<u2", "p": "|u1"}


class DsecWriter:
    """A `FormatWriter`: ``events/{x, y, t, p}``, ``t_offset`` (the first time) and ``ms_to_idx``.

    Readers look for times by bisection, so times must not step back. The sensor's size, which DSEC has no place for,
    becomes the attributes ``width`` and ``height`` of the group ``events``.
    """

    LIMITS: ClassVar[Limits] = Limits(max_span_us=2**32 - 1, steps_back=False)
    IS_STREAM: ClassVar[bool] = False

    def __init__(self, output: Output, shape: tuple[int, int], options: WriteOptions) -> None:
        self._blocks = Blocks(_CHUNK)
        self._offset: int | None = None
        self._file = h5py.File(output, "w")  # a file object that swallows errors: HDF5 crashes later of its own
        group = self._file.create_group("events")
        group.attrs["width"], group.attrs["height"] = shape
        zstd = hdf5plugin.Blosc(cname="zstd", clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
        self._columns = {name: Column(group, name, dtype, _CHUNK, **zstd) for name, dtype in _FIELDS.items()}
        self._times = Column(group, "t", "<u4", _CHUNK, **zstd)
        self._index = Column(self._file, "ms_to_idx", "<u8", _INDEX_CHUNK, **zstd)

    def write(self, events: npt.NDArray[Any]) -> None:
        """Append events: whole chunks are written, the rest is kept."""
        if self._offset is None and len(events):
            self._offset = int(events["t"][0])
        for piece in self._blocks.add(events):
            self._append(piece)

    def finish(self) -> None:
        """Write the last chunk and the offset."""
        self._append(self._blocks.rest())
        self._file.create_dataset("t_offset", data=np.int64(self._offset or 0))
        self._file.close()

    def abort(self) -> None:
        """Close the file."""
        abandon(self._file)

    def _append(self, events: npt.NDArray[Any]) -> None:
        if len(events) == 0:
            return
        for name, column in self._columns.items():
            column.append(events[name].astype(column.dataset.dtype))
        before = len(self._times)
        times = events["t"] - self._offset
        self._times.append(times.astype("<u4"))
        self._append_index(times, before)

    def _append_index(self, times: npt.NDArray[np.int64], before: int) -> None:
        """One number for each millisecond up to the last event: that of the first event at or after it."""
        stop = int(times[-1]) // 1000 + 1
        for start in range(len(self._index), stop, _INDEX_CHUNK):
            milliseconds = np.arange(start, min(start + _INDEX_CHUNK, stop), dtype=np.int64)
            self._index.append(before + np.searchsorted(times, milliseconds * 1000))
