"""Replay: a recording played into frames, behind FileInput's read()."""

from __future__ import annotations

from typing import Any

import torch

from aestream import _core
from aestream.backends import Backend, frame_to, to_backend
from aestream.streams.base import StreamStats


class Replay:
    """The Python side of ``_core.Replay``: backends, device and stats."""

    def __init__(self, core: _core.Replay, device: torch.device) -> None:
        self._core = core
        self._device = device

    def read(self, backend: str | Backend) -> Any:
        """float32 ``[width, height]``: events per pixel since the last call."""
        known = to_backend(backend)  # an unknown name must not lose a frame
        return frame_to(known, self._core.take(), self._device)

    def is_streaming(self) -> bool:
        """Whether there is, or may come, something to read."""
        return self._core.is_streaming()

    def stop(self) -> None:
        """End the playback; what was played stays to be read."""
        self._core.stop()

    @property
    def stats(self) -> StreamStats:
        """Events played so far."""
        received, out_of_bounds, rate_hz = self._core.counts()
        return StreamStats(received=received, out_of_bounds=out_of_bounds, rate_hz=rate_hz)
