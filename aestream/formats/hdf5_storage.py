"""How rows of HDF5 reach the core: as chunks of the mapped file if it can undo their filters, else through h5py."""

from __future__ import annotations

import errno
import math
import os
from typing import Any

import cramjam
import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.fields import FIELDS
from aestream.formats.hdf5_access import check_filters, filters_of, hdf5_damage, import_h5py
from aestream.formats.hdf5_layouts import Layout

_DEFLATE, _SHUFFLE, _BLOSC, _ECF = 1, 2, 32001, 36559  # of HDF5's registry
_BLOSC_CODECS = (1, 2, 4, 5)  # lz4, lz4hc, zlib, zstd
_CODECS = (cramjam.lz4.decompress_block_into, cramjam.zlib.decompress_into, cramjam.zstd.decompress_into)
_BLOCK_ROWS = 1 << 14  # at least, that are decoded together
_FETCHED_ROWS = 1 << 16  # the same through h5py, where every call costs


def open_layout(path: str, file: _core.MappedFile, layout: Layout) -> _core.Recording:
    """The recording of a layout's events.

    Raises:
        FormatError: if chunks are missing that only we could read.
        ImportError: if a filter is missing that h5py needs.
    """
    datasets = {field.dataset.name: field.dataset for field in layout.fields.values()}
    if any(number == _ECF for dataset in datasets.values() for number, _ in filters_of(dataset)):
        return _open_ecf(file, layout, list(datasets.values()))
    times = (layout.us_per_unit, layout.offset_us, layout.time_rows, layout.time_start_us)
    has_block = any(dataset.file.userblock_size for dataset in datasets.values())  # from which HDF5 counts its offsets
    stored = {name: None if has_block else _stored(dataset) for name, dataset in datasets.items()}
    if None not in stored.values():
        order = list(datasets)
        columns = [
            (order.index(field.dataset.name), field.begin, field.dtype.str)
            for field in (layout.fields[letter] for letter in FIELDS)
        ]
        return _core.open_chunks(
            file,
            [each for each in stored.values() if each is not None],
            columns,
            num_events=layout.num_events,
            block=_block(datasets.values(), _BLOCK_ROWS),
            codecs=_CODECS,
            times=times,
            off=layout.off,
        )
    for dataset in datasets.values():
        check_filters(dataset)
    block = _block(datasets.values(), _FETCHED_ROWS)
    fetch = _RowFetcher(path, file.identity, layout)
    return _core.open_fetched(file, fetch, num_events=layout.num_events, block=block, times=times, off=layout.off)


def _open_ecf(file: _core.MappedFile, layout: Layout, datasets: list[Any]) -> _core.Recording:
    dataset = datasets[0]
    if len(datasets) > 1 or [number for number, _ in filters_of(dataset)] != [_ECF]:
        raise FormatError(f"expected Prophesee's codec alone on one dataset of events, found more at {dataset.name}")
    chunks = _chunks(dataset)
    if chunks is None:
        raise FormatError(f"expected a chunk for each {dataset.chunks[0]} rows of {dataset.name}, found fewer")
    row_bytes = dataset.dtype.itemsize
    stored = _core.ChunkedDataset(row_bytes=row_bytes, chunk_rows=dataset.chunks[0], filters=[], chunks=chunks)
    columns = [(layout.fields[letter].begin, row_bytes, layout.fields[letter].dtype.str) for letter in FIELDS]
    return _core.open_ecf(file, stored, columns, num_events=layout.num_events)


def _stored(dataset: Any) -> _core.ChunkedDataset | None:
    """The chunks of a dataset for the core to read; None if it cannot."""
    rows, row_bytes = dataset.shape[0], dataset.dtype.itemsize * math.prod(dataset.shape[1:])
    if dataset.chunks is None:
        offset = dataset.id.get_offset()
        if offset is None and rows > 0:
            return None
        chunk = [[offset, rows * row_bytes, 0]] if rows else np.empty((0, 3), np.uint64)
        return _core.ChunkedDataset(row_bytes=row_bytes, chunk_rows=max(rows, 1), filters=[], chunks=chunk)
    filters = filters_of(dataset)
    if dataset.chunks[1:] != dataset.shape[1:] or not all(_is_ours(*each) for each in filters):
        return None
    chunks = _chunks(dataset)
    if chunks is None:
        return None
    ours = [(number, values[0] if number == _SHUFFLE and values else 0) for number, values in filters]
    return _core.ChunkedDataset(row_bytes=row_bytes, chunk_rows=dataset.chunks[0], filters=ours, chunks=chunks)


def _is_ours(number: int, values: tuple[int, ...]) -> bool:
    if number == _BLOSC:  # values: ..., whether bytes (1) or bits (2) are shuffled, codec
        return len(values) > 6 and values[5] in (0, 1) and values[6] in _BLOSC_CODECS
    return number == _DEFLATE or (number == _SHUFFLE and len(values) > 0)


def _chunks(dataset: Any) -> npt.NDArray[np.uint64] | None:
    """uint64 ``[n, 3]``: offset, size and skipped filters of the chunks for all rows; None if there are not all."""
    chunk_rows = dataset.chunks[0]
    count = -(-dataset.shape[0] // chunk_rows)
    chunks = np.zeros((count, 3), np.uint64)
    found = set()

    def keep(info: Any) -> None:
        number = info.chunk_offset[0] // chunk_rows
        if number < count and not any(info.chunk_offset[1:]):
            chunks[number] = info.byte_offset, info.size, info.filter_mask
            found.add(number)

    if count:
        dataset.id.chunk_iter(keep)
    return chunks if len(found) == count else None


def _block(datasets: Any, least: int) -> int:
    """Rows to decode together: whole chunks of the dataset with the longest."""
    rows = max((each.chunks[0] for each in datasets if each.chunks and filters_of(each)), default=1)
    return int(rows * -(-least // rows))


class _RowFetcher:
    """Reads rows through h5py, which every process opens for itself."""

    def __init__(self, path: str, identity: tuple[int, ...], layout: Layout) -> None:
        self._path = path
        self._inode = identity[:2]
        self._places = [(layout.fields[letter].dataset.name, layout.fields[letter].part) for letter in FIELDS]
        self._file: Any = None
        self._process = 0

    def __call__(self, first: int, last: int, only_times: bool) -> tuple[npt.NDArray[Any], ...]:
        file = self._opened()
        with hdf5_damage():
            places = self._places[:1] if only_times else self._places
            read = {name: file[name][first:last] for name in dict.fromkeys(name for name, _ in places)}
        return tuple(_part_of(read[name], part) for name, part in places)

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


def _part_of(rows: npt.NDArray[Any], part: str | int | None) -> npt.NDArray[Any]:
    if part is None:
        return rows
    return rows[part] if isinstance(part, str) else rows[:, part]
