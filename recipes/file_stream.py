"""Stream a file as if it were a camera, and show it.

    python recipes/file_stream.py [RECORDING] [--fast] [--save stream.gif]

Needs the extra `recipes`: pip install 'aestream[recipes]'.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from _video import Fading, add_options, play

from aestream import FileInput
from aestream.data import demo_recording


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?", type=Path, default=demo_recording(), help="default: the one shipped")
    parser.add_argument("--fast", action="store_true", help="at full speed instead of in real time")
    add_options(parser)
    arguments = parser.parse_args()
    play(FileInput(arguments.recording, ignore_time=arguments.fast, progress=True), Fading(), arguments)


if __name__ == "__main__":
    main()
