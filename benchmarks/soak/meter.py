"""Memory, descriptors and threads of this process and its children, over time."""

from __future__ import annotations

import contextlib
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

WARM_UP = 0.2  # of the time, in which caches fill and pools grow
MEMORY_RATIO, MEMORY_BYTES = 1.03, 8 << 20  # the larger one may be between the first and last third


@dataclass(frozen=True)
class Sample:
    """What was in use at one moment."""

    seconds: float
    memory: int  # bytes that are resident; those that processes share count in parts
    descriptors: int
    threads: int


@dataclass
class Meter:
    """Takes a sample every so often; `faults` says what grew."""

    period_s: float = 1.0
    samples: list[Sample] = field(default_factory=list)
    _begin: float = field(default_factory=time.monotonic)
    _due: float = 0.0

    def tick(self) -> None:
        """Take a sample if it is time; cheap if it is not."""
        now = time.monotonic() - self._begin
        if now >= self._due:
            self._due = now + self.period_s
            found = [each for each in map(_usage, _tree(os.getpid())) if each is not None]
            self.samples.append(Sample(now, *(sum(values) for values in zip(*found, strict=True))))

    def thirds(self) -> tuple[list[Sample], list[Sample]]:
        """The first and the last third of what came after the warming up."""
        end = self.samples[-1].seconds
        warm = [each for each in self.samples if each.seconds >= WARM_UP * end]
        third = max(len(warm) // 3, 1)
        return warm[:third], warm[-third:]

    def faults(self) -> list[str]:
        """What is larger in the last third than in the first, in words."""
        first, last = self.thirds()
        before, after = (statistics.median(each.memory for each in part) for part in (first, last))
        found = []
        if after > max(before * MEMORY_RATIO, before + MEMORY_BYTES):
            found.append(f"memory grew from {before / 1e6:.1f} to {after / 1e6:.1f} MB")
        for name in ("descriptors", "threads"):
            before, after = (max(getattr(each, name) for each in part) for part in (first, last))
            if after > before:
                found.append(f"{name} grew from {before} to {after}")
        return found


def _tree(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _usage(pid: int) -> tuple[int, int, int] | None:
    """Memory, descriptors and threads of one process; None if it has ended."""
    try:
        memory = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kilobytes = next(int(line.split()[1]) for line in memory.splitlines() if line.startswith("Pss:"))
        return kilobytes * 1024, len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))
    except (OSError, StopIteration):
        return None
