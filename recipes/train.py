"""Train a small network to predict the next 20 ms of a recording from the last: no labels, one file, some seconds.

    python recipes/train.py [RECORDING] [--epochs 3]

Needs the extra `recipes`: pip install 'aestream[recipes]'.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from aestream import FileInput, VoxelGrid
from aestream.data import demo_recording

BINS = 5


def make_model() -> nn.Module:
    """Voxels [B, BINS, H, W] in, voxels of the next window out."""
    return nn.Sequential(
        nn.Conv2d(BINS, 16, kernel_size=5, padding=2), nn.ReLU(), nn.Conv2d(16, BINS, kernel_size=5, padding=2)
    )


def run_epoch(model: nn.Module, loader: DataLoader[torch.Tensor], optimizer: torch.optim.Optimizer) -> float:
    """Mean squared error over all pairs of neighbouring windows of a batch, relative to predicting silence."""
    error = silence = 0.0
    for voxels in tqdm(loader, unit="batch", leave=False):
        now, following = voxels[:-1], voxels[1:]
        loss = nn.functional.mse_loss(model(now), following)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        error += loss.item()
        silence += following.square().mean().item()
    return error / silence


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", nargs="?", type=Path, default=demo_recording(), help="default: the one shipped")
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()

    torch.manual_seed(1)
    dataset = FileInput(arguments.recording, window_us=20_000, representation=VoxelGrid(BINS), progress=True)
    loader = DataLoader(dataset, batch_size=9)
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    print(f"{len(dataset)} windows of {dataset}")
    for epoch in range(arguments.epochs):
        print(f"epoch {epoch + 1}: error {run_epoch(model, loader, optimizer):.3f} of predicting silence")


if __name__ == "__main__":
    main()
