"""aestream: a transform of events in memory, and one on the way from a file to frames."""

import numpy as np
import torch

from aestream import FileInput, Frame
from aestream.transforms import transform_from_dict

BATCH = 10


def as_ours(result, /, **_):
    """Events as numbers, one row each; tensors as they are."""
    if isinstance(result, torch.Tensor):
        return result
    return np.stack([result[name].astype(np.int64) for name in "txyp"], axis=1)


def prepare_transform(path, events, shape, transform):
    return FileInput(path, cache_index=False).load("numpy")[:events].copy(), transform_from_dict(transform)


def transform(state, sink, shape, **_):
    events, change = state
    sink(change(events, shape=tuple(shape)))


def _file(path, shape, window_us, **options):
    return FileInput(path, shape=tuple(shape), window_us=window_us, representation=Frame(), threads=1, **options)


def prepare_fused(path, shape, window_us, windows, transform):
    return _file(path, shape, window_us, event_transform=transform and transform_from_dict(transform))


def fused(file, sink, windows, **_):
    """Batch by batch, as a DataLoader asks."""
    for first in range(0, windows, BATCH):
        for frame in file.__getitems__(list(range(first, first + BATCH))):
            sink(frame)


def prepare_applied_first(path, shape, window_us, windows, transform):
    """Raw events of each window, to be transformed and accumulated by two calls."""
    change = transform_from_dict(transform)
    return FileInput(path, window_us=window_us, representation=None), change, tuple(shape), Frame()


def applied_first(state, sink, windows, **_):
    file, change, shape, frame = state
    _, after = change.coordinate_map(shape)
    for i in range(windows):
        sink(frame(change(file[i], shape=shape), after))
