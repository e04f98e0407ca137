"""What the writers of HDF5 layouts share: arrays that grow, and closing a file that nobody wants any more."""

from __future__ import annotations

import contextlib
from typing import Any

import h5py
import numpy.typing as npt


class Column:
    """A dataset ``[N]`` that values are appended to; its chunks are the unit of compression."""

    def __init__(self, group: Any, name: str, dtype: Any, chunk: int, **compression: Any) -> None:
        self.dataset = group.create_dataset(name, (0,), dtype, chunks=(chunk,), maxshape=(None,), **compression)

    def __len__(self) -> int:
        return len(self.dataset)

    def append(self, values: npt.NDArray[Any]) -> None:
        """Append values; whole chunks at a time spare compressing a chunk twice."""
        before = len(self)
        self.dataset.resize(before + len(values), axis=0)
        self.dataset[before:] = values


def abandon(file: h5py.File) -> None:
    """Close a file that will be removed, whatever a full disk made of its bytes."""
    with contextlib.suppress(OSError, RuntimeError, ValueError, KeyError):
        file.close()
