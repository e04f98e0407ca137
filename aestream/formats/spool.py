"""Spool: bytes that can only be read from front to back, in a temporary file that can be mapped."""

from __future__ import annotations

import tempfile
from types import TracebackType

import aestream._core as _core
from aestream.errors import FormatError

PIECE_BYTES = 1 << 20
_MOST_RATIO = 256
_ALWAYS_ALLOWED = 64 << 20


def most_bytes(compressed_bytes: int) -> int:
    """What so many bytes may become when they are inflated; more is a bomb."""
    return _MOST_RATIO * compressed_bytes + _ALWAYS_ALLOWED


class Spool:
    """A temporary file without a name, in the user's ``$TMPDIR``; gone when nobody maps it any more.

    Args:
        origin_bytes: size of the file that the bytes come from; more than ``most_bytes`` of it are refused.
    """

    def __init__(self, origin_bytes: int) -> None:
        self._limit = most_bytes(origin_bytes)
        self._file = tempfile.TemporaryFile(prefix="aestream-", buffering=0)  # noqa: SIM115 - closed by __exit__
        self.size = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, piece: bytes | memoryview) -> None:
        """Append bytes.

        Raises:
            FormatError: if there are more than a file of such a size can sensibly hold.
            OSError: if the disk is full; it names the folder.
        """
        if self.size + len(piece) > self._limit:
            raise FormatError(f"expected at most {self._limit} bytes in a file of this size, found more", self.size)
        rest = memoryview(piece)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:  # which says of no file what it could not
            raise OSError(error.errno, error.strerror, tempfile.gettempdir()) from None
        self.size += len(piece)

    def truncate(self, size: int) -> None:
        """Forget all but the first ``size`` bytes."""
        self._file.truncate(size)
        self.size = size

    def map(self) -> _core.MappedFile:
        """The bytes so far; they outlive the spool."""
        return _core.MappedFile(f"/dev/fd/{self._file.fileno()}")
