"""Events that come in any number, handed on in whole blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.events import EVENT_DTYPE

_MOST = 1 << 20  # events in one piece: what is made of it stays small


class Blocks:
    """Keeps what does not fill a block until more comes.

    Args:
        size: events of a block.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rest = np.zeros(0, EVENT_DTYPE)

    def add(self, events: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
        """Pieces of one or more whole blocks, in order; use them before the next call."""
        if len(self._rest):
            missing = self._size - len(self._rest)
            self._rest = join(self._rest, events[:missing])
            events = events[missing:]
            if len(self._rest) < self._size:
                return
            yield self._rest
        whole = len(events) // self._size * self._size
        piece = max(_MOST // self._size, 1) * self._size
        for start in range(0, whole, piece):
            yield events[start : min(start + piece, whole)]
        self._rest = events[whole:].copy()

    def rest(self) -> npt.NDArray[Any]:
        """What fills no block."""
        return self._rest


def join(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Both, one behind the other; NumPy itself would pack the records."""
    return np.concatenate([first.view("V16"), second.view("V16")]).view(EVENT_DTYPE)
