"""Show what a recording is, draw one frame of it, and run one training-style epoch over it.

    python recipes/demo.py [RECORDING] [--frame demo/frame.png]

Needs the extra `recipes`: pip install 'aestream[recipes]'.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from PIL import Image
from torch.utils.data import DataLoader
from tqdm import tqdm

from aestream import FileInput
from aestream.data import demo_recording


def draw(frame: torch.Tensor, path: Path, scale: int = 2) -> None:
    """Write a [2, H, W] frame of counts as a picture: ON red, OFF blue, on white."""
    off, on = (frame / frame.max().clamp(min=1)).sqrt()
    rgb = torch.stack([1 - off, 1 - torch.maximum(off, on), 1 - on], dim=-1)
    picture = Image.fromarray((rgb * 255).to(torch.uint8).numpy())
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST).save(path)


def run_epoch(dataset: FileInput) -> None:
    """Go over every frame of the dataset in batches, as training does, and print how fast that was."""
    started = time.perf_counter()
    drawn = torch.zeros(2, dtype=torch.float64)
    for batch in tqdm(DataLoader(dataset, batch_size=16), desc="epoch", unit="batch"):
        drawn += batch.sum(dim=(0, 2, 3))
    seconds = time.perf_counter() - started
    events = int(drawn.sum())
    print(f"one epoch: {events} events ({drawn[1] / max(events, 1):.0%} ON) in {len(dataset)} frames of 10 ms")
    print(f"  in {seconds:.3f} s: {events / seconds / 1e6:.1f} Mev/s, {len(dataset) / seconds:.0f} frames/s")


def main() -> None:
    """Read the command line and do all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?", type=Path, default=demo_recording(), help="default: the one shipped")
    parser.add_argument("--frame", type=Path, default=Path("demo/frame.png"), help="where to write the picture")
    arguments = parser.parse_args()

    dataset = FileInput(arguments.recording, window_us=10_000)
    print(f"{len(dataset)} items of {tuple(dataset[0].shape)} from {dataset}")
    for key, value in dataset.metadata.items():
        print(f"  {key}: {value}")

    pictures = FileInput(arguments.recording, window_us=100_000)
    busiest = max(tqdm(range(len(pictures)), desc="search", unit="frame"), key=lambda i: float(pictures[i].sum()))
    draw(pictures[busiest], arguments.frame)
    print(f"wrote the busiest 100 ms, {int(pictures[busiest].sum())} events, to {arguments.frame}")

    run_epoch(dataset)


if __name__ == "__main__":
    main()
