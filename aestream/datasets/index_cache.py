"""Indexes as bytes that know whose they are, and on disk, so that a file is scanned once. Nothing here may fail: what
cannot be used is rebuilt."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from pathlib import Path

from aestream.formats.base import Identity
from aestream.user_cache import cache_folder as user_folder

# Smaller files are scanned faster than the cache is read; and data sets of many small files would fill it.
MIN_FILE_BYTES = 4 << 20
_MAGIC = b"aestream index 2\n"
_MOST_BYTES = 8 << 20  # an index has about a mebibyte


def seal(packed: bytes, identity: Identity, variant: str, *, path: str = "") -> bytes:
    """A packed index with what it is an index of, and a checksum over all of it.

    Args:
        packed: as the core packs it.
        identity: of the file as it was opened. Its device is left out: the same file has others on other machines.
        variant: the format, and the options that the file was opened with.
        path: where the file lies, if that matters.
    """
    body = _head(identity, variant, path) + packed
    return _MAGIC + hashlib.sha256(body).digest() + body


def unseal(sealed: bytes, identity: Identity, variant: str, *, path: str = "") -> bytes | None:
    """The packed index, or None: it is damaged, or of another file or of another state of it."""
    digest, body = sealed[len(_MAGIC) : len(_MAGIC) + 32], sealed[len(_MAGIC) + 32 :]
    head = _head(identity, variant, path)
    if not sealed.startswith(_MAGIC) or not body.startswith(head) or hashlib.sha256(body).digest() != digest:
        return None
    return body[len(head) :]


def _head(identity: Identity, variant: str, path: str) -> bytes:
    # A copy has another inode, and is as good; the cache is for one path on one machine.
    files = [[name, *((inode,) if path else ()), *rest] for name, _, inode, *rest in identity]
    return json.dumps([os.path.realpath(path) if path else "", variant, files]).encode() + b"\n"


def cache_folder() -> Path:
    """Where indexes are kept."""
    return user_folder("index")


def read_index(path: str, variant: str, identity: Identity) -> bytes | None:
    """The packed index of a file as it was opened, or None: none was kept, or the file or the cache has changed."""
    try:
        sealed = _read_own_file(_entry(path, variant))
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None
    return None if sealed is None else unseal(sealed, identity, variant, path=path)


def write_index(path: str, variant: str, identity: Identity, packed: bytes) -> None:
    """Keep the packed index of a file. A folder that cannot be written to is no error."""
    with contextlib.suppress(OSError, RuntimeError):
        entry = _entry(path, variant)
        entry.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=entry.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(seal(packed, identity, variant, path=path))
            os.replace(temporary, entry)
        except BaseException:
            os.unlink(temporary)
            raise


def stored_bytes(identity: Identity) -> int:
    """Size of a file, or of the files in a folder."""
    return sum(size for _, _, _, size, *_ in identity)


def _read_own_file(path: Path) -> bytes | None:
    """The bytes of a small regular file that is the user's own; no link is followed, and nothing is waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        is_own = status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISREG(status.st_mode) or not is_own or status.st_size > _MOST_BYTES:
            return None
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read(_MOST_BYTES)
    finally:
        os.close(descriptor)


def _entry(path: str, variant: str) -> Path:
    name = os.fsencode(os.path.realpath(path)) + b"\n" + variant.encode(errors="backslashreplace")
    return cache_folder() / hashlib.sha256(name).hexdigest()
