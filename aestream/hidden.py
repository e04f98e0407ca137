"""What lies in folders and archives and is none of the user's files."""

from __future__ import annotations

_FOLDERS = (".", "..")  # in paths, such as ./a.raw in an archive
_LEFT_BY_SYSTEMS = ("__MACOSX", "Thumbs.db", "desktop.ini")


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of the user's: hidden, or what macOS or Windows leaves in folders."""
    return (name.startswith(".") and name not in _FOLDERS) or name in _LEFT_BY_SYSTEMS
