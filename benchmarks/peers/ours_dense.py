"""aestream: each representation of windows in memory; and the limit, clearing the tensor and reading the events."""

import numpy as np
import torch

from aestream import FileInput
from aestream.representations import representation_from_dict


def prepare_dense(path, representation, shape, window_us, windows, to_last=False):
    """The representation, and (events, start, stop) of each window; see `plain`."""
    events = FileInput(path, cache_index=False).load("numpy")
    starts = int(events["t"][0]) + window_us * np.arange(windows + 1)
    at = events["t"].searchsorted(starts)
    cut = [events[a:b].copy() for a, b in zip(at, at[1:], strict=False)]
    edges = [(int(part["t"][0]), int(part["t"][-1])) for part in cut]
    parts = [
        (part, first, last if to_last else first + window_us) for part, (first, last) in zip(cut, edges, strict=True)
    ]
    return representation_from_dict(representation), parts


def dense(state, sink, shape, **_):
    representation, parts = state
    shape = tuple(shape)
    for events, start, stop in parts:
        sink(representation(events, shape, start_us=start, stop_us=stop))


def prepare_clear_and_read(path, shape, **args):
    """The tensor's memory is there already: what is given back can be had again."""
    representation, parts = prepare_dense(path, shape=shape, **args)
    torch.set_num_threads(1)
    return torch.zeros(representation.output_shape(tuple(shape)), dtype=representation.dtype), parts


def clear_and_read(state, sink, **_):
    tensor, parts = state
    for events, _start, _stop in parts:
        events.view(np.int64).sum()
        tensor.zero_()
