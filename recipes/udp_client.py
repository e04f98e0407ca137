"""Print how many events arrive over UDP.

python recipes/udp_client.py [--shape 640x480] [--port 3333] [--file [RECORDING]]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import time

from _sources import add_udp_options, sending

from aestream import UDPInput


def main() -> None:
    """Read the command line and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_udp_options(parser)
    parser.add_argument("--frames", type=int, help="stop after so many lines; default: at Ctrl-C")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between lines; default: 0.5")
    arguments = parser.parse_args()

    stream = UDPInput(arguments.shape, port=arguments.port, protocol=arguments.protocol)
    with contextlib.suppress(KeyboardInterrupt), stream, sending(arguments.file, stream.port, arguments.protocol):
        print(f"listening: {stream}")
        for line in itertools.count(1):
            time.sleep(arguments.interval)
            frame = stream.read()  # a (640, 480) array of what came since the last read
            print(f"{int(frame.sum())} events, {stream.stats.rate_hz:.0f} per second", flush=True)
            if line == arguments.frames:
                break
    print(stream.stats)


if __name__ == "__main__":
    main()
