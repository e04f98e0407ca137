"""Where the events of an HDF5 file lie: Prophesee, DSEC, MVSEC, M3ED, e2vid, evutils, eventcv and plain groups."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.errors import FormatError
from aestream.formats.fields import ADVICE, FIELD_OF_NAME, FIELDS
from aestream.formats.hdf5_access import OptionError, check_filters, check_size, find, find_dataset, import_h5py

STREAMS = (
    "CD/events",
    "events",
    "raw_events",
    "davis/left/events",
    "davis/right/events",
    "prophesee/left",
    "prophesee/right",
)
_NAMES = FIELD_OF_NAME | {"xs": "x", "ys": "y", "ps": "p"}
_GEOMETRY = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")
_LARGEST = 32767


@dataclass(frozen=True)
class Field:
    """One field of all events: a dataset, or a part of its rows.

    Attributes:
        dataset: the h5py.Dataset.
        part: name of a compound's field, or number of a column; None where the dataset is the field.
        begin: first byte within a row.
        dtype: of one number.
    """

    dataset: Any
    part: str | int | None
    begin: int
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Layout:
    """How the events of one stream are stored.

    Attributes:
        name: of the layout, such as ``"dsec"``.
        fields: by the letters t, x, y, p.
        us_per_unit, offset_us: a stored time is ``t * us_per_unit + offset_us`` microseconds.
        shape: sensor (width, height), or None.
        time_rows: the file's own index, or None: row i is the first event not before ``time_start_us + 1000 * i``.
    """

    name: str
    fields: dict[str, Field]
    us_per_unit: float
    offset_us: int
    shape: tuple[int, int] | None
    time_rows: npt.NDArray[np.uint64] | None
    time_start_us: int

    @property
    def num_events(self) -> int:
        return int(self.fields["t"].dataset.shape[0])


def find_streams(file: Any) -> dict[str, Any]:
    """The groups and datasets of events at the usual places, by path."""
    found = {path: find(file, path) for path in STREAMS}
    return {path: node for path, node in found.items() if node is not None and has_fields(node)}


def has_fields(node: Any) -> bool:
    """Whether a group or dataset holds a field of events, at least."""
    return _field_names(node) is not None


def read_layout(file: Any, path: str, node: Any, columns: str | None, file_bytes: int) -> Layout:
    """How the events at a group or dataset are stored.

    Raises:
        FormatError: if they are no events, of unequal lengths, or claim to be far more than the file could hold.
        ValueError: if ``columns`` is no such word, or not for this layout.
    """
    fields = _read_fields(node, path, columns)
    lengths = {letter: int(field.dataset.shape[0]) for letter, field in fields.items()}
    if len(set(lengths.values())) != 1:
        found = ", ".join(f"{length} in {letter}" for letter, length in lengths.items())
        raise FormatError(f"expected as many rows in every column of {path}, found {found}")
    for field in fields.values():
        check_size(field.dataset, file_bytes, item_bytes=16)
    homes = [node if isinstance(node, import_h5py().Group) else node.parent]
    homes += [homes[0].parent, file]
    offset_us = _read_integer(homes, "t_offset")
    us_per_unit = 1e6 if fields["t"].dtype.kind == "f" else 1.0
    scale_ms = _attribute(homes, "timestamp_scale_ms")
    if scale_ms is not None:
        us_per_unit = _to_us_per_unit(scale_ms)
    rows, start_us = _read_time_table(homes, file_bytes) if us_per_unit == 1 else (None, 0)
    return Layout(
        _name_of(path, fields, offset_us is not None),
        fields,
        us_per_unit,
        offset_us or 0,
        _read_shape(homes),
        rows,
        start_us + (offset_us or 0),
    )


def _field_names(node: Any) -> list[str] | None:
    """The names in a group or compound that are those of fields; none in an array [N, k]; None for anything else."""
    if isinstance(node, import_h5py().Group):
        names = list(node)
    elif isinstance(node, import_h5py().Dataset):
        if len(node.shape or ()) == 2:
            return []
        names = list(node.dtype.names or ())
    else:
        return None
    return [name for name in names if name.lower() in _NAMES] or None


def _read_fields(node: Any, path: str, columns: str | None) -> dict[str, Field]:
    names = _field_names(node)
    if names == []:
        return _columns_of_matrix(node, path, columns)
    letters = "".join(_NAMES[name.lower()] for name in names or ())
    if sorted(letters) != sorted(FIELDS):
        raise FormatError(f"expected one each of t, x, y, p in {path}, found {', '.join(names or ['none'])}")
    if columns is not None:
        raise OptionError(f"columns={columns!r} is for an array [N, 4]; found {', '.join(names or ())} in {path}")
    fields = {}
    for letter, name in zip(letters, names or (), strict=True):
        if isinstance(node, import_h5py().Group):
            dataset = find_dataset(node, name)
            if dataset is None:
                raise FormatError(f"expected a dataset at {path}/{name}, found none")
            fields[letter] = Field(dataset, None, 0, dataset.dtype)
        else:
            dtype, begin = node.dtype.fields[name][:2]
            fields[letter] = Field(node, name, begin, dtype)
        _check_field(fields[letter], f"{path}/{name}")
    return {letter: fields[letter] for letter in FIELDS}


def _columns_of_matrix(node: Any, path: str, columns: str | None) -> dict[str, Field]:
    """MVSEC's arrays are x, y, t, p; others as an NPY file's."""
    order = columns or ("xytp" if path.startswith("davis/") else FIELDS)
    if node.shape[1] != len(order):
        raise FormatError(f"expected an array [N, {len(order)}] at {path}, found {list(node.shape)}; {ADVICE}")
    size = node.dtype.itemsize
    fields = {letter: Field(node, order.index(letter), order.index(letter) * size, node.dtype) for letter in FIELDS}
    _check_field(fields["t"], path, dimensions=2)
    return fields


def _check_field(field: Field, path: str, dimensions: int = 1) -> None:
    dtype, shape = field.dtype, field.dataset.shape
    if dtype.kind not in "biuf" or dtype.itemsize > 8 or dtype.shape or shape is None or len(shape) != dimensions:
        raise FormatError(f"expected a column of numbers at {path}, found {dtype} of shape {shape}")


def _name_of(path: str, fields: dict[str, Field], has_offset: bool) -> str:
    first = path.split("/")[0]
    if first in ("CD", "davis", "prophesee"):
        return {"CD": "prophesee", "davis": "mvsec", "prophesee": "m3ed"}[first]
    if has_offset:
        return "dsec"
    return "e2vid" if fields["x"].dataset.name.endswith("/xs") else "generic"


def _attribute(homes: list[Any], name: str) -> Any:
    """An attribute of the first group that has it, or None."""
    return next((home.attrs[name] for home in homes if name in home.attrs), None)


def _first(homes: list[Any], name: str) -> Any:
    """A dataset of the first group that has it, or None."""
    return next((found for home in homes if (found := find_dataset(home, name)) is not None), None)


def _read_integer(homes: list[Any], name: str) -> int | None:
    """A dataset of one whole number, in the first group that has it."""
    dataset = _first(homes, name)
    if dataset is None:
        return None
    if math.prod(dataset.shape or ()) != 1 or dataset.dtype.kind not in "iuf":
        raise FormatError(f"expected one number at {dataset.name}, found {dataset.dtype} of shape {dataset.shape}")
    value = float(np.asarray(dataset[()]).item()) if dataset.dtype.kind == "f" else int(np.asarray(dataset[()]).item())
    if not (value == value and abs(value) < 2**63 and value == int(value)):
        raise FormatError(f"expected a whole number of 64 bits at {dataset.name}, found {value}")
    return int(value)


def _to_us_per_unit(scale_ms: Any) -> float:
    value = float(np.asarray(scale_ms).item())
    if not (math.isfinite(value) and value > 0):
        raise FormatError(f"expected timestamp_scale_ms above 0, found {value}")
    return round(value * 1000, 9) or value * 1000


def _read_time_table(homes: list[Any], file_bytes: int) -> tuple[npt.NDArray[np.uint64] | None, int]:
    """The rows of ``ms_to_idx`` and the time of the first one. One that cannot be read costs no events."""
    dataset = _first(homes, "ms_to_idx")
    if dataset is None or len(dataset.shape or ()) != 1 or dataset.dtype.kind not in "iu":
        return None, 0
    try:
        check_size(dataset, file_bytes)
        check_filters(dataset)
        rows = dataset[()]
        start_ms = _read_integer(homes, "ms_to_idx_offset") or 0
    except (OSError, ImportError, FormatError):
        return None, 0
    if (rows < 0).any() or abs(start_ms) > 2**50:
        return None, 0
    return rows.astype(np.uint64), 1000 * start_ms


def _read_shape(homes: list[Any]) -> tuple[int, int] | None:
    """The sensor's (width, height) from whichever attribute or dataset says it."""
    geometry = _attribute(homes, "geometry")
    if geometry is not None:
        text = geometry.decode("latin-1") if isinstance(geometry, bytes) else str(geometry)
        match = _GEOMETRY.fullmatch(text.strip())
        if match is None:
            raise FormatError(f"expected a geometry such as 640x480, found {text[:40]!r}")
        return _checked_shape(match[1], match[2])
    resolution = _attribute(homes, "sensor_resolution")
    if resolution is not None:
        return _checked_shape(*np.ravel(resolution)[1::-1])
    for width, height in (
        (_attribute(homes, "width"), _attribute(homes, "height")),
        (_read_integer(homes[:1], "width"), _read_integer(homes[:1], "height")),
    ):
        if width is not None and height is not None:
            return _checked_shape(width, height)
    calibrated = find_dataset(homes[0], "calib/resolution")
    if calibrated is not None and calibrated.shape == (2,):
        return _checked_shape(*calibrated[()])
    return None


def _checked_shape(*size: Any) -> tuple[int, int]:
    values = [int(np.asarray(each).item()) for each in size]
    if len(values) != 2 or not all(1 <= value <= _LARGEST for value in values):
        raise FormatError(f"expected a width and height from 1 to {_LARGEST}, found {values}")
    return values[0], values[1]
