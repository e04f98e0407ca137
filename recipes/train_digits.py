"""Train a small network to read digits from events: convolutions on frames, or leaky neurons on ten steps in time.

    python recipes/train_digits.py                       # simulates the digits, if they are not there yet
    python recipes/train_digits.py --network leaky --checkpoint leaky.ckpt
    python recipes/train_digits.py --root ~/N-MNIST      # any folder in the layout of N-MNIST

The checkpoint also holds what made the items, so that `live_inference.py` makes the same of a live stream.
Needs the extras `recipes` and `lightning`: pip install 'aestream[recipes,lightning]'.
"""

from __future__ import annotations

import argparse
import logging
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from _digits import REPRESENTATIONS, WINDOW_US, Digits
from lightning.pytorch.profilers import SimpleProfiler
from simulate_digits import simulate

from aestream.datasets import NMNIST, split_by_recording
from aestream.training import EventDataModule


@dataclass(frozen=True)
class Result:
    """What a training came to.

    Attributes:
        accuracy: on the test set.
        seconds: of training.
        loading: the part of them that was spent waiting for data.
    """

    accuracy: float
    seconds: float
    loading: float


def make_data(root: Path, network: str, *, batch_size: int = 32, seed: int = 0, workers: int = 0) -> EventDataModule:
    """A tenth of the training digits is for validation."""
    options: dict[str, Any] = {"window_us": WINDOW_US, "representation": REPRESENTATIONS[network]}
    options["max_open"] = 2000  # all of them stay open: opening a small file takes longer than reading it
    train, val = split_by_recording(NMNIST(root, "train", **options), (0.9, 0.1), seed=seed)
    test = NMNIST(root, "test", **options)
    return EventDataModule(train, val, test, test, batch_size=batch_size, seed=seed, num_workers=workers)


def make_trainer(epochs: int, **options: Any) -> lightning.Trainer:
    """A trainer that writes no files by itself and says nothing."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message=".*does not have many workers")  # threads do the work
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", enable_model_summary=False, num_sanity_val_steps=0, **quiet, **options
    )


def train(data: EventDataModule, network: str, checkpoint: Path, *, epochs: int, seed: int = 0) -> Result:
    """Train, test and write the checkpoint."""
    lightning.seed_everything(seed, verbose=False)
    torch.set_num_threads(1)  # layers of this size wait for their threads longer than they compute
    profiler = SimpleProfiler()
    trainer = make_trainer(epochs, profiler=profiler)
    model = Digits(network)
    started = time.perf_counter()
    trainer.fit(model, data)
    seconds = time.perf_counter() - started
    waited = sum(profiler.recorded_durations["[_TrainingEpochLoop].train_dataloader_next"])
    epoch = sum(profiler.recorded_durations["run_training_epoch"])
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    trainer.save_checkpoint(checkpoint)
    (tested,) = trainer.test(model, data, verbose=False)
    return Result(tested["accuracy"], seconds, waited / epoch)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("data/digits"), help="default: data/digits")
    parser.add_argument("--network", choices=list(REPRESENTATIONS), default="cnn")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--workers", type=int, default=0, help="processes that make batches; default: none, but threads"
    )
    parser.add_argument("--checkpoint", type=Path, default=Path("data/digits.ckpt"), help="default: data/digits.ckpt")
    arguments = parser.parse_args()
    if not arguments.root.exists():
        simulate(arguments.root)
    data = make_data(arguments.root, arguments.network, seed=arguments.seed, workers=arguments.workers)
    sizes = {stage: len(dataset) for stage, dataset in data.datasets.items() if stage != "predict"}
    print(f"{arguments.network} on {data.passport.representation['type']}: {sizes}")
    result = train(data, arguments.network, arguments.checkpoint, epochs=arguments.epochs, seed=arguments.seed)
    print(f"{result.accuracy:.1%} of the test digits are right, after {result.seconds:.0f} s")
    print(f"{result.loading:.1%} of an epoch's time was loading; wrote {arguments.checkpoint}")


if __name__ == "__main__":
    main()
