"""Where shards are read from: the prepared folder, or copies of its files in a local one."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from pathlib import Path
from typing import Any

from aestream.prepared.contents import MANIFEST, Contents, StoredShard
from aestream.prepared.shard import Shard, ShardError
from aestream.prepared.unfinished import temporary_name


class Folder:
    """A prepared folder.

    Raises:
        ValueError: if it has no manifest; says what to do.
    """

    def __init__(self, path: str | os.PathLike[str], *, verify: bool) -> None:
        self.name = os.fspath(path)
        self._verify = verify

    def contents(self) -> Contents:
        """What the folder holds, as its manifest says."""
        path = Path(self.name) / MANIFEST
        if not path.is_file():
            raise ValueError(f"expected {MANIFEST} in {self.name!r}, found none: is its preparation complete?")
        return Contents.from_json(path.read_text(), str(path))

    def open(self, number: int, shard: StoredShard) -> Shard:
        """A shard; verified now, if that is wanted."""
        opened = Shard(Path(self.name) / shard.name, shard.key, verify=self._verify)
        if opened.digest != shard.sha256:
            raise ShardError(f"{str(opened.path)!r} is not the shard that the manifest lists; prepare it again")
        return opened


class LocalCopies:
    """Copies of the shards of a slow folder in a fast one, which holds ``limit_bytes`` of them at most.

    The latest used ones stay. Several processes may share the folder.

    Args:
        source: a folder, or a URL that fsspec opens.
        local: a folder, made if it is not there; remove it when it is not wanted any more.
        limit_bytes: of all copies; None: no limit. One shard is kept in any case.

    Raises:
        ImportError: if ``source`` is a URL and fsspec is not installed.
    """

    def __init__(
        self, source: str | os.PathLike[str], local: str | os.PathLike[str], limit_bytes: int | None, *, verify: bool
    ) -> None:
        self.name = os.fspath(source)
        self._local = Path(local)
        self._limit = limit_bytes
        self._verify = verify
        self._lock = threading.Lock()

    def contents(self) -> Contents:
        """What the folder holds, as its manifest says."""
        with self._opened(MANIFEST) as stream:
            return Contents.from_json(stream.read().decode(), f"{self.name}/{MANIFEST}")

    def open(self, number: int, shard: StoredShard) -> Shard:
        """A shard's copy, fetched now if it is not there or is damaged."""
        path = self._local / shard.name
        with self._lock:
            try:
                opened = Shard(path, shard.key, verify=self._verify)
                os.utime(path)
                return opened
            except OSError:
                self._fetch(path)
            self._make_room(path)
        return Shard(path, shard.key, verify=self._verify)

    def _fetch(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_name(path)
        temporary.parent.mkdir(exist_ok=True)
        try:
            with self._opened(path.name) as source, open(temporary, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    def _make_room(self, newest: Path) -> None:
        if self._limit is None:
            return
        copies = []
        for path in self._local.glob("shard-*.safetensors"):
            with contextlib.suppress(FileNotFoundError):  # another process has removed it
                status = path.stat()
                copies.append((status.st_mtime_ns, status.st_size, path))
        used = sum(size for _, size, _ in copies)
        for _, size, path in sorted(copies):
            if used <= self._limit:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                used -= size

    def _opened(self, name: str) -> Any:
        if "://" not in self.name:
            return open(Path(self.name) / name, "rb")
        import fsspec

        return fsspec.open(f"{self.name}/{name}", "rb")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())
