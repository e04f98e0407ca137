"""An epoch of frames over recordings in N-MNIST's layout, first and later ones, beside tonic and spikingjelly."""

from __future__ import annotations

from benchmarks.contests import Contender, Contest
from benchmarks.learning import digits
from benchmarks.learning.scale import Scale

BATCH = 64
KEPT = "kept as written in the first epoch"


def contests(scale: Scale) -> list[Contest]:
    """Rows by epoch and workers; the first epoch makes the dataset, without what an earlier one has kept."""
    count = 500 if scale.quick else 20_000
    root = str(digits.ensure(scale.folder, count))
    found = []
    for epoch in ("first", "later"):
        peers = [
            Contender("tonic ToFrame", "tonic_digits", f"{epoch}_frames"),
            Contender("spikingjelly", "spikingjelly", f"{epoch}_frames"),
        ]
        if epoch == "later":
            peers.append(Contender(f"aestream, {KEPT}", "ours_digits", "cached_frames", "ours_variant"))
            peers.append(Contender(f"tonic DiskCachedDataset, {KEPT}", "tonic_digits", "cached_frames"))
            peers.append(Contender(f"spikingjelly, {KEPT}", "spikingjelly", "cached_frames"))
        for workers in (0, 2):
            ours = Contender("aestream", "ours_digits", f"{epoch}_frames", "ours")
            limit = Contender("a DataLoader over nothing", "ours_digits", "no_frames", "limit")
            contenders = (ours, limit, *peers)
            row = f"{count} recordings, {epoch} epoch, num_workers={workers}"
            args = {"batch": BATCH, "workers": workers}
            found.append(Contest("datasets", row, root, count, "tensors", {}, contenders, "ms", args))
    return found
