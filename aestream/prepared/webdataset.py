"""export_webdataset: a prepared folder as plain tar files, as WebDataset reads them."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aestream.arguments import positive
from aestream.events import Events
from aestream.prepared.dataset import PreparedDataset
from aestream.prepared.unfinished import temporary_name
from aestream.representations.base import as_records


def export_webdataset(
    out: str | os.PathLike[str] | PreparedDataset, folder: str | os.PathLike[str], *, shard_bytes: int = 1 << 30
) -> list[str]:
    """Write the items of a prepared folder into tar files of some size, the same bytes each time.

    Item 12 is the files ``000000000012.x.npy`` (the tensor, or the events as a structured array of ``t, x, y, p``),
    ``.times.npy`` (int64 ``[2]``, µs) and of its target ``.cls`` for a whole number, ``.target.npy`` for an array or
    tensor, ``.target.json`` for text, other numbers, tuples and lists. bfloat16 is written as float32.

    Args:
        out: the prepared folder, or a `PreparedDataset` of it with other options.
        folder: where the tar files go; made if it is not there.
        shard_bytes: after how many a tar file ends.

    Returns:
        The paths of the tar files.

    Raises:
        TypeError: if a target has no such form.
        OSError: if a file cannot be written.
    """
    positive("shard_bytes", shard_bytes)
    dataset = out if isinstance(out, PreparedDataset) else PreparedDataset(out)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    index = 0
    while index < len(dataset):
        path = target / f"{len(written):06}.tar"
        temporary = temporary_name(path)
        temporary.parent.mkdir(exist_ok=True)
        try:
            with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar:
                while index < len(dataset) and tar.offset < shard_bytes:
                    for name, data in _files(dataset, index):
                        member = tarfile.TarInfo(f"{index:012}.{name}")
                        member.size = len(data)
                        tar.addfile(member, io.BytesIO(data))
                    index += 1
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        written.append(os.fspath(path))
    return written


def _files(dataset: PreparedDataset, index: int) -> Iterator[tuple[str, bytes]]:
    item = dataset[index]
    members = item if isinstance(item, tuple) and not isinstance(item, Events) else (item,)
    yield "x.npy", _npy(members[0])
    yield "times.npy", _npy(np.array(dataset.window(index), np.int64))
    if dataset.has_targets:
        yield _target(members[1])


def _target(target: Any) -> tuple[str, bytes]:
    if isinstance(target, torch.Tensor | np.ndarray):
        return "target.npy", _npy(target)
    if isinstance(target, int | np.integer) and not isinstance(target, bool):
        return "cls", str(int(target)).encode()
    return "target.json", json.dumps(target).encode()


def _npy(value: Any) -> bytes:
    if isinstance(value, Events):
        value = as_records(value)
        plain = np.empty(len(value), [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "?")])
        for name in plain.dtype.names or ():
            plain[name] = value[name]
        value = plain
    if isinstance(value, torch.Tensor):
        value = (value.float() if value.dtype == torch.bfloat16 else value).cpu().numpy()
    stream = io.BytesIO()
    np.save(stream, np.asarray(value), allow_pickle=False)
    return stream.getvalue()
