"""Where the events of an HDF5 file lie: Prophesee, DSEC, MVSEC, M3ED, e2vid, evutils, eventcv and plain groups."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.errors import FormatError
from aestream.field_names import FIELDS
from aestream.formats.base import ReadOptions
from aestream.formats.fields import ADVICE, check_order, choose_fields
from aestream.formats.hdf5_access import OptionError, check_filters, check_size, find_dataset, import_h5py
from aestream.formats.hdf5_places import is_column, names_in
from aestream.formats.units import US_PER_UNIT, off_of, time_unit_of

_GEOMETRY = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")
_LARGEST = 32767
_MVSEC = "davis/"  # whose tables are in an order of their own
_SAMPLE_ROWS = 1 << 12


@dataclass(frozen=True)
class Field:
    """One field of all events: a dataset, or a part of its rows.

    Attributes:
        dataset: the h5py.Dataset.
        part: name of a compound's field, or number of a column; None where the dataset is the field.
        begin: first byte within a row.
        dtype: of one number.
        axis: of the dataset, along which the rows lie: 0, or 1 as MATLAB writes a column.
    """

    dataset: Any
    part: str | int | None
    begin: int
    dtype: np.dtype[Any]
    axis: int = 0

    @property
    def num_rows(self) -> int:
        """As many as there are events."""
        return int(self.dataset.shape[self.axis])

    @property
    def chunk_rows(self) -> int | None:
        """Rows in a chunk; None of a dataset in one piece."""
        return None if self.dataset.chunks is None else int(self.dataset.chunks[self.axis])

    def rows(self, first: int, last: int) -> npt.NDArray[Any]:
        """Rows [first, last), read by h5py."""
        return part_of(read_rows(self.dataset, self.axis, first, last), self.part)


def read_rows(dataset: Any, axis: int, first: int, last: int) -> npt.NDArray[Any]:
    """Rows [first, last) of a dataset whose rows lie along an axis, as if that were the first."""
    return np.asarray(dataset[first:last] if axis == 0 else dataset[:, first:last].T)


def part_of(rows: npt.NDArray[Any], part: str | int | None) -> npt.NDArray[Any]:
    """One field of rows; see `Field.part`."""
    if part is None:
        return rows
    return rows[part] if isinstance(part, str) else rows[:, part]


@dataclass(frozen=True)
class Layout:
    """How the events of one stream are stored.

    Attributes:
        name: of the layout, such as ``"dsec"``.
        fields: by the letters t, x, y, p.
        us_per_unit, offset_us: a stored time is ``t * us_per_unit + offset_us`` microseconds.
        off: what stands for OFF: 0, -1, or None where it is not known.
        shape: sensor (width, height), or None.
        time_rows: the file's own index, or None: row i is the first event not before ``time_start_us + 1000 * i``.
    """

    name: str
    fields: dict[str, Field]
    us_per_unit: float
    offset_us: int
    off: int | None
    shape: tuple[int, int] | None
    time_rows: npt.NDArray[np.uint64] | None
    time_start_us: int

    @property
    def num_events(self) -> int:
        return self.fields["t"].num_rows


def read_layout(file: Any, path: str, node: Any, options: ReadOptions, file_bytes: int) -> Layout:
    """How the events at a group or dataset are stored.

    Raises:
        FormatError: if they are no events, of unequal lengths, or claim to be far more than the file could hold.
        ValueError: if ``columns`` or ``fields`` is not for this layout.
    """
    fields, named_unit = _read_fields(node, path, options)
    lengths = {letter: field.num_rows for letter, field in fields.items()}
    if len(set(lengths.values())) != 1:
        found = ", ".join(f"{length} in {letter}" for letter, length in lengths.items())
        raise FormatError(f"expected as many rows in every column of {path}, found {found}")
    for field in fields.values():
        check_size(field.dataset, file_bytes, item_bytes=16)
    if names_in(node) == [] and options.columns is None and not path.startswith(_MVSEC):
        _check_order(fields)
    homes = [node if isinstance(node, import_h5py().Group) else node.parent]
    homes += [homes[0].parent, file]
    offset_us = _read_integer(homes, "t_offset")
    us_per_unit = _us_per_unit(
        fields["t"], options.time_unit or named_unit, _attribute(homes, "timestamp_scale_ms"), file
    )
    if offset_us is not None and options.time_unit is not None:
        offset_us = round(offset_us * us_per_unit)
    rows, start_us = _read_time_table(homes, file_bytes) if us_per_unit == 1 else (None, 0)
    return Layout(
        _name_of(path, fields, offset_us is not None),
        fields,
        us_per_unit,
        offset_us or 0,
        _off_of(fields["p"]),
        _read_shape(homes),
        rows,
        start_us + (offset_us or 0),
    )


def _us_per_unit(t: Field, told: str | None, scale_ms: Any, file: Any) -> float:
    """Of the unit that the user or the name tells, or an attribute; else of a guess from all rows."""
    if told is not None:
        return US_PER_UNIT[told]
    if scale_ms is not None:
        return _to_us_per_unit(scale_ms)
    if t.dtype.kind == "f":
        check_filters(t.dataset)
    return US_PER_UNIT[time_unit_of(t.rows, t.num_rows, t.dtype, file.filename)]


def _off_of(p: Field) -> int | None:
    try:
        check_filters(p.dataset)
        return off_of(p.rows, p.num_rows)
    except (ImportError, OSError):  # of a filter that only the core can undo, or of damage that reading will find
        return None


def _read_fields(node: Any, path: str, options: ReadOptions) -> tuple[dict[str, Field], str | None]:
    """The fields by their letters, and the unit that the name of the time tells."""
    names = names_in(node)
    if names == []:
        if options.fields is not None:
            raise OptionError(f"fields={dict(options.fields)!r} is for named fields; found an array at {path}")
        return _columns_of_matrix(node, path, options.columns), None
    chosen = choose_fields(names or (), options.fields, path)
    if options.columns is not None:
        found = f"{', '.join(chosen.names.values())} in {path}"
        raise OptionError(f"columns={options.columns!r} is for an array [N, 4]; found {found}")
    fields = {}
    for letter, name in chosen.names.items():
        if isinstance(node, import_h5py().Group):
            dataset = find_dataset(node, name)
            if dataset is None:
                raise FormatError(f"expected a dataset at {path}/{name}, found none")
            part = 0 if is_column(dataset) and len(dataset.shape) == 2 else None
            axis = 1 if part == 0 and dataset.shape[1] != 1 else 0
            fields[letter] = Field(dataset, part, 0, dataset.dtype, axis)
        else:
            dtype, begin = node.dtype.fields[name][:2]
            fields[letter] = Field(node, name, begin, dtype)
        dimensions = 2 if fields[letter].part == 0 else 1
        _check_field(fields[letter], f"{path}/{name}", dimensions)
    return {letter: fields[letter] for letter in FIELDS}, chosen.time_unit


def _columns_of_matrix(node: Any, path: str, columns: str | None) -> dict[str, Field]:
    """MVSEC's arrays are x, y, t, p; others as an NPY file's. MATLAB's are turned: ``[4, N]``."""
    order = columns or ("xytp" if path.startswith(_MVSEC) else FIELDS)
    if len(order) not in node.shape:
        raise FormatError(f"expected an array [N, {len(order)}] at {path}, found {list(node.shape)}; {ADVICE}")
    axis, size = int(node.shape[1] != len(order)), node.dtype.itemsize
    numbers = {letter: order.index(letter) for letter in FIELDS}
    fields = {letter: Field(node, i, i * size, node.dtype, axis) for letter, i in numbers.items()}
    _check_field(fields["t"], path, dimensions=2)
    return fields


def _check_order(fields: dict[str, Field]) -> None:
    """As an NPY file's, by the first rows, where they can be read here."""
    try:
        check_filters(fields["t"].dataset)
        columns = [field.rows(0, min(field.num_rows, _SAMPLE_ROWS)) for field in fields.values()]
    except (ImportError, OSError):  # of a filter that only the core can undo, or of damage that reading will find
        return
    check_order(*columns)


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
        text = geometry.decode("utf-8", "surrogateescape") if isinstance(geometry, bytes) else str(geometry)
        match = _GEOMETRY.fullmatch(text.strip())
        if match is None:
            raise FormatError(f"expected a geometry such as 640x480, found {text[:40]!a}")
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
