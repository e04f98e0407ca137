"""What opening a file gives, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aestream import _core


@dataclass(frozen=True)
class OpenedFile:
    """A recording whose outside has been read.

    Attributes:
        recording: the events, decoded by the core.
        format: short name, such as ``"evt3"``.
        shape: sensor (width, height) in pixels as the file gives it, or None.
        metadata: what the file says about itself: header fields, camera, compression.
    """

    recording: _core.Recording
    format: str
    shape: tuple[int, int] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
