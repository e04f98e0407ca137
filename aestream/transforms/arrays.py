"""Events of any kind as records that the core reads, and the way back into the kind that came."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.event_columns import field_of, to_polarity
from aestream.events import EVENT_DTYPE, Events
from aestream.transforms.scene import Scene

_KINDS = {"t": "iu", "x": "iu", "y": "iu", "p": "iub"}


def to_records(events: Any) -> npt.NDArray[Any]:
    """Contiguous, aligned records of `EVENT_DTYPE`; the array itself if it is one. ValueError if one does not fit."""
    if isinstance(events, Events):
        columns = {name: column.cpu().numpy() for name, column in events._asdict().items()}
        records = events.numpy() if all(columns[n].dtype == EVENT_DTYPE[n] for n in columns) else None
    elif isinstance(events, np.ndarray) and events.ndim == 1 and events.dtype.names:
        columns = {name: events[_field(events, name)] for name in _KINDS}
        records = events if events.dtype == EVENT_DTYPE else None
    else:
        raise ValueError(f"expected a Sample, Events or a structured array [N], got {_describe(events)}")
    if records is None:
        records = np.zeros(len(columns["t"]), EVENT_DTYPE)
        for name, column in columns.items():
            records[name] = _checked(name, column)
    return records if records.flags.c_contiguous and records.flags.aligned else np.ascontiguousarray(records)


def to_array(given: Any, before: Scene, after: Scene) -> Any:
    """The records of ``after`` as the kind that was given, with all its fields."""
    if isinstance(given, Events):
        return given if after.records is before.records else Events.from_numpy(after.records).to(given.device)
    if after.source is None:
        return given if after.records is before.records else after.records
    array = given[after.source]  # a copy, in given's dtype
    if after.shape is not None:
        _check_coordinates(array, after.shape)
    for name in ("t", "x", "y"):
        _write(array, name, after.records[name])
    was_on = before.records["p"][after.source]
    changed = was_on != after.records["p"]
    if changed.any():
        p = _field(array, "p")
        array[p][changed] = np.where(after.records["p"][changed], 1, _off_of(given[p])).astype(array.dtype[p])
    return array


def _off_of(column: npt.NDArray[Any]) -> Any:
    """What stands for OFF in polarities: the first that is not 1; 0 if all are."""
    others = np.flatnonzero(column != 1)
    return column[others[0]] if len(others) else 0


def _field(events: npt.NDArray[Any], name: str) -> str:
    field = field_of(events.dtype, name)
    if field is None:
        raise ValueError(f"expected an array with fields t, x, y, p, got {', '.join(events.dtype.names or ())}")
    return field


def _checked(name: str, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The column as `EVENT_DTYPE` has it, if it has only whole numbers that fit."""
    if column.dtype.kind not in _KINDS[name]:
        raise ValueError(f"{name} must be of whole numbers, t in µs; got {column.dtype}")
    if name == "p":
        return to_polarity(column)
    limits = np.iinfo(EVENT_DTYPE[name])
    wrong: Any = (
        np.flatnonzero((column < limits.min) | (column > limits.max)) if column.dtype != EVENT_DTYPE[name] else []
    )
    if len(wrong):
        raise ValueError(f"{name} must lie in [{limits.min}, {limits.max}], got {column[wrong[0]]} in row {wrong[0]}")
    return column


def _check_coordinates(array: npt.NDArray[Any], shape: tuple[int, int]) -> None:
    """Events outside the sensor may wrap in a narrow dtype, and stay outside; the sensor itself must fit."""
    for name, length in zip("xy", shape, strict=True):
        dtype = array.dtype[name]
        if length - 1 > np.iinfo(dtype).max:
            raise ValueError(f"{name} of the result is up to {length - 1}, which {dtype} cannot hold")


def _write(array: npt.NDArray[Any], name: str, column: npt.NDArray[Any]) -> None:
    field = _field(array, name)
    dtype = array.dtype[field]
    if name == "t" and len(column):
        limits = np.iinfo(dtype)
        if column.min() < limits.min or column.max() > limits.max:
            raise ValueError(f"t of the result is from {column.min()} to {column.max()}, which {dtype} cannot hold")
    array[field] = column.astype(dtype)


def _describe(value: Any) -> str:
    return f"an array {list(value.shape)} of {value.dtype}" if hasattr(value, "dtype") else type(value).__name__
