"""Show what a recording is, draw one frame of it, and run one training-style epoch over it.

    python recipes/demo.py [RECORDING] [--frame demo/frame.png]

Needs the extra `recipes`: pip install 'aestream[recipes]'.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
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


def run_epoch(dataset: FileInput) -> tuple[float, float]:
    """Sum every frame of the dataset, as a model would; returns events in frames and seconds."""
    loader = DataLoader(dataset, batch_size=16)
    started = time.perf_counter()
    events = sum(float(batch.sum()) for batch in tqdm(loader, desc="epoch", unit="batch"))
    return events, time.perf_counter() - started


def main() -> None:
    """Parse the command line and do all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?", type=Path, default=demo_recording(), help="default: the one shipped")
    parser.add_argument("--frame", type=Path, default=Path("demo/frame.png"), help="where to write the picture")
    arguments = parser.parse_args()

    dataset = FileInput(arguments.recording, window_us=10_000)
    events = dataset.load()
    print(dataset)
    for key, value in dataset.metadata.items():
        print(f"  {key}: {value}")
    print(f"  ON events: {np.mean(events['p']):.1%}" if len(events) else "  no events")

    busiest = int(torch.tensor([dataset[i].sum() for i in range(len(dataset))]).argmax())
    draw(dataset[busiest], arguments.frame)
    print(f"wrote window {busiest}, {int(dataset[busiest].sum())} events in 10 ms, to {arguments.frame}")

    drawn, seconds = run_epoch(dataset)
    print(
        f"one epoch: {drawn:.0f} events in {len(dataset)} frames in {seconds:.3f} s: {drawn / seconds / 1e6:.1f} Mev/s"
    )


if __name__ == "__main__":
    main()
