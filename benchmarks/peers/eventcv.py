"""eventcv: loads into a storage of its own (`load_own`); `.numpy()` hands out one uint64 array `[N, 4]` x, y, t, p."""

import eventcv


def columns(events):
    array = events if hasattr(events, "dtype") else events.numpy()
    return array[:, 2], array[:, 0], array[:, 1], array[:, 3] > 0


def load_own(path, sink):
    sink(eventcv.load(path))


def load(path, sink):
    sink(eventcv.load(path).numpy())


def _slice(reader, start_us, length_us):
    return reader.slice(t0_us=start_us, t1_us=start_us + length_us).numpy()


def first_slice(path, sink, starts_us, length_us):
    sink(_slice(eventcv.open(path), starts_us[0], length_us))


def prepare_slices(path, starts_us, length_us):
    reader = eventcv.open(path)
    _slice(reader, starts_us[0], length_us)
    return reader


def slices(reader, sink, starts_us, length_us):
    for start in starts_us:
        sink(_slice(reader, start, length_us))


prepare_slices_own = prepare_slices


def slices_own(reader, sink, starts_us, length_us):
    for start in starts_us:
        sink(reader.slice(t0_us=start, t1_us=start + length_us))


def file_frames(path, sink, shape, window_us):
    reader = eventcv.open(path, dt_us=window_us, sensor_size=tuple(shape), repr="count")
    for index in range(len(reader)):
        sink(reader[index])
