"""Show what a Speck sees: the events that samna's JitZMQStreamer publishes.

    python recipes/speck_video.py [--address tcp://127.0.0.1:40001] [--save speck.gif]
    python recipes/speck_video.py --file [RECORDING]

Needs the extras `recipes` and `speck`: pip install 'aestream[recipes,speck]'.
"""

from __future__ import annotations

import argparse

from _sources import add_file_option
from _video import Fading, add_options, play

from aestream import FileInput, SpeckInput


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="tcp://127.0.0.1:40001", help="default: tcp://127.0.0.1:40001")
    add_file_option(parser, "play this instead of a Speck, in real time")
    add_options(parser)
    arguments = parser.parse_args()
    stream = FileInput(arguments.file, progress=True) if arguments.file else SpeckInput(address=arguments.address)
    play(stream, Fading(), arguments)


if __name__ == "__main__":
    main()
