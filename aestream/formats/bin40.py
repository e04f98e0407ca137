"""The 40-bit .bin files of N-MNIST and others, and .bs2 files of SLAYER. Spec: garrickorchard.com/datasets/n-mnist."""

from __future__ import annotations

import aestream._core as _core
from aestream.formats.base import OpenedFile, Request


def is_bin40(request: Request) -> bool:
    """Whether the file's name ends in .bin or .bs2 and its times rise: the format has no magic bytes."""
    is_named_so = request.path.lower().endswith((".bin", ".bs2"))
    return request.file is not None and is_named_so and _core.looks_like_bin40(request.file)


def open_bin40(request: Request) -> OpenedFile:
    """Open a file of 5-byte rows, which has no header and no geometry. An empty file holds no events."""
    return OpenedFile(_core.Recording.open_stream(request.bytes, "bin40", 0), "bin40")
