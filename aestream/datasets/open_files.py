"""The files that are open in this process: the latest so many, so that any number of datasets can be there."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Protocol


class Closable(Protocol):
    """What opens again by itself when it is used."""

    def close(self) -> None:
        """Give back what an open file costs."""


class OpenFiles:
    """Closes the file that was opened first when more than ``most`` have been since.

    What is in use then stays as long as its users hold it. No lock: each step is one operation of the deque, and a
    forked process may inherit it at any time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._files: deque[weakref.ref[Closable]] = deque()

    def add(self, file: Closable) -> None:
        """Take note of a file that has just been opened."""
        self._files.append(weakref.ref(file))
        while len(self._files) > self._most:
            oldest = self._files.popleft()()
            if oldest is not None:
                oldest.close()


#: Linux allows a process 65,530 mappings by default, for all that it does.
MAPPED = OpenFiles(1 << 14)
#: h5py keeps a descriptor for each file; a process may have 1024 by default.
HDF5 = OpenFiles(1 << 8)
