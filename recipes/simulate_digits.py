"""Simulate handwritten digits before a sensor that moves in three saccades, as files in the layout of N-MNIST.

    python recipes/simulate_digits.py [data/digits] [--seed 0] [--copies 1]

The digits are the 1797 that ship with scikit-learn, 8x8 pixels each. What a pixel of the sensor does: it remembers the
logarithm of its light, reports when that has changed by its contrast threshold, and then rests for the refractory time.
Thresholds differ from pixel to pixel, and now and then a pixel reports without a cause.

Needs the extra `recipes`: pip install 'aestream[recipes]'.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import aestream

SIDE = 34  # pixels of the sensor, as of N-MNIST
MARGIN = 6  # pixels of the scene around it that the sensor sees as it moves
DIGIT = 24  # pixels of a digit
DURATION_US = 315_000
CORNERS = ((0.0, 0.0), (2.5, 5.0), (5.0, 0.0), (0.0, 0.0))  # of the sensor's way, pixels; a saccade between two of them
STEP_US = 1_000
CHUNK = 120  # digits that are simulated side by side


@dataclass(frozen=True)
class Sensor:
    """What pixels do.

    Attributes:
        threshold: change of the logarithm of light that is reported.
        mismatch: standard deviation of thresholds, as a part of it.
        refractory_us: time for which a pixel that has reported rests.
        noise_hz: reports of one pixel without a cause, per second.
    """

    threshold: float = 0.25
    mismatch: float = 0.1
    refractory_us: int = 3_000
    noise_hz: float = 0.5

    def see(self, scenes: torch.Tensor, generator: torch.Generator) -> Iterator[np.ndarray]:
        """Move before scenes ``[N, SIDE + MARGIN, SIDE + MARGIN]`` of light above 0; the events of each, in order."""
        count = len(scenes)
        spread = 1 + self.mismatch * torch.randn(SIDE, SIDE, generator=torch.Generator().manual_seed(1))  # one sensor
        threshold = (self.threshold * spread.clamp(min=0.5)).expand(count, SIDE, SIDE)
        before = memory = look(scenes, 0).log()
        ready = torch.zeros_like(memory)  # when a pixel's rest ends, µs
        found = []
        for stop in range(STEP_US, DURATION_US, STEP_US):
            light = look(scenes, stop).log()
            change = light - memory
            is_noise = self._noise(change.shape, generator)
            fires = ((change.abs() >= threshold) | is_noise) & (ready < stop)
            event = fires.nonzero(as_tuple=True)
            crossing = memory[event] + change[event].sign() * threshold[event]
            since = ((crossing - before[event]) / (light[event] - before[event])).nan_to_num(1).clamp(0, 1)
            chance = torch.rand(len(since), generator=generator)
            t = stop - STEP_US + STEP_US * torch.where(is_noise[event], chance, since)
            t = torch.maximum(t, ready[event]).clamp(max=stop - 1).floor()
            p = torch.where(is_noise[event], chance * 1e3 % 1 < 0.5, change[event] > 0)
            found.append(torch.stack([*event, t.long(), p], dim=1))
            ready[event] = t + self.refractory_us
            memory = torch.where(ready > stop, light, memory)  # a pixel at rest follows its light
            before = light
        return split_by_scene(torch.cat(found), count)

    def _noise(self, shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
        """Which pixels report without a cause in one step."""
        pixels = shape.numel()
        expected = torch.tensor(float(pixels * self.noise_hz * STEP_US / 1e6))
        reports = int(torch.poisson(expected, generator=generator))
        is_noise = torch.zeros(pixels, dtype=torch.bool)
        is_noise[torch.randint(pixels, (reports,), generator=generator)] = True
        return is_noise.view(shape)


def look(scenes: torch.Tensor, t_us: int) -> torch.Tensor:
    """The part of each scene that the sensor sees at a time, ``[N, SIDE, SIDE]``, between pixels by interpolation."""
    saccade, along = divmod(t_us * (len(CORNERS) - 1) / DURATION_US, 1)
    (x0, y0), (x1, y1) = CORNERS[int(saccade) : int(saccade) + 2]
    x, y = x0 + (x1 - x0) * along, y0 + (y1 - y0) * along
    left, top, right, down = int(x), int(y), x % 1, y % 1
    rows = (1 - down) * scenes[:, top : top + SIDE] + down * scenes[:, top + 1 : top + 1 + SIDE]
    return (1 - right) * rows[:, :, left : left + SIDE] + right * rows[:, :, left + 1 : left + 1 + SIDE]


def split_by_scene(rows: torch.Tensor, count: int) -> Iterator[np.ndarray]:
    """The events of each scene, in order of time, from rows of scene, y, x, t and p."""
    scene, y, x, t, p = rows[np.lexsort((rows[:, 3], rows[:, 0]))].T.numpy()
    events = np.zeros(len(rows), aestream.EVENT_DTYPE)
    events["t"], events["x"], events["y"], events["p"] = t, x, y, p
    return iter(np.split(events, np.searchsorted(scene, np.arange(1, count))))


def scenes_of(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Digits ``[N, 8, 8]`` of 0 to 16, near the middle of a dark wall each, as light ``[N, 40, 40]``."""
    size = (DIGIT, DIGIT)
    large = torch.nn.functional.interpolate(images[:, None] / 16, size, mode="bicubic", align_corners=False)[:, 0]
    light = torch.full((len(images), SIDE + MARGIN, SIDE + MARGIN), 0.1)
    middle = (SIDE + MARGIN - DIGIT) // 2
    places = middle + torch.randint(-1, 2, (len(images), 2), generator=generator)
    for wall, digit, (top, left) in zip(light, large.clamp(0, 1), places.tolist(), strict=True):
        wall[top : top + DIGIT, left : left + DIGIT] += digit
    return light


