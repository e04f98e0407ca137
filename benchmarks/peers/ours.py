"""aestream: the contract of FileInput and the representations, nothing else."""

import numpy as np
import torch
from torch.utils.data import DataLoader

from aestream import FileInput, save
from aestream.representations import Frame, VoxelGrid
from benchmarks.peers import output_path


def columns(events):
    return events["t"], events["x"], events["y"], events["p"]


def load(path, sink, threads=None):
    sink(FileInput(path, threads=threads, cache_index=False).load("numpy"))


def prepare_load_again(path, threads=None):
    FileInput(path, cache_index=True).load("numpy")
    return path


def load_again(path, sink, threads=None):
    sink(FileInput(path, threads=threads, cache_index=True).load("numpy"))


def first_slice(path, sink, starts_us, length_us):
    sink(FileInput(path, cache_index=False).slice(starts_us[0], starts_us[0] + length_us))


def prepare_slices(path, starts_us, length_us):
    file = FileInput(path, cache_index=False)
    file.slice(starts_us[0], starts_us[0] + length_us)
    return file


def slices(file, sink, starts_us, length_us):
    for start in starts_us:
        sink(file.slice(start, start + length_us))


def prepare_write(path, format, shape):
    return np.load(path), output_path(path, "aestream", format)


def write(state, sink, format, shape):
    events, out = state
    name, _, compression = format.partition(" ")
    save(out, events, shape, format=name, compression=compression or None)
    sink(out)


def _windows(events, window_us):
    at, t0 = 0, int(events["t"][0])
    for start in range(t0, int(events["t"][-1]) + 1, window_us):
        end = int(events["t"].searchsorted(start + window_us))
        yield events[at:end], start
        at = end


def prepare_frames(path, **_):
    return FileInput(path, cache_index=False).load("numpy")


def frames(events, sink, shape, window_us):
    frame = Frame()
    for window, start in _windows(events, window_us):
        sink(frame(window, shape=tuple(shape), start_us=start, stop_us=start + window_us))


prepare_frames_uint8 = prepare_frames


def frames_uint8(events, sink, shape, window_us):
    frame = Frame(dtype=torch.uint8)
    for window, start in _windows(events, window_us):
        sink(frame(window, shape=tuple(shape), start_us=start, stop_us=start + window_us))


def file_frames(path, sink, shape, window_us):
    file = FileInput(path, shape=tuple(shape), window_us=window_us, cache_index=False)
    for frame in file:
        sink(frame)


prepare_voxels = prepare_frames


def voxels(events, sink, shape, window_us, bins):
    voxel = VoxelGrid(bins=bins)
    for window, start in _windows(events, window_us):
        sink(voxel(window, shape=tuple(shape), start_us=start, stop_us=start + window_us))


def prepare_epoch(path, shape, window_us, batch_size):
    file = FileInput(path, shape=tuple(shape), window_us=window_us, cache_index=False)
    return DataLoader(file, batch_size=batch_size, num_workers=0)


def epoch(loader, sink, **_):
    for batch in loader:
        sink(batch)
