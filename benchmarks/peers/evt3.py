"""evt3: EVT3 into numpy columns."""

import evt3


def columns(events):
    return events.t, events.x, events.y, events.p


def load(path, sink):
    sink(evt3.decode_file(path))
