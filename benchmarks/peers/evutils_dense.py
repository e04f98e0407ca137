"""evutils' dense functions on windows in memory; its images are `[H, W]` or `[H, W, 3]`, channel 0 ON and 2 OFF."""

import numpy as np
from evutils.dense import frame_diff, histogram, timesurface
from evutils.types import EventArray

from benchmarks.peers import plain


def as_ours(image, /, **_):
    return image[None] if image.ndim == 2 else image[..., ::-2].transpose(2, 0, 1)


def prepare_dense(path, representation, shape, window_us, windows, to_last=False):
    """A function of its own, and the events of each window."""
    size, kind = {"width": shape[0], "height": shape[1]}, representation["type"]
    dtype = representation.get("dtype", "float32")
    makers = {
        "TimeSurface": lambda events: timesurface(events, **size, tau=int(representation["tau_us"])),
        "Frame": lambda events: histogram(events, **size, dtype=np.dtype(dtype).type),
        "difference": lambda events: frame_diff(events, **size, dtype=np.float32),
    }
    key = "difference" if representation["polarity"] == "difference" else kind
    parts = plain.prepare_dense(path, representation, shape, window_us, windows, to_last)
    return makers[key], [EventArray(*columns) for columns, _, _ in parts]


def dense(state, sink, **_):
    make, parts = state
    for events in parts:
        sink(make(events))
