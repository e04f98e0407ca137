"""NPY and NPZ files for tests, as NumPy writes them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from aestream import FileInput


def write(folder: Path, data: bytes) -> Path:
    """A file whose name says nothing of what it is."""
    path = folder / "events"
    path.write_bytes(data)
    return path


def load(folder: Path, data: bytes, **options: Any) -> np.ndarray:
    """All events of such a file."""
    return FileInput(write(folder, data), cache_index=False, **options).load()


def npy(array: np.ndarray) -> bytes:
    """A file of one array."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(compression: int = zipfile.ZIP_DEFLATED, **members: bytes | np.ndarray) -> bytes:
    """An archive of arrays, or of the bytes of such files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, member in members.items():
            archive.writestr(f"{name}.npy", member if isinstance(member, bytes) else npy(member))
    return file.getvalue()


def structured(events: np.ndarray, *fields: tuple[str, str, str]) -> np.ndarray:
    """fields: of the array, as (name, dtype, field of the event)."""
    array = np.zeros(len(events), [(name, dtype) for name, dtype, _ in fields])
    for name, _, field in fields:
        array[name] = events[field]
    return array


def matrix(events: np.ndarray, order: str = "txyp", dtype: str = "i8") -> np.ndarray:
    """An array [N, 4] with columns in an order."""
    return np.stack([events[field].astype(dtype) for field in order], axis=1)
