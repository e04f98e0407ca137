"""HDF5 files of events: which stream, its metadata and triggers; the core reads the rows. Layouts: docs.prophesee.ai,
dsec.ifi.uzh.ch, daniilidis-group.github.io/mvsec, m3ed.io."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.errors import FormatError
from aestream.events import TRIGGER_DTYPE
from aestream.formats.base import OpenedFile, Request
from aestream.formats.fields import check_columns
from aestream.formats.hdf5_access import OptionError, check_filters, check_size, find, find_dataset, open_hdf5_file
from aestream.formats.hdf5_layouts import STREAMS, find_streams, has_fields, read_layout
from aestream.formats.hdf5_spikes import open_spikes
from aestream.formats.hdf5_storage import open_layout

_TRIGGERS = "EXT_TRIGGER/events"


def open_hdf5(request: Request) -> OpenedFile:
    """Open one stream of events: the group or dataset ``stream``, else the first one at the usual places.

    ``stream`` is a path such as ``"davis/right/events"``, or one part of it, such as ``"right"``. ``columns`` is the
    order of an array [N, 4]: x, y, t, p in MVSEC, else t, x, y, p. Times of integers are microseconds, floats are
    seconds, to which a ``t_offset`` is added. The file's attributes are its metadata; a ``time_shift`` shifts nothing.

    Raises:
        FormatError: if HDF5 refuses the file, or no events are found; if they lie outside of the file.
        ValueError: if ``stream`` or ``columns`` is not for this file.
        ImportError: if h5py or a filter is missing; names the extra.
    """
    options, file_bytes = request.options, len(request.bytes)
    if options.columns is not None:
        check_columns(options.columns)
    with open_hdf5_file(request.path) as file:
        spikes = open_spikes(file, options.stream)
        if spikes is not None:
            return spikes
        path, node = _choose(file, options.stream)
        layout = read_layout(file, path, node, options.columns, file_bytes)
        recording = open_layout(request.path, request.bytes, layout)
        metadata = _read_attributes(file) | {"layout": layout.name, "stream": path}
    triggers = partial(_read_triggers, request.path, file_bytes) if layout.name == "prophesee" else None
    return OpenedFile(recording, "hdf5", layout.shape, metadata, triggers)


def _choose(file: Any, wanted: int | str | None) -> tuple[str, Any]:
    """The path of a stream of events, and what is there."""
    streams = find_streams(file)
    if wanted is None:
        if not streams:
            raise FormatError(f"expected events at {', '.join(STREAMS)}; found {', '.join(file) or 'nothing'}")
        return next(iter(streams.items()))
    path = str(wanted).strip("/")
    for known, node in streams.items():
        if path == known or path in known.split("/")[:-1]:
            return known, node
    node = find(file, path)
    if node is None or not has_fields(node):
        raise OptionError(f"stream must be one of {', '.join(streams) or 'none'}, or a path of events; got {wanted!r}")
    return path, node


def _read_triggers(path: str, file_bytes: int) -> npt.NDArray[Any]:
    with open_hdf5_file(path) as file:
        dataset = find_dataset(file, _TRIGGERS)
        if dataset is None:
            return np.zeros(0, TRIGGER_DTYPE)
        names = dataset.dtype.names or ()
        if len(dataset.shape) != 1 or not {"t", "id", "p"} <= set(names):
            raise FormatError(f"expected rows of t, id and p at {_TRIGGERS}, found {', '.join(names) or 'none'}")
        check_size(dataset, file_bytes)
        check_filters(dataset)
        rows = dataset[()]
    triggers = np.zeros(len(rows), TRIGGER_DTYPE)
    for name, values in (("t", rows["t"]), ("id", rows["id"])):
        triggers[name] = values
        if values.dtype.kind not in "iu" or (triggers[name] != values).any():
            raise FormatError(
                f"expected whole numbers of {TRIGGER_DTYPE[name]} for {name} at {_TRIGGERS}, found others"
            )
    triggers["rising"] = rows["p"] > 0
    return triggers


def _read_attributes(file: Any) -> dict[str, Any]:
    """The file's attributes but for those of types that h5py does not know."""
    attributes = {}
    for name in file.attrs:
        with suppress(OSError, TypeError, ValueError):
            attributes[name] = _plain(file.attrs[name])
    return attributes


def _plain(value: Any) -> Any:
    """An attribute without NumPy's types."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
