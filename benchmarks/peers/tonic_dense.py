"""tonic's representations of windows in memory, in its own arrays."""

import numpy as np
import tonic
from tonic.transforms import ToFrame, ToTimesurface

from benchmarks.peers import plain


def as_ours(tensor, /, representation, **_):
    """Of a window tonic makes one slice, `[1, P, H, W]`."""
    return tensor if representation["type"] == "Steps" else tensor[0]


def to_tonic(columns):
    t, x, y, p = (column.astype(np.int64) for column in columns)
    return tonic.io.make_structured_array(x, y, t, p, dtype=tonic.io.events_struct)


def prepare_dense(path, representation, shape, window_us, windows, to_last=False):
    sensor = (*shape, 2)
    makers = {
        "Frame": lambda: ToFrame(sensor_size=sensor, time_window=window_us, include_incomplete=True),
        "TimeSurface": lambda: ToTimesurface(sensor_size=sensor, dt=window_us, tau=representation["tau_us"]),
    }
    parts = plain.prepare_dense(path, representation, shape, window_us, windows, to_last)
    return makers[representation["type"]](), [to_tonic(columns) for columns, _, _ in parts]


def dense(state, sink, **_):
    make, parts = state
    for events in parts:
        sink(make(events))
