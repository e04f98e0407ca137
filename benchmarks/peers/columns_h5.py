"""h5py: the same four columns, read whole; nothing is put together."""

import h5py
import hdf5plugin  # noqa: F401 - registers Blosc


def columns(result):
    t, x, y, p, offset = result
    return t.astype("i8") + offset, x, y, p


def load(path, sink):
    with h5py.File(path) as file:
        group = file["events"]
        offset = int(file["t_offset"][()]) if "t_offset" in file else 0
        sink((group["t"][:], group["x"][:], group["y"][:], group["p"][:], offset))
