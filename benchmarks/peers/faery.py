"""faery: a Rust reader; a time slice reads the file from the start."""

import faery


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
