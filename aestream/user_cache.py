"""Where this user's caches lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder(kind: str) -> Path:
    """The folder of one kind of cache: below ``$XDG_CACHE_HOME``, or the system's folder for caches. It need not exist.

    Raises:
        RuntimeError: if there is no home folder.
    """
    if sys.platform == "darwin":
        default = Path.home() / "Library" / "Caches"
    else:
        default = Path.home() / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or default) / "aestream" / kind
