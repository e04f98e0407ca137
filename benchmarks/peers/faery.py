"""faery: a Rust reader; a time slice reads the file from the start."""

import faery
import numpy as np

from benchmarks.peers import output_path


def columns(events):
    return events["t"], events["x"], events["y"], events["p"]


def load(path, sink):
    sink(faery.events_stream_from_file(path).to_array())


def first_slice(path, sink, starts_us, length_us):
    stream = faery.events_stream_from_file(path)
    start, stop = (faery.Time(microseconds=us) for us in (starts_us[0], starts_us[0] + length_us))
    sink(stream.time_slice(start, stop).to_array())


def slices(path, sink, starts_us, length_us):
    for start in starts_us:
        first_slice(path, sink, [start], length_us)


def prepare_write(path, format, shape):
    events = np.load(path)
    stored = np.empty(events.size, faery.EVENTS_DTYPE)
    for theirs, ours in zip(faery.EVENTS_DTYPE.names, "txyp", strict=True):
        stored[theirs] = events[ours]
    return stored, output_path(path, "faery", format)


def write(state, sink, format, shape):
    events, out = state
    options = {"compression": ("lz4", 1)} if format == "aedat4 lz4" else {}
    if format.startswith("evt"):
        options = {"version": format}
    faery.events_stream_from_array(events, tuple(shape)).to_file(out, **options)
    sink(out)
