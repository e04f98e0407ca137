"""What the recipes with a picture share: options, a window or a GIF, and the loop that fills it. No recipe itself."""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image

from aestream import EventStream, FileInput

Draw = Callable[[torch.Tensor], torch.Tensor]  # events per pixel [width, height] to uint8 [width, height, 3]


def add_options(parser: argparse.ArgumentParser) -> None:
    """How long to play, how fast, and where to."""
    parser.add_argument("--frames", type=int, help="stop after so many; default: when the source ends, or at Ctrl-C")
    parser.add_argument("--fps", type=float, default=30, help="frames per second")
    parser.add_argument("--save", type=Path, metavar="FILE.gif", help="write a GIF instead of opening a window")
    parser.add_argument("--scale", type=int, default=1, help="pixels of the screen per pixel of the sensor")


class Screen(Protocol):
    """Where pictures go."""

    def show(self, picture: np.ndarray) -> bool:
        """Take a picture, uint8 [width, height, 3]; False once the user wants no more."""

    def close(self) -> None:
        """Finish."""


class Window:
    """A window of the desktop."""

    def __init__(self, shape: tuple[int, int], scale: int, title: str) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        import pygame

        self.pygame = pygame
        pygame.display.init()
        pygame.display.set_caption(title)
        self.surface = pygame.display.set_mode((shape[0] * scale, shape[1] * scale))

    def show(self, picture: np.ndarray) -> bool:
        """Draw it now; False if the window was closed or Escape was pressed."""
        small = self.pygame.surfarray.make_surface(picture)
        self.pygame.transform.scale(small, self.surface.get_size(), self.surface)
        self.pygame.display.flip()
        events = self.pygame.event.get()
        is_escape = any(each.type == self.pygame.KEYDOWN and each.key == self.pygame.K_ESCAPE for each in events)
        return not is_escape and all(each.type != self.pygame.QUIT for each in events)

    def close(self) -> None:
        """Close it."""
        self.pygame.display.quit()


class Gif:
    """A file, written at the end."""

    def __init__(self, path: Path, scale: int, fps: float) -> None:
        self.path = path
        self.scale = scale
        self.fps = fps
        self.images: list[Image.Image] = []

    def show(self, picture: np.ndarray) -> bool:
        """Keep it."""
        image = Image.fromarray(np.ascontiguousarray(picture.swapaxes(0, 1)))
        size = (image.width * self.scale, image.height * self.scale)
        self.images.append(image.resize(size, Image.Resampling.NEAREST))
        return True

    def close(self) -> None:
        """Write what there is."""
        if not self.images:
            print(f"no frames: {self.path} is not written")
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        first, *rest = self.images
        first.save(self.path, save_all=True, append_images=rest, duration=round(1000 / self.fps), loop=0)
        print(f"wrote {len(self.images)} frames to {self.path}")


class Fading:
    """Draws events in white, which fade within some frames."""

    def __init__(self, keep: float = 0.75) -> None:
        self.keep = keep
        self.light: torch.Tensor | float = 0.0

    def __call__(self, frame: torch.Tensor) -> torch.Tensor:
        """The picture of this frame and what is left of those before."""
        self.light = torch.maximum(frame.clamp(max=1), torch.as_tensor(self.light * self.keep))
        return (self.light * 255).to(torch.uint8)[:, :, None].expand(-1, -1, 3)


def play(stream: EventStream | FileInput, draw: Draw, arguments: argparse.Namespace) -> None:
    """Open the stream, and read, draw and show until it has ended, there were enough frames or the user leaves."""
    if stream.shape is None:
        raise SystemExit(f"{stream} does not say its sensor's shape")
    screen: Screen
    if arguments.save:
        screen = Gif(arguments.save, arguments.scale, arguments.fps)
    else:
        screen = Window(stream.shape, arguments.scale, str(stream))
    try:
        with stream:
            show_frames(stream, draw, screen, arguments)
    except KeyboardInterrupt:
        print("stopped")
    finally:
        screen.close()
        print(stream.stats)


def show_frames(stream: EventStream | FileInput, draw: Draw, screen: Screen, arguments: argparse.Namespace) -> None:
    """The loop of `play`, at its frames per second."""
    started = time.monotonic()
    for shown in itertools.count(1):
        time.sleep(max(0.0, started + shown / arguments.fps - time.monotonic()))
        is_wanted = screen.show(draw(stream.read("torch").cpu()).numpy())
        if not is_wanted or shown == arguments.frames or not stream.is_streaming():
            return