def simulate(root: Path, *, seed: int = 0, copies: int = 1, limit: int | None = None, progress: bool = True) -> None:
    """Write ``root/Train/<digit>/<number>.bin`` and ``root/Test/...``, a fifth of the digits.

    Args:
        seed: of the split, places and noise.
        copies: recordings of each digit to train on, at other places and with other noise.
        limit: take so many digits only, 50 or more.
    """
    digits = load_digits()
    numbers = np.arange(len(digits.target))[:limit]
    train, test = train_test_split(numbers, test_size=0.2, random_state=seed, stratify=digits.target[numbers])
    images = torch.from_numpy(digits.images).float()
    generator = torch.Generator().manual_seed(seed)
    jobs = [("Train", copy, train) for copy in range(copies)] + [("Test", 0, test)]
    with tqdm(total=copies * len(train) + len(test), unit="digit", desc="simulate", disable=not progress) as bar:
        for folder, copy, chosen in jobs:
            for start in range(0, len(chosen), CHUNK):
                part = chosen[start : start + CHUNK]
                recordings = Sensor().see(scenes_of(images[part], generator), generator)
                for number, events in zip(part.tolist(), recordings, strict=True):
                    path = root / folder / str(digits.target[number]) / f"{copy * len(images) + number + 1:05}.bin"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    aestream.save(path, events, (SIDE, SIDE))
                bar.update(len(part))


def main() -> None:
    """Read the command line and simulate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path("data/digits"), help="default: data/digits")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--copies", type=int, default=1, help="recordings of each digit to train on; default: 1")
    parser.add_argument("--limit", type=int, help="take so many digits only, 50 or more; default: all 1797")
    arguments = parser.parse_args()
    simulate(arguments.root, seed=arguments.seed, copies=arguments.copies, limit=arguments.limit)
    for split in ("train", "test"):
        dataset = aestream.datasets.NMNIST(arguments.root, split)
        events = dataset.manifest.num_events
        print(f"{split}: {len(dataset)} recordings of {events.min()} to {events.max()} events in {arguments.root}")


if __name__ == "__main__":
    main()
