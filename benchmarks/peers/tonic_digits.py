"""tonic on files of N-MNIST: its reader and ToFrame, in a DataLoader. (Its NMNIST wants all 60 000 files.)"""

import tonic
from tonic.transforms import ToFrame

from benchmarks.peers.digits import Files, epoch, items

SENSOR = (34, 34, 2)


def _read(path):
    return tonic.io.read_mnist_file(path, dtype=tonic.io.events_struct)


def prepare_steps(path, steps, batch):
    to_frame = ToFrame(sensor_size=SENSOR, n_time_bins=steps)
    return items(Files(path, lambda file: to_frame(_read(file))), batch)


steps = epoch


def _frame(path):
    """All events in one frame: tonic cuts by a time that none of them lasts."""
    to_frame = ToFrame(sensor_size=SENSOR, time_window=10**9, include_incomplete=True)
    return to_frame(_read(path))[0]


def prepare_later_frames(path, batch, workers):
    return items(Files(path, _frame), batch, workers)


later_frames = epoch


def first_frames(path, sink, batch, workers):
    epoch(prepare_later_frames(path, batch, workers), sink)


class _Arrays(Files):
    """Arrays, which tonic keeps as they are."""

    def __getitem__(self, index):
        path, target = self.items[index]
        return self.make(path), target


def prepare_cached_frames(path, batch, workers):
    """All of them written, unless they are there from an earlier row."""
    dataset = tonic.DiskCachedDataset(_Arrays(path, _frame), cache_path=f"{path}/tonic")
    for index in range(len(dataset)):
        dataset[index]
    return items(dataset, batch, workers)


cached_frames = epoch
