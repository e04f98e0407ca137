"""Read a file: all of its events as an array, and what they are.

python recipes/file_read.py [RECORDING]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from aestream import FileInput
from aestream.data import demo_recording


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?", type=Path, default=demo_recording(), help="default: the one shipped")
    arguments = parser.parse_args()

    file = FileInput(arguments.recording, progress=True)
    events = file.load()
    seconds = (file.t_stop - file.t_start) / 1e6
    print(file)
    print(f"{len(events)} events, the first ones:")
    for t, x, y, p in events[:5].tolist():
        print(f"  t={t} µs  x={x}  y={y}  {'ON' if p else 'OFF'}")
    if len(events):
        print(f"{events['p'].mean():.0%} ON; {len(events) / seconds:.0f} events per second")

    t, x, y, p = file.load("torch")  # or as four tensors
    print(f"as tensors: t {t.dtype}, x {x.dtype}, y {y.dtype}, p {p.dtype}")


if __name__ == "__main__":
    main()
