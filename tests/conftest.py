"""Settings of every test: Hypothesis without its wall clock, so that a busy machine fails nothing."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("no_clock", deadline=None)
settings.load_profile("no_clock")
