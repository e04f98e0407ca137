"""Tests see the installed package, never the source folder, which has no compiled core."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != REPOSITORY]

# No deadline: shared machines pause. On CI the same examples every time, so that a failure can be repeated.
settings.register_profile("aestream", deadline=None)
settings.register_profile("ci", parent=settings.get_profile("aestream"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "aestream")
