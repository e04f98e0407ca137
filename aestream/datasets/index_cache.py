"""Indexes on disk, so that a file is scanned once. Nothing here may fail: what cannot be used is rebuilt."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

from aestream.user_cache import cache_folder as user_folder

# Smaller files are scanned faster than the cache is read; and data sets of many small files would fill it.
MIN_FILE_BYTES = 4 << 20
_MAGIC = b"aestream index 1\n"


def cache_folder() -> Path:
    """Where indexes are kept."""
    return user_folder("index")


def read_index(path: str, format: str) -> bytes | None:
    """The packed index of a file as it is now, or None: none was kept, or the file or the cache has changed."""
    try:
        key = _key(path, format)
        blob = _entry(key).read_bytes()
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None
    head = _MAGIC + key + b"\n"
    digest, packed = blob[len(head) : len(head) + 32], blob[len(head) + 32 :]
    if not blob.startswith(head) or hashlib.sha256(packed).digest() != digest:
        return None
    return packed


def write_index(path: str, format: str, packed: bytes) -> None:
    """Keep the packed index of a file. A folder that cannot be written to is no error."""
    with contextlib.suppress(OSError, RuntimeError):
        key = _key(path, format)
        entry = _entry(key)
        entry.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=entry.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(_MAGIC + key + b"\n" + hashlib.sha256(packed).digest() + packed)
            os.replace(temporary, entry)
        except OSError:
            os.unlink(temporary)
            raise


def stored_bytes(path: str) -> int:
    """Size of a file, or of the files in a folder."""
    return sum(status.st_size for _, status in _files(path))


def _files(path: str) -> list[tuple[str, os.stat_result]]:
    """A file, or those that lie in a folder, by name."""
    if not os.path.isdir(path):
        return [("", os.stat(path))]
    return sorted((entry.name, entry.stat()) for entry in os.scandir(path) if entry.is_file())


def _key(path: str, format: str) -> bytes:
    stamps = [[name, status.st_size, status.st_mtime_ns] for name, status in _files(path)]
    return json.dumps([os.path.realpath(path), format, stamps]).encode()


def _entry(key: bytes) -> Path:
    path, format, *_ = json.loads(key)
    return cache_folder() / hashlib.sha256(f"{path}\n{format}".encode()).hexdigest()
