"""evutils: a numba and C reader with its own struct of arrays; frames are uint8 `[H, W, 3]` or int8 `[H, W]`."""

import numpy as np
import torch
from evutils.dense import frame_diff, histogram, voxel_histogram
from evutils.io import EventReader, EventStreamer, EventWriter
from evutils.types import EventArray
from torch.utils.data import DataLoader, Dataset

from benchmarks.peers import output_path

ANY_TIME = 1 << 62  # its default stops at 10^12 µs, before epoch times


def columns(events):
    if isinstance(events, Mirrored):
        width, height = events.shape
        t, x, y, p = columns(events.events)
        return t, width - 1 - x.astype(np.int32), height - 1 - y.astype(np.int32), p
    return events.t, events.x, events.y, events.p


def _all_events(path):
    return EventReader(path, mode="all", max_time=ANY_TIME).read_all()


def load(path, sink):
    sink(_all_events(path))


def load_blocks(path, sink):
    """Blocks whose buffers are reused: nothing is kept."""
    for block in EventStreamer(path):
        sink(block)


def load_joined(path, sink):
    """The blocks, copied and joined."""
    blocks = [[np.array(column) for column in columns(block)] for block in EventStreamer(path)]
    sink(EventArray(*(np.concatenate(column) for column in zip(*blocks, strict=True))))


def _slice(reader, start_us, length_us):
    """A window that it reads begins at its first event, so it may reach a few events beyond the stop: cut them."""
    reader.seek(start_us)
    events = reader.read(delta_t=length_us)
    return events[: np.searchsorted(events.t, start_us + length_us)]


def first_slice(path, sink, starts_us, length_us):
    sink(_slice(EventReader(path, delta_t=length_us), starts_us[0], length_us))


def prepare_slices(path, starts_us, length_us):
    reader = EventReader(path, delta_t=length_us)
    _slice(reader, starts_us[0], length_us)
    return reader


def slices(reader, sink, starts_us, length_us):
    for start in starts_us:
        sink(_slice(reader, start, length_us))


def _windows(events, window_us):
    edges = np.arange(events.t[0], events.t[-1] + window_us + 1, window_us)
    at = np.searchsorted(events.t, edges)
    for a, b in zip(at[:-1], at[1:], strict=True):
        if b > a or a < len(events):
            yield events[a:b]


def prepare_frames(path, **_):
    return _all_events(path)


def frames(events, sink, shape, window_us):
    for window in _windows(events, window_us):
        sink(histogram(window, width=shape[0], height=shape[1]))


prepare_frames_float = prepare_frames_signed = prepare_frames


def frames_float(events, sink, shape, window_us):
    for window in _windows(events, window_us):
        sink(histogram(window, width=shape[0], height=shape[1], dtype=np.float32))


def frames_signed(events, sink, shape, window_us):
    for window in _windows(events, window_us):
        sink(frame_diff(window, width=shape[0], height=shape[1]))


def file_frames(path, sink, shape, window_us):
    frames(_all_events(path), sink, shape, window_us)


def file_frames_streamed(path, sink, shape, window_us):
    for window in EventReader(path, delta_t=window_us, max_time=ANY_TIME):
        if len(window):
            sink(histogram(window, width=shape[0], height=shape[1]))


prepare_voxels = prepare_frames


def voxels(events, sink, shape, window_us, bins):
    for window in _windows(events, window_us):
        sink(voxel_histogram(window, width=shape[0], height=shape[1], n_bins=bins, dt=window_us))


class Windows(Dataset):
    """What one writes by hand: load once, cut with searchsorted, one histogram per item, as float32 `[2, H, W]`."""

    def __init__(self, path, shape, window_us):
        self.events, self.shape = _all_events(path), shape
        edges = np.arange(self.events.t[0], self.events.t[-1] + window_us + 1, window_us)
        self.at = np.searchsorted(self.events.t, edges)

    def __len__(self):
        return len(self.at) - 1

    def __getitem__(self, index):
        window = self.events[self.at[index] : self.at[index + 1]]
        frame = histogram(window, width=self.shape[0], height=self.shape[1])
        on_off = frame[..., ::2].transpose(2, 0, 1)  # channel 1 is empty
        return torch.from_numpy(np.ascontiguousarray(on_off, dtype=np.float32))


def prepare_epoch(path, shape, window_us, batch_size):
    return DataLoader(Windows(path, shape, window_us), batch_size=batch_size)


def epoch(loader, sink, **_):
    for batch in loader:
        sink(batch)


class Mirrored:
    """Events whose axes are those of the file, with the sensor's shape: the check turns them, the clock does not."""

    def __init__(self, events, shape):
        self.events, self.shape = events, shape


def load_mirrored(path, sink, shape):
    sink(Mirrored(_all_events(path), shape))


def prepare_write(path, format, shape):
    events = np.load(path)
    types = {"t": "i8", "x": "u2", "y": "u2", "p": "u1"}
    stored = EventArray(**{name: np.ascontiguousarray(events[name]).astype(kind) for name, kind in types.items()})
    return stored, output_path(path, "evutils", format)


def write(state, sink, format, shape):
    events, out = state
    writer = EventWriter(out, width=shape[0], height=shape[1])
    writer.write(events)
    writer.close()
    sink(out)
