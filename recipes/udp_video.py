"""Show the events that arrive over UDP, or record them as a GIF.

    python recipes/udp_video.py [--shape 640x480] [--port 3333] [--file [RECORDING]] [--save udp.gif]

Needs the extra `recipes`: pip install 'aestream[recipes]'.
"""

from __future__ import annotations

import argparse

from _sources import add_udp_options, sending
from _video import Fading, add_options, play

from aestream import UDPInput


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_udp_options(parser)
    add_options(parser)
    arguments = parser.parse_args()
    stream = UDPInput(arguments.shape, port=arguments.port, protocol=arguments.protocol)
    with sending(arguments.file, stream.port, arguments.protocol):
        play(stream, Fading(), arguments)


if __name__ == "__main__":
    main()
