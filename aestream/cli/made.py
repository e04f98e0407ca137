"""What ``convert`` made its files from: so that another command for the same file is not taken for the same work."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from aestream.datasets.index_cache import cache_folder

_MOST_BYTES = 64 << 20  # of a journal: what is larger is not ours


class Made:
    """A journal for each output folder, below the user's cache folder. Without one nothing is known; nothing fails."""

    def __init__(self) -> None:
        self._journals: dict[str, dict[str, dict[str, Any]]] = {}

    def how(self, target: Path) -> dict[str, Any] | None:
        """What a file was made from and with; None if that is not known, or the file has changed since."""
        entry = self._journal(target).get(target.name)
        if entry is None or entry.get("stamp") != _stamp(target):
            return None
        how = entry.get("how")
        return how if isinstance(how, dict) else None

    def remember(self, target: Path, how: dict[str, Any]) -> None:
        """Note what a file, which is complete, was made from and with."""
        try:
            line = json.dumps({"name": target.name, "stamp": _stamp(target), "how": how}) + "\n"
            path = _place(target)
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except (OSError, RuntimeError):  # RuntimeError: there is no home folder
            pass

    def _journal(self, target: Path) -> dict[str, dict[str, Any]]:
        folder = os.path.realpath(target.parent)
        if folder not in self._journals:
            self._journals[folder] = _read(target)
        return self._journals[folder]


def _place(target: Path) -> Path:
    folder = os.fsencode(os.path.realpath(target.parent))
    return cache_folder().parent / "converted" / hashlib.sha256(folder).hexdigest()


def _stamp(path: Path) -> list[int]:
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]


def _read(target: Path) -> dict[str, dict[str, Any]]:
    """The latest line of each name; damaged ones are left out."""
    try:
        path = _place(target)
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return {}
        lines = path.read_text(errors="replace").splitlines()
    except (OSError, RuntimeError):
        return {}
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        try:
            entry = json.loads(line)
            found[entry["name"]] = entry
        except (ValueError, KeyError, TypeError):
            continue
    return found
