"""A map-style dataset of several recordings whose items say where they come from."""

from __future__ import annotations

import io

import torch
import torch.distributed
from torch.utils.data import Dataset

from aestream.datasets.loader import EventLoader
from aestream.datasets.samplers import draw_of
from aestream.datasets.sequences import SequenceSampler
from aestream.transforms.base import seeded


class Recordings(Dataset):
    """Items float32 ``[3]``: recording, place in it, and a number drawn from the address (seed, epoch, draw)."""

    def __init__(self, lengths: list[int], with_targets: bool = False) -> None:
        self.recording_lengths = lengths
        self.places = [(recording, place) for recording, length in enumerate(lengths) for place in range(length)]
        self.with_targets = with_targets
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int):
        drawn = torch.rand((), generator=seeded(7, self.epoch, draw_of(index)))
        item = torch.tensor([*self.places[index], drawn])
        return (item, int(index)) if self.with_targets else item


class Undisciplined(Recordings):
    """The third number comes from torch's default generator."""

    def __getitem__(self, index: int):
        return torch.tensor([*self.places[index], torch.rand(())])


LENGTHS = [5, 3, 7, 4, 6]


def make_loader(kind: str, num_workers: int = 0, kept: type[Recordings] = Undisciplined, **options) -> EventLoader:
    """A shuffled loader of "random" batches or of "sequences"."""
    dataset = kept(LENGTHS)
    if kind == "random":
        return EventLoader(dataset, batch_size=4, shuffle=True, seed=3, num_workers=num_workers, **options)
    sampler = SequenceSampler(dataset, lanes=2, steps=3, shuffle=True, seed=3)
    return EventLoader(dataset, batch_sampler=sampler, seed=3, num_workers=num_workers, **options)


def x_of(batch) -> torch.Tensor:
    """The items of a batch of either kind."""
    return batch.x if hasattr(batch, "x") else batch


def through_a_file(state: dict) -> dict:
    """A state as a checkpoint keeps it."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def train(loader: EventLoader, epochs: int, *, stop: int | None = None, start: dict | None = None):
    """Batches and weights of a tiny model with dropout, and its state when it was killed after ``stop`` batches."""
    torch.manual_seed(1)
    weights, batches = torch.ones(3), []
    if start is not None:
        loader.load_state_dict(start["loader"])
        weights = start["weights"]
        torch.set_rng_state(start["rng"])
    while loader.epoch < epochs:
        for batch in loader:
            x = x_of(batch)
            batches.append(x.clone())
            step = torch.nn.functional.dropout(x.flatten(0, -2).mean(0) - weights, 0.5)
            if torch.distributed.is_initialized():
                torch.distributed.all_reduce(step)
            weights = weights + 0.1 * step
            if len(batches) == stop:
                state = {"loader": loader.state_dict(), "weights": weights, "rng": torch.get_rng_state()}
                return batches, weights, through_a_file(state)
    return batches, weights, None
