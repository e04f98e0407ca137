"""One process of two that train together: ``python rank_of_two.py KIND RANK FOLDER WORKERS STOP [START]``.

It trains two epochs, or STOP batches if that is not 0, from a state in the file START or from nothing, and leaves its
batches, weights and state in FOLDER/RANK.pt.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.recordings import make_loader, train


def main(kind: str, rank: str, folder: str, workers: str, stop: str, start: str | None = None) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=int(rank), world_size=2)
    state = None if start is None else torch.load(start, weights_only=True)["state"]
    batches, weights, state = train(make_loader(kind, int(workers)), 2, stop=int(stop), start=state)
    torch.save({"batches": batches, "weights": weights, "state": state}, f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
