"""Optical flow and disparity in 16-bit PNGs, and the times that they belong to. dsec.ifi.uzh.ch/data-format"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from aestream.formats.png import read_png


def read_flow(path: str) -> torch.Tensor:
    """float32 ``[3, H, W]``: flow along x and y in pixels, and 1 where it is valid.

    Raises:
        ValueError: if the file is no PNG of three channels of 16 bits.
    """
    stored = _read(path, channels=3).astype(np.float32)
    flow = (stored - 2**15) / 128
    flow[..., 2] = stored[..., 2] > 0
    flow[..., :2] *= flow[..., 2:]
    return torch.from_numpy(flow.transpose(2, 0, 1).copy())


def read_disparity(path: str) -> torch.Tensor:
    """float32 ``[1, H, W]``: disparity in pixels, 0 where it is not known.

    Raises:
        ValueError: if the file is no PNG of one channel of 16 bits.
    """
    return torch.from_numpy((_read(path, channels=1)[..., 0].astype(np.float32) / 256)[None])


def _read(path: str, channels: int) -> npt.NDArray[Any]:
    pixels = read_png(path)
    if pixels.dtype != np.uint16 or pixels.shape[2] != channels:
        found = f"{pixels.shape[2]} of {pixels.dtype}"
        raise ValueError(f"{path!r}: expected {channels} channels of uint16, found {found}")
    return pixels


def read_times(path: Path, *, columns: int) -> npt.NDArray[np.int64]:
    """int64 ``[N, columns]``: whole µs, separated by commas; lines that begin with # are left out.

    Raises:
        ValueError: if the file is missing or a line is something else; names it.
    """
    if not path.is_file():
        raise ValueError(f"expected times in {str(path)!r}, found no file")
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            row = [int(word) for word in line.split(",")]
        except ValueError:
            row = []
        if len(row) != columns:
            raise ValueError(f"{str(path)!r}, line {number}: expected {columns} whole µs, found {line[:60]!r}")
        rows.append(row)
    return np.array(rows, dtype=np.int64).reshape(-1, columns)
