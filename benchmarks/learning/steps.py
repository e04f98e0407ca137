"""`Steps(Frame(), 16)` of recordings in N-MNIST's layout, read and cut, beside tonic's and spikingjelly's."""

from __future__ import annotations

from benchmarks.contests import Contender, Contest
from benchmarks.learning import digits
from benchmarks.learning.scale import Scale

STEPS, BATCH = 16, 64
FLOORED = "cuts at whole widths, rounded down, and leaves out what comes after the last"
ROUNDED = "cuts at whole widths, rounded down; the last part takes the rest"


def contests(scale: Scale) -> list[Contest]:
    """An epoch of a DataLoader, and one item after the other."""
    count = 400 if scale.quick else 2000
    root = str(digits.ensure(scale.folder, count))
    found = []
    for row, batch in ((f"{count} recordings, DataLoader, batches of {BATCH}", BATCH), (f"{count} recordings", None)):
        contenders = (
            Contender("aestream", "ours_digits", "steps", "ours"),
            Contender("tonic ToFrame(n_time_bins=16)", "tonic_digits", "steps", differs=FLOORED),
            Contender("spikingjelly, split by time", "spikingjelly", "steps", differs=ROUNDED),
        )
        args = {"steps": STEPS, "batch": batch}
        found.append(Contest("steps", row, root, count, "tensors", {}, contenders, "ms", args))
    return found
