"""Detect edges in what a camera sees, with a small network of leaky neurons: upright ones red, level ones blue.

    python recipes/usb_edgedetection.py [--shape 640x480] [--camera inivation] [--save edges.gif]
    python recipes/usb_edgedetection.py --file [RECORDING]

Needs the extra `recipes`, and the one of your camera: pip install 'aestream[recipes,inivation,prophesee]'.
"""

from __future__ import annotations

import argparse

import torch
from _sources import add_camera_options, open_camera
from _video import add_options, play
from torch import nn


class EdgeDetector(nn.Module):
    """Two maps of neurons, each of which looks for a line of its direction and forgets within some frames."""

    def __init__(self, size: int = 9, keep: float = 0.6, threshold: float = 0.3) -> None:
        super().__init__()
        self.keep = keep
        self.threshold = threshold
        self.lines = nn.Conv2d(1, 2, size, padding=size // 2, bias=False)
        self.lines.weight.requires_grad_(False).copy_(line_kernels(size))
        self.potential: torch.Tensor | float = 0.0

    @torch.inference_mode()
    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        """Events per pixel [H, W] in, spikes of upright and level edges [2, H, W] out."""
        self.potential = self.keep * self.potential + self.lines(frame.clamp(max=1)[None, None])[0]
        spikes = (self.potential > self.threshold).float()
        self.potential = self.potential * (1 - spikes)  # a neuron that has fired starts anew
        return spikes


def line_kernels(size: int) -> torch.Tensor:
    """[2, 1, size, size]: an upright line with dark sides, and the same turned by 90°; the sum of each is 0."""
    place = torch.arange(size) - size // 2
    across = (1 - place**2) * torch.exp(-(place**2) / 2)
    upright = torch.exp(-(place**2) / size)[:, None] * (across - across.mean())
    kernels = torch.stack([upright, upright.T])[:, None]
    return kernels / kernels.clamp(min=0).sum(dim=(2, 3), keepdim=True)


def main() -> None:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_camera_options(parser)
    add_options(parser)
    arguments = parser.parse_args()
    detect = EdgeDetector()

    def draw(frame: torch.Tensor) -> torch.Tensor:
        upright, level = detect(frame.T)
        faint = frame.T.clamp(max=1) * 0.25
        red_green_blue = torch.stack([torch.maximum(upright, faint), faint, torch.maximum(level, faint)], dim=-1)
        return (red_green_blue * 255).to(torch.uint8).transpose(0, 1)

    play(open_camera(arguments), draw, arguments)


if __name__ == "__main__":
    main()
