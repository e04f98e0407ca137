"""Show what a camera sees.

    python recipes/usb_video.py [--shape 640x480] [--camera prophesee] [--serial ...] [--save camera.gif]
    python recipes/usb_video.py --file [RECORDING]

Needs the extra `recipes`, and the one of your camera: pip install 'aestream[recipes,inivation,prophesee]'.
"""

from __future__ import annotations

import argparse

from _sources import add_camera_options, open_camera
from _video import Fading, add_options, play


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_camera_options(parser)
    add_options(parser)
    arguments = parser.parse_args()
    play(open_camera(arguments), Fading(), arguments)


if __name__ == "__main__":
    main()
