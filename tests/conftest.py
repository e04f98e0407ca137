"""Tests see the installed package, never the source folder, which has no compiled core."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != REPOSITORY]

# Hypothesis without its wall clock, so that a busy machine fails nothing; on CI with the same examples every time.
# Under a sanitizer fewer of them: they have been run already, and look for another kind of fault.
settings.register_profile("no_clock", deadline=None)
settings.register_profile("ci", parent=settings.get_profile("no_clock"), derandomize=True, print_blob=True)
settings.register_profile("sanitized", parent=settings.get_profile("ci"), max_examples=25)
if os.environ.get("AESTREAM_SANITIZED"):
    settings.load_profile("sanitized")
else:
    settings.load_profile("ci" if os.environ.get("CI") else "no_clock")

# Whatever started the tests may ignore these, as nohup and a shell's `&` do; their children would ignore them too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
