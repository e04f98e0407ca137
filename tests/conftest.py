"""Tests see the installed package, never the source folder, which has no compiled core."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != REPOSITORY]

# Hypothesis without its wall clock, so that a busy machine fails nothing; on CI with the same examples every time.
settings.register_profile("no_clock", deadline=None)
settings.register_profile("ci", parent=settings.get_profile("no_clock"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "no_clock")
