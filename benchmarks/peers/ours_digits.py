"""aestream: NMNIST in a DataLoader."""

from aestream.datasets import NMNIST
from aestream.representations import Frame, Steps
from benchmarks.peers.digits import epoch, items


def prepare_steps(path, steps, batch):
    return items(NMNIST(path, representation=Steps(Frame(), steps)), batch)


steps = epoch
