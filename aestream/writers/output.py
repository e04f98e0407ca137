"""Output: the file that a writer fills, under a temporary name until it is complete; or a pipe or device as it is."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import stat
import tempfile
import weakref
from contextlib import suppress
from typing import Any, BinaryIO

import aestream._core as _core

_LONGEST_NAME = 255  # bytes, on all usual file systems
_MOST_TEMPORARIES = 1000  # of one file at the same time
_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY
_OPEN: weakref.WeakSet[Output] = weakref.WeakSet()


class Output(io.RawIOBase):
    """An open file that nobody sees before it is complete, and that is gone unless it becomes so.

    Links are written through, and an existing file keeps its mode. As a file object it never fails: the libraries that
    write to it do not survive that. It remembers the first error, swallows what comes later, and ``check`` raises.

    What a killed run has left is removed when the same file is written again; SIGTERM and SIGHUP remove it at once. In
    a forked child the file is one without an effect.

    Args:
        path: the file, as the user names it.
        is_stream: whether it is written from front to back, so that a pipe or a device will do.

    Raises:
        OSError: if it cannot be created; or is neither a regular file nor, for a stream, a pipe or a character device.

    Attributes:
        error: the first error of a write, or None.
        folder: where the file lies; temporary files belong there.
    """

    def __init__(self, path: str, *, is_stream: bool) -> None:
        self.error: OSError | None = None
        self._path = path
        self._position = 0
        self._scratch: list[BinaryIO] = []
        self._temporary = ""  # there is none when the path itself is written to
        status = _status_of(path)
        self._target = os.path.realpath(path)
        self.folder = os.path.dirname(self._target)
        try:
            if status is None or stat.S_ISREG(status.st_mode):
                self._descriptor, self._temporary = _create(self._target, status)
            elif is_stream and (stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode)):
                self._descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
            else:
                known = "a regular file, a pipe or a character device" if is_stream else "a regular file"
                raise OSError(errno.EINVAL, f"expected {known}, found another kind", path)
        except OSError as error:
            raise _located(error, path) from None
        self._remover = weakref.finalize(self, _remove, self._temporary, os.getpid())
        _OPEN.add(self)

    def check(self) -> None:
        """Raise the first error of a write, with the path."""
        if self.error is not None:
            raise _located(self.error, self._path)

    def commit(self) -> None:
        """Close the file and give it its name.

        Raises:
            OSError: if something written earlier is lost.
        """
        self.close()
        self.check()
        if self._temporary:
            try:
                os.replace(self._temporary, self._target)
            except OSError as error:
                raise _located(error, self._path) from None
            _core.drop_unfinished(os.fsencode(self._temporary))
            self._remover.detach()

    def discard(self) -> None:
        """Close and remove the file, unless it has its name."""
        self.close()
        self._remover()

    def scratch(self) -> BinaryIO:
        """A temporary file without a name, beside the file; the caller closes it."""
        file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115
        self._scratch.append(file)
        return file

    def let_go(self) -> None:
        """In a forked child: whatever still writes to these files, writes nowhere."""
        nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        files = [self._descriptor, *(each.fileno() for each in self._scratch if not each.closed)]
        for descriptor in files:
            if descriptor >= 0:
                os.dup2(nowhere, descriptor, inheritable=False)
        os.close(nowhere)

    def fileno(self) -> int:
        """The descriptor, which takes writes directly as well."""
        return self._descriptor

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            offset += os.fstat(self._descriptor).st_size
        self._position = offset + (self._position if whence == os.SEEK_CUR else 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Bytes that are written; of those that were lost, zeros."""
        view = memoryview(buffer).cast("B")
        data = os.pread(self._descriptor, len(view), self._position)
        if self.error is not None:
            data = data.ljust(len(view), b"\0")
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        rest = view
        try:
            while rest and self.error is None:
                done = os.pwrite(self._descriptor, rest, self._position + len(view) - len(rest))
                rest = rest[done:]
        except OSError as error:
            self.error = error
        self._position += len(view)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        size = self._position if size is None else size
        if self.error is None:
            try:
                os.ftruncate(self._descriptor, size)
            except OSError as error:
                self.error = error
        return size

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        descriptor, self._descriptor = getattr(self, "_descriptor", -1), -1
        if descriptor >= 0:
            try:
                os.close(descriptor)
            except OSError as error:
                self.error = self.error or error


def _status_of(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _create(target: str, existing: os.stat_result | None) -> tuple[int, str]:
    """A new file beside the target, locked, and its path; what killed runs have left beside it is removed."""
    mode = 0o666 if existing is None else stat.S_IMODE(existing.st_mode)
    for number in range(_MOST_TEMPORARIES):
        path = _temporary_name(target, number)
        if os.path.lexists(path) and not _remove_abandoned(path):
            continue
        with suppress(FileExistsError):  # another run was faster
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, mode & 0o777)
            _lock(descriptor)
            if os.fstat(descriptor).st_nlink == 0:  # taken for abandoned before it was locked
                os.close(descriptor)
                continue
            _core.add_unfinished(os.fsencode(path))
            if existing is not None:
                os.fchmod(descriptor, mode)
            _remove_later(target, number + 1)
            return descriptor, path
    raise OSError(errno.EEXIST, "too many runs write this file", target)


def _remove_later(target: str, number: int) -> None:
    """Remove what runs have left that were killed side by side."""
    while os.path.lexists(path := _temporary_name(target, number)):
        _remove_abandoned(path)
        number += 1


def _temporary_name(target: str, number: int) -> str:
    folder, name = os.path.split(target)
    ending = f".aestream{number}.tmp"
    if len(os.fsencode(name)) + len(ending) > _LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return os.path.join(folder, name + ending)


def _remove_abandoned(path: str) -> bool:
    """Remove a temporary file unless a run still writes it; whether it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | _FLAGS)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not _lock(descriptor):
            return False
        os.unlink(path)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the lock that a writer holds as long as it lives; False if another does, or there are no locks here."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(temporary: str, process: int) -> None:
    if temporary and os.getpid() == process:
        with suppress(OSError):
            os.unlink(temporary)
        _core.drop_unfinished(os.fsencode(temporary))


def _located(error: OSError, path: str) -> OSError:
    """The same error of the system, with the path that the user knows."""
    return OSError(error.errno, error.strerror, path)


def _let_go_of_all() -> None:
    for output in list(_OPEN):
        output.let_go()


os.register_at_fork(after_in_child=_let_go_of_all)
