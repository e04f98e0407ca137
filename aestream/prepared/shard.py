"""A shard: one file of items, in the published layout of safetensors, so that other programs can open it, too.

Eight bytes with the length of a JSON table of columns, the table, then the columns (little-endian). Ours are

* ``data`` uint8: the items, one behind the other, as `aestream.prepared.records` writes them, each padded to 8 bytes;
* ``offsets`` int64 ``[n + 1]``: where each begins;
* ``kinds`` uint8 ``[n]``: how each is written;
* ``bases`` int64 ``[n]``: what its times count from, or how many numbers of it are not zero;
* ``times`` int64 ``[n, 2]``: its window, µs;
* ``targets`` uint8 and ``target_offsets`` int64 ``[n + 1]``: its target;
* ``recordings`` int64 ``[r, 6]``: of each recording the fields of `Stretch`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.prepared.records import Columns, TensorForm
from aestream.prepared.unfinished import temporary_name

_TABLE_BYTES = 4096
_DTYPES: dict[str, Any] = {"U8": np.dtype("u1"), "I64": np.dtype("<i8")}
_KEY, _DIGEST, _FAILED = "aestream key", "sha256", "failed"


class ShardError(OSError):
    """A shard that is damaged, or not what the manifest says."""


class Item(NamedTuple):
    """What follows the bytes of an item.

    Attributes:
        kind, base: what `aestream.prepared.records` reads it back by.
        window: start and stop, µs.
        target: as `aestream.prepared.targets` writes it.
    """

    kind: int
    base: int
    window: tuple[int, int]
    target: bytes


class Stretch(NamedTuple):
    """Consecutive items of one recording in a shard.

    Attributes:
        recording: its number in the dataset.
        first: its first item that is here, counted in the recording.
        length: items.
        seed: of the recording's random transforms.
        width, height: of the recording's sensor; 0, 0 if unknown.
    """

    recording: int
    first: int
    length: int
    seed: int
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """The sensor's (width, height)."""
        if self.width < 1:
            raise ValueError("the recordings do not say their sensor's shape: prepare them with shape=(width, height)")
        return self.width, self.height


