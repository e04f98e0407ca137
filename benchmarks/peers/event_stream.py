"""event-stream: ES files as a packed structured array; y as stored, from the bottom."""

import event_stream
import numpy as np


def columns(result):
    events, height = result
    return events["t"], events["x"], height - 1 - events["y"].astype("i4"), events["on"]


def load(path, sink):
    with event_stream.Decoder(path) as decoder:
        packets = list(decoder)
        sink((np.concatenate(packets), decoder.height))
