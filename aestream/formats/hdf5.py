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
from aestream.formats.base import OpenedFile, ReadOptions, Request
from aestream.formats.fields import FIELDS_ADVICE, check_columns
from aestream.formats.hdf5_access import OptionError, check_filters, check_size, find, find_dataset, open_hdf5_file
from aestream.formats.hdf5_layouts import read_layout
from aestream.formats.hdf5_places import STREAMS, find_streams, has_fields, walk
from aestream.formats.hdf5_spikes import open_spikes
from aestream.formats.hdf5_storage import open_layout

_TRIGGERS = "EXT_TRIGGER/events"
_MOST_LISTED = 20
_ADVICE = f'pass stream="path/to/the/events", and if they are called otherwise, {FIELDS_ADVICE.removeprefix("pass ")}'


def open_hdf5(request: Request) -> OpenedFile:
    """Open one stream of events: the group or dataset ``stream``, else the first one at the usual places.

    ``stream`` is a path such as ``"davis/right/events"``, or one part of it, such as ``"right"``; of SHD's and
    SSC's files of spikes, a recording's number. Without events at the usual places, the only group or dataset that
    holds all four fields is taken; ``fields`` names those that are called otherwise. ``columns`` is the order of an
    array [N, 4]: x, y, t, p in MVSEC, else t, x, y, p. Times count ``time_unit``; else what their name or an attribute
    says; else seconds where they are floats and one of all has a fraction; else microseconds. A ``t_offset`` is added,
    in the same unit where it is given. The file's attributes are its metadata; a ``time_shift`` shifts nothing.

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
        path, node = _choose(file, options)
        layout = read_layout(file, path, node, options, file_bytes)
        recording = open_layout(request.path, request.bytes, layout)
        metadata = _read_attributes(file) | {"layout": layout.name, "stream": path}
    triggers = partial(_read_triggers, request.path, file_bytes) if layout.name == "prophesee" else None
    return OpenedFile(recording, "hdf5", layout.shape, metadata, triggers)


def _choose(file: Any, options: ReadOptions) -> tuple[str, Any]:
    """The path of a stream of events, and what is there."""
    streams = find_streams(file, options.fields)
    wanted = options.stream
    if wanted is None:
        usual = [path for path in streams if path in STREAMS]
        if usual or len(streams) == 1:
            return next(iter(streams.items()))
        if streams:
            raise OptionError(f"several places hold events: pass stream= one of {', '.join(streams)}")
        raise FormatError(f"expected events at {', '.join(STREAMS)}; found {_listed(file)}; {_ADVICE}")
    path = str(wanted).strip("/") or "/"
    for known, node in streams.items():
        if path == known or path in known.split("/")[:-1]:
            return known, node
    node = file if path == "/" else find(file, path)
    if node is None or not has_fields(node, options.fields):
        found = f"found {_listed(file if node is None else node)}"
        raise OptionError(
            f"stream must be one of {', '.join(streams) or 'none'}, or a path of events; got {wanted!r}; {found}"
        )
    return path, node


def _listed(file: Any) -> str:
    """What datasets there are, for messages."""
    nodes = walk(file) if hasattr(file, "visititems") else {file.name: file}
    found = [f"{path} {list(node.shape or ())} {node.dtype}" for path, node in nodes.items() if hasattr(node, "dtype")]
    return "; ".join(found[:_MOST_LISTED]) + (" …" if len(found) > _MOST_LISTED else "") or "nothing"


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
        return value.decode("utf-8", "surrogateescape")
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