class ShardWriter:
    """Writes one shard under a temporary name, piece by piece, and gives it its own when it is complete.

    Use it as a context manager: what is not complete is removed.

    Raises:
        OSError: if the folder cannot be written to, or the disk is full; names the shard.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path, self._key = path, key
        self._temporary = temporary_name(path)
        self._temporary.parent.mkdir(exist_ok=True)
        self._file = open(self._temporary, "wb", buffering=1 << 20)  # noqa: SIM115  # closed by __exit__
        self._file.write(bytes(8 + _TABLE_BYTES))
        self._digest = hashlib.sha256()
        self._offsets, self._target_offsets = [0], [0]
        self._targets = bytearray()
        self._item_bytes, self._digest_before = 0, self._digest.copy()
        self._rows: list[tuple[int, int, int, int]] = []

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # what is still in its buffer is not wanted any more
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._temporary.unlink()

    def add(self, part: memoryview | Item | None) -> None:
        """Append bytes of an item, or complete it; None: forget what was appended since the last one."""
        if part is None:
            self._file.seek(8 + _TABLE_BYTES + self._offsets[-1])
            self._file.truncate()
            self._digest, self._item_bytes = self._digest_before.copy(), 0
        elif isinstance(part, Item):
            self._end(part)
        else:
            self._write(part)

    def _write(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._item_bytes += len(data)

    def _end(self, item: Item) -> None:
        self._write(bytes(-self._item_bytes % 8))
        self._digest_before = self._digest.copy()
        self._offsets.append(self._offsets[-1] + self._item_bytes)
        self._item_bytes = 0
        self._targets += item.target
        self._target_offsets.append(len(self._targets))
        self._rows.append((item.kind, item.base, *item.window))

    def finish(self, stretches: list[Stretch], failed: list[tuple[int, str]]) -> None:
        """Complete the file, and let it appear under its name."""
        rows = np.array(self._rows, dtype="<i8").reshape(-1, 4)
        columns = {
            "data": None,
            "offsets": np.array(self._offsets, "<i8"),
            "bases": np.ascontiguousarray(rows[:, 1]),
            "times": np.ascontiguousarray(rows[:, 2:]),
            "target_offsets": np.array(self._target_offsets, "<i8"),
            "recordings": np.array(stretches, "<i8").reshape(-1, 6),
            "kinds": rows[:, 0].astype("u1"),
            "targets": np.frombuffer(self._targets, "u1"),
        }
        table: dict[str, Any] = {}
        end = self._offsets[-1]
        for name, column in columns.items():
            if column is None:
                begin, dtype, shape = 0, "U8", [end]
            else:
                raw = column.tobytes()
                self._file.write(raw)
                self._digest.update(raw)
                begin, end = end, end + len(raw)
                dtype, shape = ("U8" if column.dtype.itemsize == 1 else "I64"), list(column.shape)
            table[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
        metadata = {_KEY: self._key, _DIGEST: self._digest.hexdigest(), _FAILED: json.dumps(failed)}
        text = json.dumps({"__metadata__": metadata, **table}).encode()
        size = max(_TABLE_BYTES, len(text))
        if size > _TABLE_BYTES:
            text = json.dumps({"__metadata__": metadata | {_FAILED: json.dumps(_shortened(failed))}, **table}).encode()
        self._file.seek(0)
        self._file.write(_TABLE_BYTES.to_bytes(8, "little") + text.ljust(_TABLE_BYTES))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._temporary, self._path)


def _shortened(failed: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """As much of the list as the table has room for; the rest is told by the recordings that are missing."""
    return [(number, message[:200]) for number, message in failed[:8]]


class Shard:
    """A shard that is read: its columns are views of the mapped file.

    Args:
        path: of the file.
        key: what it must have been made from; None: whatever it was.
        verify: whether to compare its bytes with the digest in it.

    Raises:
        ShardError: if it is damaged, cut short or made from something else; names it.
        OSError: if it cannot be opened.
    """

    def __init__(self, path: Path, key: str | None = None, *, verify: bool = True) -> None:
        self.path = path
        try:
            self._file = _core.MappedFile(os.fspath(path))
            self._bytes = np.frombuffer(memoryview(self._file), np.uint8)
            self._open()
        except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
            raise ShardError(
                f"expected a shard of a prepared dataset in {str(path)!r}, found damage: {error}"
            ) from None
        if key is not None and self.key != key:
            raise ShardError(f"{str(path)!r} was made from something else: expected {key}, found {self.key}")
        if verify and hashlib.sha256(self._body.data).hexdigest() != self.digest:
            raise ShardError(f"{str(path)!r} is damaged: its bytes are not those that were written; prepare it again")

    def _open(self) -> None:
        size = int.from_bytes(self._bytes[:8].tobytes(), "little")
        if not 0 < size <= len(self._bytes) - 8 or size > 1 << 20:
            raise ValueError(f"its table has {size} bytes, the file {len(self._bytes)}")
        table = json.loads(self._bytes[8 : 8 + size].tobytes())
        metadata = table.pop("__metadata__")
        self.key: str = metadata[_KEY]
        self.digest: str = metadata[_DIGEST]
        self.failed: list[tuple[int, str]] = [
            (int(number), str(text)) for number, text in json.loads(metadata[_FAILED])
        ]
        self._body = self._bytes[8 + size :]
        self._columns = {name: self._column(**where) for name, where in table.items()}
        end = max(where["data_offsets"][1] for where in table.values())
        if end != len(self._body):
            raise ValueError(f"expected {end} bytes of columns, found {len(self._body)}")
        self.stored = Columns(*(self._columns[name] for name in Columns._fields))
        self.data, self.offsets, self.kinds, self.bases = self.stored
        self.times = self._columns["times"]
        self.stretches = [Stretch(*row) for row in self._columns["recordings"].tolist()]

    def _column(self, dtype: str, shape: list[int], data_offsets: list[int]) -> npt.NDArray[Any]:
        begin, end = data_offsets
        column: npt.NDArray[Any] = self._body[begin:end].view(_DTYPES[dtype]).reshape(shape)
        return column

    def __len__(self) -> int:
        return len(self.kinds)

    def item(self, place: int) -> npt.NDArray[np.uint8]:
        """The bytes of an item."""
        data: npt.NDArray[np.uint8] = self.data[self.offsets[place] : self.offsets[place + 1]]
        return data

    def restore_tensors(self, form: TensorForm, places: list[int], rows: npt.NDArray[np.uint8]) -> None:
        """Write the items at some places, tensors of ``form``, to ``rows``: uint8 ``[len(places), item_bytes]``.

        Raises:
            ShardError: if one is damaged.
        """
        try:
            form.decode_into(self.stored, places, rows)
        except ValueError as error:
            raise ShardError(f"{str(self.path)!r} is damaged: {error}; prepare it again") from None

    def check(self) -> None:
        """
        Raises:
            OSError: if the file was cut or written over since it was opened.
        """
        self._file.check()

    def stretch_of(self, place: int) -> tuple[Stretch, int]:
        """The recording that an item lies in, and its number among the recording's items."""
        for stretch in self.stretches:
            if place < stretch.length:
                return stretch, stretch.first + place
            place -= stretch.length
        raise IndexError(f"{str(self.path)!r} has no item {place} in any of its recordings")

    def target(self, place: int) -> bytes:
        """The bytes of its target."""
        edges = self._columns["target_offsets"]
        return self._columns["targets"][edges[place] : edges[place + 1]].tobytes()


@contextmanager
def unchanged(shards: Iterable[Shard]) -> Iterator[None]:
    """What is read of these shards inside is believed only if their files are still those that were opened.

    Raises:
        OSError: if one was cut or written over, whatever came of reading it.
    """
    _core.guard_maps()
    try:
        yield
    finally:
        for shard in shards:
            shard.check()
