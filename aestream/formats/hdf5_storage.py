"""How rows of HDF5 reach the core: as chunks of the mapped file if it can undo their filters, else through h5py."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterable
from typing import Any

import cramjam
import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.errors import FormatError
from aestream.field_names import FIELDS
from aestream.formats.hdf5_access import check_filters, filters_of, hdf5_damage, import_h5py
from aestream.formats.hdf5_layouts import Field, Layout, part_of, read_rows

_DEFLATE, _SHUFFLE, _BLOSC, _ECF = 1, 2, 32001, 36559  # of HDF5's registry
_BLOSC_CODECS = (1, 2, 4, 5)  # lz4, lz4hc, zlib, zstd
_CODECS = (cramjam.lz4.decompress_block_into, cramjam.zlib.decompress_into, _core.inflate_zstd)
_BLOCK_ROWS = 1 << 14  # at least, that are decoded together
_FETCHED_ROWS = 1 << 16  # the same through h5py, where every call costs


def open_layout(path: str, file: _core.MappedFile, layout: Layout) -> _core.Recording:
    """The recording of a layout's events.

    Raises:
        FormatError: if chunks are missing that only we could read.
        ImportError: if a filter is missing that h5py needs.
    """
    tables = {field.dataset.name: field for field in layout.fields.values()}
    if any(number == _ECF for table in tables.values() for number, _ in filters_of(table.dataset)):
        return _open_ecf(file, layout, list(tables.values()))
    times = (layout.us_per_unit, layout.offset_us, layout.time_rows, layout.time_start_us)
    has_block = any(each.dataset.file.userblock_size for each in tables.values())  # from which HDF5 counts its offsets
    stored = {name: None if has_block else _stored(table) for name, table in tables.items()}
    if None not in stored.values():
        order = list(tables)
        columns = [
            (order.index(field.dataset.name), field.begin, field.dtype.str)
            for field in (layout.fields[letter] for letter in FIELDS)
        ]
        return _core.open_chunks(
            file,
            [each for each in stored.values() if each is not None],
            columns,
            num_events=layout.num_events,
            block=_block(tables.values(), _BLOCK_ROWS),
            codecs=_CODECS,
            times=times,
            off=layout.off,
        )
    for table in tables.values():
        check_filters(table.dataset)
    block = _block(tables.values(), _FETCHED_ROWS)
    fetch = _RowFetcher(path, file.identity, layout)
    return _core.open_fetched(file, fetch, num_events=layout.num_events, block=block, times=times, off=layout.off)


def _open_ecf(file: _core.MappedFile, layout: Layout, tables: list[Field]) -> _core.Recording:
    dataset = tables[0].dataset
    if len(tables) > 1 or [number for number, _ in filters_of(dataset)] != [_ECF]:
        raise FormatError(f"expected Prophesee's codec alone on one dataset of events, found more at {dataset.name}")
    chunks = _chunks(tables[0])
    if chunks is None:
        raise FormatError(f"expected a chunk for each {dataset.chunks[0]} rows of {dataset.name}, found fewer")
    row_bytes = dataset.dtype.itemsize
    stored = _core.ChunkedDataset(row_bytes=row_bytes, chunk_rows=dataset.chunks[0], filters=[], chunks=chunks)
    columns = [(layout.fields[letter].begin, row_bytes, layout.fields[letter].dtype.str) for letter in FIELDS]
    return _core.open_ecf(file, stored, columns, num_events=layout.num_events)


def _stored(table: Field) -> _core.ChunkedDataset | None:
    """The chunks of a field's dataset for the core to read; None if it cannot."""
    dataset, rows = table.dataset, table.num_rows
    if table.axis == 1 and dataset.shape[0] != 1:
        return None  # the fields of an event lie far apart
    row_bytes = dataset.dtype.itemsize * math.prod(dataset.shape[1:] if table.axis == 0 else ())
    if dataset.chunks is None:
        offset = dataset.id.get_offset()
        if offset is None and rows > 0:
            return None
        chunk = [[offset, rows * row_bytes, 0]] if rows else np.empty((0, 3), np.uint64)
        return _core.ChunkedDataset(row_bytes=row_bytes, chunk_rows=max(rows, 1), filters=[], chunks=chunk)
    filters = filters_of(dataset)
    if (table.axis == 0 and dataset.chunks[1:] != dataset.shape[1:]) or not all(_is_ours(*each) for each in filters):
        return None
    chunks = _chunks(table)
    if chunks is None:
        return None
    ours = [(number, values[0] if number == _SHUFFLE and values else 0) for number, values in filters]
    return _core.ChunkedDataset(row_bytes=row_bytes, chunk_rows=table.chunk_rows or 1, filters=ours, chunks=chunks)


def _is_ours(number: int, values: tuple[int, ...]) -> bool:
    if number == _BLOSC:  # values: ..., whether bytes (1) or bits (2) are shuffled, codec
        return len(values) > 6 and values[5] in (0, 1) and values[6] in _BLOSC_CODECS
    return number == _DEFLATE or (number == _SHUFFLE and len(values) > 0)


def _chunks(table: Field) -> npt.NDArray[np.uint64] | None:
    """uint64 ``[n, 3]``: offset, size and skipped filters of the chunks for all rows; None if there are not all."""
    chunk_rows = table.chunk_rows or 1
    count = -(-table.num_rows // chunk_rows)
    chunks = np.zeros((count, 3), np.uint64)
    found = set()

    def keep(info: Any) -> None:
        number = info.chunk_offset[table.axis] // chunk_rows
        if number < count and not any(info.chunk_offset[: table.axis] + info.chunk_offset[table.axis + 1 :]):
            chunks[number] = info.byte_offset, info.size, info.filter_mask
            found.add(number)

    if count:
        table.dataset.id.chunk_iter(keep)
    return chunks if len(found) == count else None


def _block(tables: Iterable[Field], least: int) -> int:
    """Rows to decode together: whole chunks of the dataset with the longest."""
    rows = max((each.chunk_rows or 1 for each in tables if filters_of(each.dataset)), default=1)
    return rows * -(-least // rows)


class _RowFetcher:
    """Reads rows through h5py, which every process opens for itself."""

    def __init__(self, path: str, identity: tuple[int, ...], layout: Layout) -> None:
        self._path = path
        self._inode = identity[:2]
        fields = [layout.fields[letter] for letter in FIELDS]
        self._places = [(field.dataset.name, field.axis, field.part) for field in fields]
        self._file: Any = None
        self._process = 0

    def __call__(self, first: int, last: int, only_times: bool) -> tuple[npt.NDArray[Any], ...]:
        file = self._opened()
        with hdf5_damage():
            places = self._places[:1] if only_times else self._places
            tables = dict.fromkeys((name, axis) for name, axis, _ in places)
            read = {(name, axis): read_rows(file[name], axis, first, last) for name, axis in tables}
        return tuple(part_of(read[name, axis], part) for name, axis, part in places)

    def _opened(self) -> Any:
        if self._process != os.getpid():
            with hdf5_damage():
                file = import_h5py().File(self._path, "r")
            status = os.stat(self._path)
            if (status.st_dev, status.st_ino) != self._inode:
                file.close()
                raise OSError(errno.ESTALE, "the file has changed since it was opened: it is another one", self._path)
            self._file, self._process = file, os.getpid()
        return self._file
