"""Run scenes for minutes each: memory, descriptors and threads must not grow, and accounts must balance."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.soak.meter import Meter
from benchmarks.soak.scenes import SCENES


def soak(name: str, minutes: float) -> bool:
    """Run one scene and print a line; whether nothing grew."""
    meter, steps, counts = Meter(), 0, ""
    with tempfile.TemporaryDirectory() as folder:
        scene = SCENES[name](Path(folder), 60 * minutes)
        end = time.monotonic() + 60 * minutes
        try:
            while True:
                next(scene)
                steps += 1
                meter.tick()
                if time.monotonic() > end and not name.startswith("udp"):  # which end with their sender
                    break
        except StopIteration as done:
            counts = done.value
        scene.close()
    first, last = meter.thirds()
    memory = [statistics.median(each.memory for each in part) / 1e6 for part in (first, last)]
    faults = meter.faults()
    print(
        f"{name}: {minutes:g} min, {steps} steps, memory {memory[0]:.1f} to {memory[1]:.1f} MB, "
        f"{last[-1].descriptors} descriptors, {last[-1].threads} threads; {'; '.join(faults) or 'flat'}. {counts}",
        flush=True,
    )
    return not faults


def main() -> int:
    """Exit code 1 if something grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", choices=[*SCENES, []], default=[*SCENES], help="default: all")
    parser.add_argument("--minutes", type=float, default=30, help="of each scene (default %(default)s)")
    options = parser.parse_args()
    return 0 if sum(soak(name, options.minutes) for name in options.scenes) == len(options.scenes) else 1


if __name__ == "__main__":
    sys.exit(main())
