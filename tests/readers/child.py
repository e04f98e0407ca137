"""Run by the readers' own Python: `child.py READER PATH...` writes what READER gives to PATH.columns.npz."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def read_aedat(path):
    import aedat

    events = np.concatenate([packet["events"] for packet in aedat.Decoder(path) if "events" in packet])
    return events["t"], events["x"], events["y"], events["on"]


def read_dv(path):
    import dv_processing as dv

    recording, store = dv.io.MonoCameraRecording(path), dv.EventStore()
    while recording.isRunning() and (batch := recording.getNextEventBatch()) is not None:
        store.add(batch)
    events = store.numpy()
    return events["timestamp"], events["x"], events["y"], events["polarity"]


def read_event_stream(path):
    import event_stream

    with event_stream.Decoder(path) as decoder:
        height, events = decoder.height, np.concatenate(list(decoder))
    return events["t"], events["x"], height - 1 - events["y"], events["on"]  # it gives rows as stored, from the bottom


def read_eventcv(path):
    import eventcv

    events = eventcv.load(path).numpy()
    return events[:, 2], events[:, 0], events[:, 1], events[:, 3] > 0


def read_evlib(path):
    import evlib

    events = evlib.load_events(path).collect()
    t = events["t"]
    t = t.dt.total_microseconds() if str(t.dtype).startswith("Duration") else t
    return t.to_numpy(), events["x"].to_numpy(), events["y"].to_numpy(), events["polarity"].to_numpy() > 0


def read_evt3(path):
    import evt3

    events = evt3.decode_file(path)
    return events.t, events.x, events.y, events.p


def read_evutils(path):
    from evutils.io import EventReader

    events = EventReader(path, mode="all", max_time=1 << 62).read_all()
    return events.t, events.x, events.y, events.p


def read_expelliarmus(path):
    from expelliarmus import Wizard

    encoding = "dat" if path.endswith(".dat") else Path(path).parent.name
    events = Wizard(encoding=encoding, fpath=path).read()
    return events["t"], events["x"], events["y"], events["p"]


def read_faery(path):
    import faery

    events = faery.events_stream_from_file(path).to_array()
    return events["t"], events["x"], events["y"], events["p"]


def read_h5py(path):
    import h5py
    import hdf5plugin  # noqa: F401 - registers Blosc

    with h5py.File(path) as file:
        columns = {name: file[f"events/{name}"][()] for name in "txyp"}
        t = columns["t"].astype(np.int64) + file["t_offset"][()]
    return t, columns["x"], columns["y"], columns["p"]


def read_numpy(path):
    if path.endswith(".npz"):
        with np.load(path) as columns:
            return [columns[name] for name in "txyp"]
    if path.endswith(".csv"):
        return np.loadtxt(path, skiprows=1, delimiter=",", ndmin=2, dtype=np.int64).T
    t, x, y, p = np.loadtxt(path, ndmin=2).T
    return np.rint(t * 1e6), x, y, p


def main(reader: str, *paths: str) -> None:
    for path in paths:
        columns = (np.asarray(column).astype(np.int64) for column in globals()[f"read_{reader}"](path))
        np.savez(f"{path}.columns.npz", **dict(zip("txyp", columns, strict=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
