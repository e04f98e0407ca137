"""Recordings in the layout of N-MNIST: the recipe's simulated digits, and these moved by some pixels."""

from __future__ import annotations

from pathlib import Path

from aestream import FileInput, save
from recipes.simulate_digits import SIDE, simulate

SIMULATED, FAR = 240, 3  # digits; pixels


def ensure(folder: Path, count: int) -> Path:
    """The folder with ``Train/<digit>/<number>.bin``, written by us, and an empty ``Test`` of ten."""
    source, root = folder / "digits/simulated", folder / f"digits/{count}"
    if not (source / "complete").exists():
        print(f"simulating {SIMULATED} digits", flush=True)
        simulate(source, limit=SIMULATED, progress=False)
        (source / "complete").touch()
    if (root / "complete").exists():
        return root
    print(f"writing {count} digits", flush=True)
    originals = [(path.parent.name, FileInput(path).load()) for path in sorted(source.glob("T*/*/*.bin"))]
    for number in range(count):
        digit, events = originals[number % len(originals)]
        path = root / "Train" / digit / f"{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, _moved(events, number // len(originals)), (SIDE, SIDE))
    (root / "complete").touch()
    return root


def _moved(events, turn: int):
    """By up to three pixels to each side; what leaves the sensor is left out."""
    width = 2 * FAR + 1
    moved = events.copy()
    moved["x"] += (turn + FAR) % width - FAR
    moved["y"] += (turn // width + FAR) % width - FAR
    return moved[(moved["x"] >= 0) & (moved["x"] < SIDE) & (moved["y"] >= 0) & (moved["y"] < SIDE)]
