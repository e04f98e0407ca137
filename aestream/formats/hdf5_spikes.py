"""The Heidelberg spiking data sets: an HDF5 file of many recordings of 700 channels. Layout: zenkelab.org."""

from __future__ import annotations

from typing import Any

import numpy as np

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.base import OpenedFile
from aestream.formats.hdf5_access import OptionError, find_dataset, open_hdf5_file

SHAPE = (700, 1)


def open_spikes(file: Any, stream: int | str | None) -> OpenedFile | None:
    """Recording number ``stream`` of an opened HDF5 file; None if the file is none of spikes.

    A spike is an event: x is its unit, y is 0, p is ON, t its time in float seconds, rounded to µs.

    Raises:
        FormatError: if times and units do not match.
        ValueError: if ``stream`` is no number of a recording; None is, where there is one.
    """
    found = _rows(file)
    if found is None:
        return None
    times, units = found
    count = len(times)
    if stream is None and count == 1:
        stream = 0
    if isinstance(stream, bool) or not isinstance(stream, int | np.integer) or not 0 <= stream < count:
        raise OptionError(f"stream must be a recording's number, 0 to {count - 1}; got {stream!r}")
    t = np.round(times[stream].astype(np.float64) * 1e6)
    x = units[stream]
    if len(t) != len(x) or not np.isfinite(t).all() or (x > np.iinfo(np.int16).max).any():
        raise FormatError(f"expected a time and a unit per spike of recording {stream}, found {len(t)} and {len(x)}")
    columns = [t.astype(np.int64), x.astype(np.int16), np.zeros(len(x), np.int16), np.ones(len(x), np.bool_)]
    recording = _core.open_arrays(columns, us_per_unit=1.0)
    return OpenedFile(recording, "hdf5", SHAPE, {"layout": "spikes", "stream": int(stream), "recordings": count})


def read_spike_labels(path: str) -> tuple[list[int], list[str]]:
    """The label of every recording in a file, and the classes' names by label.

    Raises:
        FormatError: if it is no file of spikes.
        ValueError: if there are not as many labels as recordings, or a label has no name.
    """
    with open_hdf5_file(path) as file:
        found, labels, keys = _rows(file), find_dataset(file, "labels"), find_dataset(file, "extra/keys")
        if found is None or labels is None or keys is None:
            raise FormatError(
                "expected spikes/times, spikes/units, labels and extra/keys, found no such datasets"
            ).located(path)
        count = len(found[0])
        values = [int(label) for label in labels[()]]
        names = [key.decode() if isinstance(key, bytes) else str(key) for key in keys[()]]
    if len(values) != count:
        raise ValueError(f"{path!r} has {count} recordings, but {len(values)} labels")
    if values and not 0 <= min(values) <= max(values) < len(names):
        raise ValueError(f"{path!r} has labels from {min(values)} to {max(values)}, but {len(names)} names")
    return values, names


def _rows(file: Any) -> tuple[Any, Any] | None:
    times, units = find_dataset(file, "spikes/times"), find_dataset(file, "spikes/units")
    if times is None or units is None or times.dtype.kind != "O" or units.dtype.kind != "O":
        return None
    if times.ndim != 1 or times.shape != units.shape:
        raise FormatError(f"expected as many rows of times as of units, found {times.shape} and {units.shape}")
    return times, units
