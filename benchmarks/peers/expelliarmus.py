"""expelliarmus: DAT and EVT2 (its EVT3 times are wrong: FORMATS §18)."""

from pathlib import Path

import numpy as np
from expelliarmus import Wizard

from benchmarks.peers import output_path

STORED = np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "u1")])


def columns(events):
    return events["t"], events["x"], events["y"], events["p"]


def load(path, sink):
    sink(Wizard(encoding=Path(path).name.split(".")[0].split("_")[0], fpath=path).read())


def prepare_write(path, format, shape):
    events = np.load(path)
    stored = np.empty(events.size, STORED)
    for name in STORED.names:
        stored[name] = events[name]
    return stored, output_path(path, "expelliarmus", format)


def write(state, sink, format, shape):
    events, out = state
    Wizard(encoding=format).save(out, events)
    sink(out)
