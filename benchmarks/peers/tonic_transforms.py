"""tonic's transforms of events in memory, in its own arrays."""

import inspect

import numpy as np
from tonic import transforms

from benchmarks.peers import evutils as reader
from benchmarks.peers.tonic_dense import to_tonic


def as_ours(result, /, **_):
    return np.stack([result[name].astype(np.int64) for name in "txyp"], axis=1)


def prepare_transform(path, events, shape, name, parameters):
    make = getattr(transforms, name)
    if "sensor_size" in inspect.signature(make).parameters:
        parameters = parameters | {"sensor_size": (*shape, 2)}
    parameters = {key: tuple(value) if isinstance(value, list) else value for key, value in parameters.items()}
    columns = [np.asarray(column)[:events] for column in reader.columns(reader._all_events(path))]
    return to_tonic(columns), make(**parameters)


def transform(state, sink, **_):
    events, change = state
    sink(change(events))
