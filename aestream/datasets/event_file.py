"""EventFile: a file that is opened when it is used, indexed once, and pickled without its bytes."""

from __future__ import annotations

import contextlib
import errno
import os
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from torch.utils.data import get_worker_info

import aestream._core as _core
from aestream.arguments import check_shape
from aestream.datasets.first_pass import first_pass_bar
from aestream.datasets.index_cache import MIN_FILE_BYTES, read_index, seal, stored_bytes, unseal, write_index
from aestream.datasets.open_files import HDF5, MAPPED
from aestream.errors import FormatError, IndexWarning, ShapeWarning, TruncatedFileWarning
from aestream.formats import folder_identity, open_file
from aestream.formats.base import Identity, OpenedFile, ReadOptions

T = TypeVar("T")
_WARNED: set[tuple[str, int, int]] = set()  # files and given shapes that a ShapeWarning was for


class EventFile:
    """The file behind a dataset. Its arguments are those of ``FileInput``."""

    def __init__(
        self,
        path: str,
        options: ReadOptions,
        *,
        strict: bool,
        threads: int | None,
        cache_index: bool,
        progress: bool,
    ) -> None:
        self.path = path
        self._options = options
        self._strict = strict
        self._threads = threads
        self._cache_index = cache_index
        self._progress = progress
        self._opened: OpenedFile | None = None
        self._indexed: _core.Recording | None = None  # once there is nothing to warn of any more
        self._sealed_index: bytes | None = None
        self._warned = False
        self._identity: Identity | None = None  # of the file that was opened first

    def of(self, path: str) -> EventFile:
        """Another file with the same arguments."""
        how: dict[str, Any] = {"strict": self._strict, "threads": self._threads, "cache_index": self._cache_index}
        return EventFile(path, self._options, progress=self._progress, **how)

    @property
    def opened(self) -> OpenedFile:
        """The file, opened in this process; again if so many others were that it was closed."""
        opened = self._opened
        if opened is None:
            opened = open_file(self.path, self._options)
            if self._identity not in (None, opened.identity):
                raise OSError(errno.ESTALE, "the file has changed since it was opened first", self.path)
            self._opened, self._identity = opened, opened.identity
            if self._sealed_index is not None:
                self._restore(opened, self._sealed_index)
            (HDF5 if opened.format == "hdf5" else MAPPED).add(self)
        return opened

    def close(self) -> None:
        """Give back the mapping; the index stays, and whoever reads at the moment goes on."""
        opened = self._opened
        if opened is not None and opened.recording.has_index:
            self._sealed_index = self._seal(opened)
        self._opened = self._indexed = None

    def _restore(self, opened: OpenedFile, sealed: bytes) -> None:
        """Take the index that came in the pickle if it is one of the file that is there now."""
        packed = unseal(sealed, opened.identity, self._variant(opened))
        reason = "it was made for another file, or another state of this one"
        if packed is not None:
            try:
                return opened.recording.restore_index(packed)
            except ValueError as error:
                reason = str(error)
        self._sealed_index = None
        message = f"{self.path}: the index that came with the pickle is built again: {reason}"
        warnings.warn(message, IndexWarning, stacklevel=4)
        return None

    def _variant(self, opened: OpenedFile) -> str:
        return f"{opened.format} {self._options.given}"

    @property
    def has_index(self) -> bool:
        """Whether asking for ``indexed`` costs nothing."""
        return self.opened.recording.has_index

    @property
    def indexed(self) -> _core.Recording:
        """The recording, with its index built, restored, or read from the cache."""
        if self._indexed is not None:
            return self._indexed
        recording = self.opened.recording
        if not recording.has_index:
            self._index(recording)
        self.warn_of_cut(recording.cut_bytes)
        self._indexed = recording
        return recording

    def slice(self, start_us: int, stop_us: int) -> np.ndarray:
        """The events of a span. A file's own table of times finds them where no index was made yet."""
        threads, recording = self.thread_count, self.opened.recording
        if not recording.has_index:
            events = self.located(lambda: recording.read_as_claimed(start_us, stop_us, threads))
            if events is not None:
                self.warn_of_cut(0)
                return events
        recording = self.indexed
        first, last = self.located(lambda: recording.find(start_us, stop_us, True, threads))
        return self.located(lambda: recording.read(first, last, threads))

    @property
    def thread_count(self) -> int:
        """What the user asked for; else one per core, and one in a DataLoader's worker."""
        if self._threads is not None:
            return self._threads
        return 1 if get_worker_info() is not None else _core.default_threads()

    def located(self, call: Callable[[], T]) -> T:
        """``call()``, with the path in its FormatError; an OSError instead if the file has changed."""
        try:
            return call()
        except FormatError as error:
            self._check_unchanged()
            raise self._placed(error) from None

    def _check_unchanged(self) -> None:
        """For errors of readers that are not the core's. What is spooled cannot change."""
        opened = self._opened
        if opened is not None and opened.file is not None and opened.spooled is None:
            opened.file.check()

    def _placed(self, error: FormatError) -> FormatError:
        """The error with the path and, where the file is spooled, what its offset counts in."""
        spooled = self._opened.spooled if self._opened is not None else None
        return (error.within(spooled.whole) if spooled is not None else error).located(self.path)

    def warn_of_cut(self, cut_bytes: int) -> None:
        """Warn, once, that the file ends with ``cut_bytes`` of something larger, or too early; raise if strict."""
        spooled, missing_bytes = self.opened.spooled, self.opened.missing_bytes
        cut_message = spooled.cut_message if spooled is not None else None
        if self._warned or (cut_bytes == 0 and missing_bytes == 0 and cut_message is None):
            return
        size = spooled.size if spooled is not None else stored_bytes(self.opened.identity)
        message = f"expected a whole word, line or packet, found the last {cut_bytes} bytes of a truncated file"
        if missing_bytes:
            message = f"expected {missing_bytes} bytes more, found the end of a truncated file"
        error = self._placed(FormatError(cut_message or message, size - cut_bytes))
        if self._strict:
            raise error
        self._warned = True
        warnings.warn(str(error), TruncatedFileWarning, stacklevel=4)

    def _index(self, recording: _core.Recording) -> None:
        identity, threads = self.opened.identity, self.thread_count
        if not self._cache_index or stored_bytes(identity) < MIN_FILE_BYTES:
            return self._pass_over(recording, threads)
        variant = self._variant(self.opened)
        packed = read_index(self.path, variant, identity)
        if packed is not None:
            with contextlib.suppress(ValueError):  # of another version of the package, perhaps
                return recording.restore_index(packed)
        self._pass_over(recording, threads)
        if self._is_as_opened():
            write_index(self.path, variant, identity, recording.pack_index())
        return None

    def _pass_over(self, recording: _core.Recording, threads: int) -> None:
        size = stored_bytes(self.opened.identity)
        with first_pass_bar(self.path, size, lambda: recording.passed_bytes, shown=self._progress):
            self.located(lambda: recording.build_index(threads))

    def _is_as_opened(self) -> bool:
        """Whether the path still names what was opened, in the state that it had."""
        with contextlib.suppress(OSError):
            if self.opened.file is None:
                return folder_identity(self.path) == self.opened.identity
            self.opened.file.check()
            status = os.stat(self.path)
            found = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
            return found == self.opened.identity[0][1:5]
        return False

    def __getstate__(self) -> dict[str, Any]:
        """Path, parameters and index: every process maps the file itself."""
        self.indexed  # noqa: B018 - builds it
        return self.__dict__ | {
            "_opened": None,
            "_indexed": None,
            "_identity": None,
            "_sealed_index": self._seal(self.opened),
        }

    def _seal(self, opened: OpenedFile) -> bytes:
        return seal(opened.recording.pack_index(), opened.identity, self._variant(opened))


def agreed_shape(found: tuple[int, int] | None, given: tuple[int, int] | None, path: str) -> tuple[int, int] | None:
    """The sensor's (width, height): what the user gives, else the file's.

    Warns, once per file and shape, with a ShapeWarning if both are known and differ: headers can be wrong.

    Raises:
        ValueError: if ``given`` is not of two whole numbers from 1 to 32767.
    """
    if given is None:
        return found
    width, height = check_shape(given)
    if found is not None and (width, height) != found and (path, width, height) not in _WARNED:
        _WARNED.add((path, width, height))
        message = f"shape {width}x{height} disagrees with the header of {path!r}: {found[0]}x{found[1]}; it is used"
        warnings.warn(message, ShapeWarning, stacklevel=3)
    return (width, height)
