"""aestream: PreparedDataset in a DataLoader, in this process and in others; and the limit, copies of the tensors."""

import multiprocessing
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from aestream.prepared import PreparedDataset


def prepare_epoch(path, batch):
    return DataLoader(PreparedDataset(Path(path) / "shards"), batch_size=batch)


def epoch(loader, sink, **_):
    for batch in loader:
        sink(batch)


def prepare_copies(path, batch):
    torch.set_num_threads(1)
    return torch.from_numpy(np.load(Path(path) / "tensors.npy"))


def copies(tensors, sink, batch):
    for part in tensors.split(batch):
        sink(part.clone())


def _reader(pipe, path, batch):
    """An epoch for every message."""
    loader = prepare_epoch(path, batch)
    epoch(loader, id)
    pipe.send("ready")
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        epoch(loader, id)
        pipe.send("done")


def prepare_readers(path, batch, processes):
    """Processes that are there and warm; they end when the pipes are dropped."""
    context, pipes = multiprocessing.get_context("spawn"), []
    for _ in range(processes):
        here, there = context.Pipe()
        context.Process(target=_reader, args=(there, path, batch), daemon=True).start()
        there.close()
        pipes.append(here)
    for pipe in pipes:
        pipe.recv()
    return pipes


def readers(pipes, sink, **_):
    for pipe in pipes:
        pipe.send("go")
    for pipe in pipes:
        pipe.recv()
