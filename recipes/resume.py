"""Kill a training in the middle of an epoch, resume it, and compare its losses with those of one that was not killed.

python recipes/resume.py                  # on the recording that ships
python recipes/resume.py FILE --kill-after 5 --workers 2
"""

from __future__ import annotations

import argparse
from importlib.resources import files
from typing import Any

import torch

import aestream
from aestream.datasets import EventLoader


class Training:
    """A small network that learns how many events a window has."""

    def __init__(self, path: str, workers: int) -> None:
        torch.manual_seed(0)
        file = aestream.FileInput(path, window_us=5_000)
        self.loader = EventLoader(file, batch_size=4, shuffle=True, seed=1, num_workers=workers)
        layers = [torch.nn.AdaptiveAvgPool2d(8), torch.nn.Flatten(), torch.nn.Dropout(0.2), torch.nn.Linear(128, 1)]
        self.model = torch.nn.Sequential(*layers)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.losses: list[float] = []

    def run(self, epochs: int, kill_after: int | None = None) -> None:
        """Train until the end of an epoch, or so many batches."""
        while self.loader.epoch < epochs:
            for x in self.loader:
                loss = (self.model(x).squeeze(1) - x.mean((1, 2, 3))).square().mean()
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.losses.append(loss.item())
                if len(self.losses) == kill_after:
                    return

    def state(self) -> dict[str, Any]:
        """All that the rest of the training depends on."""
        return {
            "loader": self.loader.state_dict(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": torch.get_rng_state(),  # for dropout
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.loader.load_state_dict(state["loader"])
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["generator"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", default=str(files("aestream") / "data" / "davis346_demo.aedat4"))
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--kill-after", type=int, default=3, help="batches")
    parser.add_argument("--workers", type=int, default=0, help="of the resumed training; the killed one has none")
    options = parser.parse_args()

    whole = Training(options.file, 0)
    whole.run(options.epochs)
    killed = Training(options.file, 0)
    killed.run(options.epochs, options.kill_after)
    state = killed.state()
    resumed = Training(options.file, options.workers)
    resumed.load(state)
    resumed.run(options.epochs)

    losses = killed.losses + resumed.losses
    for number, (one, other) in enumerate(zip(whole.losses, losses, strict=True)):
        mark = "  <- resumed here" if number == options.kill_after else ""
        print(f"batch {number:3}: loss {one:.6f}, killed and resumed {other:.6f}{mark}")
    print("the losses are equal to the bit" if losses == whole.losses else "THE LOSSES DIFFER")


if __name__ == "__main__":
    main()
