"""tonic: AEDAT4 (through the aedat package), SlicedDataset + ToFrame; the recording is held in memory in its favour."""

import numpy as np
import tonic
import torch
from tonic.slicers import SliceByTime
from tonic.transforms import ToFrame
from torch.utils.data import DataLoader


def columns(events):
    return events["t"], events["x"], events["y"], events["p"]


def load(path, sink):
    sink(tonic.io.read_aedat4(path))


class InMemory:
    """A dataset of one recording, already loaded."""

    def __init__(self, path):
        events = tonic.io.read_aedat4(path)
        fields = (events[name].astype(np.int64) for name in "xytp")  # ToFrame refuses the names of its own reader
        self.events = tonic.io.make_structured_array(*fields, dtype=tonic.io.events_struct)

    def __len__(self):
        return 1

    def __getitem__(self, index):
        if index:
            raise IndexError(index)
        return self.events, 0


def prepare_epoch(path, shape, window_us, batch_size):
    slicer = SliceByTime(time_window=window_us, include_incomplete=True)
    to_frame = ToFrame(sensor_size=(*shape, 2), time_window=window_us, include_incomplete=True)
    dataset = tonic.SlicedDataset(InMemory(path), slicer, transform=lambda e: torch.from_numpy(to_frame(e))[0].float())
    return DataLoader(dataset, batch_size=batch_size)


def epoch(loader, sink, **_):
    for batch, _ in loader:
        sink(batch)
