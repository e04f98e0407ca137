"""Where in an HDF5 file events are: at the usual places, else wherever all four fields are."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aestream.errors import FormatError
from aestream.field_names import field_named
from aestream.formats.fields import FieldsError, choose_fields
from aestream.formats.hdf5_access import find, find_dataset, import_h5py

STREAMS = (
    "CD/events",
    "events",
    "raw_events",
    "davis/left/events",
    "davis/right/events",
    "prophesee/left",
    "prophesee/right",
)
_MOST_NODES = 4096


def find_streams(file: Any, fields: Mapping[str, str] | None) -> dict[str, Any]:
    """The groups and datasets of events by path: those at the usual places, else any that hold all four fields."""
    found = {path: find(file, path) for path in STREAMS}
    usual = {path: node for path, node in found.items() if node is not None and has_fields(node, fields)}
    return usual or {path: node for path, node in walk(file).items() if _has_all_fields(node, fields)}


def walk(file: Any) -> dict[str, Any]:
    """The groups and datasets of a file by path, without following links; not more than some thousand."""
    found: dict[str, Any] = {"/": file}

    def keep(path: str, node: Any) -> bool | None:
        found[path] = node
        return None if len(found) < _MOST_NODES else True

    file.visititems(keep)
    return found


def has_fields(node: Any, fields: Mapping[str, str] | None = None) -> bool:
    """Whether a group or dataset holds a field of events, at least."""
    names = names_in(node)
    if names is None:
        return False
    known = set((fields or {}).values())
    return not names or any(name in known or field_named(name) for name in names)


def _has_all_fields(node: Any, fields: Mapping[str, str] | None) -> bool:
    names = names_in(node)
    if not names:
        return False
    with suppress(FormatError, FieldsError):
        chosen = choose_fields(names, fields, "").names.values()
        return not isinstance(node, import_h5py().Group) or all(
            find_dataset(node, name) is not None and is_column(node[name]) for name in chosen
        )
    return False


def is_column(dataset: Any) -> bool:
    """Whether a dataset is a column of numbers: ``[N]``, ``[N, 1]``, or ``[1, N]`` as MATLAB writes one."""
    shape: tuple[int, ...] = dataset.shape or ()
    return len(shape) == 1 or (len(shape) == 2 and 1 in shape)


def names_in(node: Any) -> list[str] | None:
    """The names in a group or compound; none in an array [N, k]; None for anything else."""
    if isinstance(node, import_h5py().Group):
        return list(node) or None
    if isinstance(node, import_h5py().Dataset):
        return [] if len(node.shape or ()) == 2 else list(node.dtype.names or ()) or None
    return None
