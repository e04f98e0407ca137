"""One process of two: all of an epoch, with a sum over the ranks after every batch, as training has it.

Run as ``python rank_of_two.py KIND RANK FOLDER``; leaves what it saw in ``FOLDER/RANK.pt``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.distributed

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.recordings import Recordings, make_loader, x_of


def main(kind: str, rank: str, folder: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=int(rank), world_size=2)
    loader, seen = make_loader(kind, kept=Recordings), []
    for batch in loader:
        x = x_of(batch)
        present = ~batch.is_padded if hasattr(batch, "is_padded") else torch.ones(len(x), dtype=torch.bool)
        seen += [tuple(place) for place in x[present][:, :2].int().tolist()]
        torch.distributed.all_reduce(torch.ones(1))
    torch.save({"seen": seen, "batches": len(loader)}, f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
