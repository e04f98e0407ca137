"""A training in a process of its own: ``python killed_training.py FOLDER KIND WORKERS [--kill N] [--resume]``.

It trains two epochs on the recordings below FOLDER/recordings. ``--kill N``: after that many batches it writes
FOLDER/killed.ckpt, and the process kills itself as the system would. ``--resume``: goes on from there. What it saw and
its weights are in FOLDER/NAME.pt, by the name of what it did; a killed one leaves the batches only.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path

import lightning.pytorch as lightning
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.tiny_training import Tiny, trainer

from aestream.datasets import EventFolder
from aestream.training import EventDataModule
from aestream.transforms import FlipX

KINDS = {"random": {"batch_size": 3}, "sequences": {"lanes": 2, "steps": 2}}


class KillProcess(lightning.Callback):
    """Ends the process, without a word, behind a batch."""

    def __init__(self, after: int, folder: Path) -> None:
        self.after, self.folder = after, folder

    def on_train_batch_end(self, trainer, module, *_):
        if len(module.seen) == self.after:
            trainer.save_checkpoint(self.folder / "killed.ckpt")
            torch.save(module.seen, self.folder / "killed.pt")
            os.kill(os.getpid(), signal.SIGKILL)


class TinyLabelled(Tiny):
    """Takes labelled batches."""

    def training_step(self, batch, number):
        return super().training_step(batch if hasattr(batch, "x") else batch[0], number)


def main(folder: Path, kind: str, workers: int, kill: int | None, resumes: bool) -> None:
    warnings.filterwarnings("ignore")
    dataset = EventFolder(folder / "recordings", window_us=10_000, event_transform=FlipX(probability=0.5))
    data = EventDataModule(dataset, seed=5, num_workers=workers, **KINDS[kind])
    torch.manual_seed(0)
    model = TinyLabelled()
    callbacks = [] if kill is None else [KillProcess(kill, folder)]
    trainer(callbacks=callbacks).fit(model, data, ckpt_path=folder / "killed.ckpt" if resumes else None)
    done = {"seen": model.seen, "weights": list(model.state_dict().values())}
    torch.save(done, folder / ("resumed.pt" if resumes else "whole.pt"))


if __name__ == "__main__":
    place, kind, workers, *rest = sys.argv[1:]
    kill = int(rest[1]) if rest[:1] == ["--kill"] else None
    main(Path(place), kind, int(workers), kill, rest == ["--resume"])
