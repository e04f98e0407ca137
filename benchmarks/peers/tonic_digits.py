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
