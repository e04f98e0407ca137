"""How much is measured, in full and in a quick try, and where its files lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks import generate


@dataclass(frozen=True)
class Scale:
    """Sizes of a run; what a section reads is made when it asks.

    Attributes:
        folder: of all files.
        quick: a tenth or so of everything, for a try.
    """

    folder: Path
    quick: bool = False

    def generated(self, name: str) -> dict:
        """The facts of one of `generate`'s files, of 5 M events."""
        return self._files[name] if name in self._files else self._make(name)

    @cached_property
    def _files(self) -> dict[str, dict]:
        return {}

    def _make(self, name: str) -> dict:
        self._files[name] = generate.ensure(self.folder, 5_000_000, only={name})[name]
        return self._files[name]

    @property
    def windows(self) -> int:
        """Windows of 50 ms of a row."""
        return 3 if self.quick else 40
