"""Train a tiny recurrent detector on simulated shapes that move, with boxes: windows at labels, in lanes of sequences.

    python recipes/detect.py [data/shapes] [--epochs 8]

Recordings and boxes are written as Prophesee publishes theirs (`<name>_td.dat`, `<name>_bbox.npy`). An item is the
50 ms before a label. Each lane goes through one recording after the other, and the network's memory with it: it
starts anew where `is_first` says so, and gradients end with each batch.
Needs the extra `recipes`: pip install 'aestream[recipes]'.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

import aestream
from aestream.datasets import EventLoader, SequenceBatch, SequenceSampler
from aestream.datasets.boxes import DetectionDataset

SHAPE = (64, 48)
CLASSES = ("disc", "square")
LABEL_US = 50_000  # between labels, and before each
BOX = [("t", "i8"), ("x", "f4"), ("y", "f4"), ("w", "f4"), ("h", "f4"), ("class_id", "u1"), ("track_id", "u4")]
CELL = 8  # pixels of a cell of the detector's grid


def simulate(root: Path, recordings: int, *, seconds: float = 1.0, seed: int = 0) -> None:
    """Write recordings of one shape each that moves before a dark wall and is turned back by the edges."""
    random = np.random.default_rng(seed)
    root.mkdir(parents=True, exist_ok=True)
    for number in range(recordings):
        kind, size = int(random.integers(2)), float(random.uniform(8, 14))
        place = random.uniform((0, 0), (SHAPE[0] - size, SHAPE[1] - size))
        speed = random.uniform(20, 60, 2) * random.choice((-1, 1), 2)
        before, events, boxes = None, [], []
        for t in range(0, int(seconds * 1e6) + 1, 2_000):
            mask = shape_at(kind, size, place)
            if before is not None:
                y, x = np.nonzero(mask != before)
                is_noisy = random.random() < 0.1  # one event without a cause
                block = np.zeros(len(x) + is_noisy, aestream.EVENT_DTYPE)
                block["t"] = np.sort(random.integers(t - 2_000, t, len(block)))
                block["x"][: len(x)], block["y"][: len(x)], block["p"][: len(x)] = x, y, mask[y, x]
                block["x"][len(x) :], block["y"][len(x) :] = random.integers(SHAPE[0]), random.integers(SHAPE[1])
                events.append(block)
            if t and t % LABEL_US == 0:
                boxes.append((t, *place, size, size, kind, 0))
            before, place = mask, place + speed * 0.002
            turned = (place < 0) | (place > np.array(SHAPE) - size)
            speed, place = np.where(turned, -speed, speed), np.clip(place, 0, np.array(SHAPE) - size)
        aestream.save(root / f"{number:03}_td.dat", np.concatenate(events), SHAPE)
        np.save(root / f"{number:03}_bbox.npy", np.array(boxes, BOX))


def shape_at(kind: int, size: float, place: np.ndarray) -> np.ndarray:
    """Which pixels ``[H, W]`` a shape covers whose box begins at a place."""
    y, x = np.mgrid[: SHAPE[1], : SHAPE[0]] + 0.5
    across, down = np.abs(x - place[0] - size / 2), np.abs(y - place[1] - size / 2)
    if kind == 0:
        return across**2 + down**2 < (size / 2) ** 2
    return np.maximum(across, down) < size / 2


class Detector(nn.Module):
    """Says for each cell of 8x8 pixels whether a box has its middle there, which, and of what class.

    Its memory is one convolution of what was and what is, with a gate (a small ConvGRU without reset).
    """

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for given in (2, channels, channels):
            layers += [nn.Conv2d(given, channels, 3, stride=2, padding=1), nn.ReLU()]
        self.look = nn.Sequential(*layers)
        self.update = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1)
        self.say = nn.Conv2d(channels, 1 + 4 + len(CLASSES), 1)

    def forward(self, x: torch.Tensor, memory: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """``x [T, B, 2, H, W]`` and the memory of lanes in, ``[T, B, 7, H / 8, W / 8]`` and their memory out."""
        seen = self.look(x.clamp(max=4).flatten(0, 1)).unflatten(0, x.shape[:2])
        memory = torch.zeros_like(seen[0]) if memory is None else memory
        said = []
        for now in seen:
            gate, fresh = self.update(torch.cat([now, memory], dim=1)).chunk(2, dim=1)
            memory = torch.lerp(memory, fresh.tanh(), gate.sigmoid())
            said.append(self.say(memory))
        return torch.stack(said), memory


def grid_of(boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Boxes ``[n, 5]`` on the grid of cells: which hold a box's middle, where from there its edges are, its class."""
    rows, columns = SHAPE[1] // CELL, SHAPE[0] // CELL
    there, edges = torch.zeros(rows, columns), torch.zeros(4, rows, columns)
    kinds = torch.zeros(rows, columns, dtype=torch.int64)
    for kind, x, y, w, h in boxes.tolist():
        row = min(rows - 1, max(0, int((y + h / 2) // CELL)))
        column = min(columns - 1, max(0, int((x + w / 2) // CELL)))
        there[row, column], kinds[row, column] = 1, int(kind)
        middle = torch.tensor([(column + 0.5) * CELL, (row + 0.5) * CELL] * 2)
        edges[:, row, column] = (torch.tensor([x, y, x + w, y + h]) - middle) / CELL
    return there, edges, kinds


def loss_of(said: torch.Tensor, batch: SequenceBatch) -> torch.Tensor:
    """Of all steps and lanes that are no padding: is there a box, where are its edges, and what is it."""
    steps, lanes = batch.is_padded.shape
    real = [(step, lane) for step in range(steps) for lane in range(lanes) if not batch.is_padded[step, lane]]
    there, edges, kinds = map(
        torch.stack, zip(*(grid_of(batch.targets[step][lane]) for step, lane in real), strict=True)
    )
    said = torch.stack([said[step, lane] for step, lane in real])
    found = there > 0
    presence = nn.functional.binary_cross_entropy_with_logits(said[:, 0], there, pos_weight=torch.tensor(10.0))
    place = (said[:, 1:5] - edges).abs().mean(dim=1)[found].mean()
    kind = nn.functional.cross_entropy(said[:, 5:].movedim(1, -1)[found], kinds[found])
    return presence + place + kind


def run_epoch(model: Detector, loader: EventLoader, optimizer: torch.optim.Optimizer) -> float:
    """Mean loss of an epoch."""
    memory, losses = None, []
    for batch in tqdm(loader, unit="batch", leave=False):
        if memory is not None:
            memory = memory.detach() * ~batch.is_first[:, None, None, None]
        said, memory = model(batch.x, memory)
        loss = loss_of(said, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path("data/shapes"), help="default: data/shapes")
    parser.add_argument("--recordings", type=int, default=48, help="to simulate, if there are none; default: 48")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--lanes", type=int, default=8, help="recordings side by side; default: 8")
    parser.add_argument("--steps", type=int, default=5, help="windows of a lane in a batch; default: 5")
    arguments = parser.parse_args()
    if not arguments.root.exists():
        simulate(arguments.root, arguments.recordings)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # layers of this size wait for their threads longer than they compute
    dataset = DetectionDataset(arguments.root, SHAPE, classes=CLASSES, length_us=LABEL_US, boxes="tensor")
    sampler = SequenceSampler(dataset, lanes=arguments.lanes, steps=arguments.steps, shuffle=True)
    loader = EventLoader(dataset, batch_sampler=sampler)
    model = Detector()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    print(f"{len(dataset)} labelled windows in {dataset.num_recordings} recordings, {len(loader)} batches an epoch")
    for epoch in range(arguments.epochs):
        print(f"epoch {epoch + 1}: loss {run_epoch(model, loader, optimizer):.3f}", flush=True)


if __name__ == "__main__":
    main()
