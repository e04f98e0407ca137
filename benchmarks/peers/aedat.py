"""aedat: AEDAT4, packet by packet."""

import aedat
import numpy as np


def columns(events):
    return events["t"], events["x"], events["y"], events["on"]


def load(path, sink):
    sink(np.concatenate([packet["events"] for packet in aedat.Decoder(path) if "events" in packet]))
