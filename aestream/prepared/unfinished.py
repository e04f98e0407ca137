"""Files that are being written: what they are called until then, and what becomes of those of processes that ended."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def temporary_name(path: Path) -> Path:
    """Where this process writes what will be ``path``: in a hidden folder beside it."""
    return path.parent / ".tmp" / f"{path.name}.{socket.gethostname()}.{os.getpid()}"


def remove_abandoned(folder: Path) -> None:
    """Remove what processes of this machine that live no more have left unfinished."""
    for path in (folder / ".tmp").glob("*"):
        host, _, process = path.name.rpartition(".")
        if host.endswith(f".{socket.gethostname()}") and process.isdigit() and not _is_alive(int(process)):
            path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
