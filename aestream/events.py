"""Events as NumPy records and as tensors."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from aestream.errors import TimeUnitWarning
from aestream.event_columns import UNIT_ADVICE, columns_of, to_coordinates, to_microseconds, to_polarity

#: One event: t in µs, x to the right, y down, p True = ON. Titles let ``events["timestamp"]`` be ``events["t"]``.
EVENT_DTYPE = np.dtype(
    {
        "names": ["t", "x", "y", "p"],
        "formats": ["<i8", "<i2", "<i2", "?"],
        "offsets": [0, 8, 10, 12],
        "titles": ["timestamp", None, None, "polarity"],
        "itemsize": 16,
    }
)

#: One edge on an external input of the camera: t in µs, the input's number, True = rising.
TRIGGER_DTYPE = np.dtype({"names": ["t", "id", "rising"], "formats": ["<i8", "<i2", "?"], "itemsize": 16})

#: One sample of a camera's inertial unit: t in µs; temperature in °C; along the axes x, y, z acceleration in g
#: (9.81 m/s²), angular velocity in °/s and magnetic field in µT. What a camera does not measure is 0.
IMU_DTYPE = np.dtype(
    [
        ("t", "<i8"),
        ("temperature", "<f4"),
        ("accelerometer", "<f4", (3,)),
        ("gyroscope", "<f4", (3,)),
        ("magnetometer", "<f4", (3,)),
    ]
)

_LAYOUT = ((torch.int64, 0), (torch.int16, 8), (torch.int16, 10), (torch.bool, 12))
_NAMES = {"timestamp": "t", "polarity": "p"}


@dataclass
class Event:
    """One event as AEStream 0.6 has it: ``aestream.Event(timestamp, x, y, polarity)``.

    ``t, x, y, p = event``; ``np.array([tuple(event)], EVENT_DTYPE)`` is an array of it.

    Attributes:
        timestamp: in µs.
        x, y: pixels, from the left and from the top.
        polarity: True = ON.
    """

    timestamp: int
    x: int
    y: int
    polarity: bool

    def __iter__(self) -> Iterator[int]:
        return iter((self.timestamp, self.x, self.y, self.polarity))


class _Columns(NamedTuple):
    t: torch.Tensor
    x: torch.Tensor
    y: torch.Tensor
    p: torch.Tensor


class Events(_Columns):
    """Events as four tensors of one length, in recorded order: ``t, x, y, p = events``.

    Attributes:
        t: int64 ``[N]``, microseconds as recorded.
        x: int16 ``[N]``, pixels, grows right.
        y: int16 ``[N]``, pixels, grows down.
        p: bool ``[N]``, True = ON = brighter.

    ``len(events)`` is N. ``events[10:20]``, ``events[mask]``, ``events[indices]`` and ``events[-1]`` are `Events`, too
    (one event is a length of 1); a string names a column. On a CPU the columns may be views of one array of
    `EVENT_DTYPE`.
    """

    __slots__ = ()

    def __new__(cls, t: torch.Tensor, x: torch.Tensor, y: torch.Tensor, p: torch.Tensor) -> Events:
        if not all(isinstance(column, torch.Tensor) for column in (t, x, y, p)):
            found = ", ".join(type(column).__name__ for column in (t, x, y, p))
            raise ValueError(f"expected four tensors, got {found}: Events.from_numpy((t, x, y, p)) takes others")
        shapes = [tuple(column.shape) for column in (t, x, y, p)]
        if any(len(shape) != 1 or shape != shapes[0] for shape in shapes):
            expected = "expected four tensors [N] (a DataLoader needs collate_fn=aestream.collate_events)"
            raise ValueError(f"{expected}, got shapes {', '.join(map(str, shapes))}")
        return super().__new__(cls, t, x, y, p)

    @classmethod
    def _make(cls, iterable: Iterable[torch.Tensor]) -> Events:  # type: ignore[override]
        return cls(*iterable)

    @classmethod
    def from_numpy(cls, events: Any, *, time_unit: str | None = None) -> Events:
        """View a structured array, or four columns, as tensors that share its memory; what torch cannot view is copied.

        Args:
            events: array ``[N]`` of `EVENT_DTYPE`, or with the fields t (or timestamp), x, y and p (or polarity) of any
                numbers; or four arrays, tensors or sequences ``[N]`` in that order. p of 0 and 1, or of -1 and 1. A
                read-only array is copied, as torch knows no read-only tensors.
            time_unit: what t counts: "s", "ms", "us" or "ns"; None: microseconds, which are whole.

        Raises:
            ValueError: if it is neither, or naming field and row: of a time that is NaN or has a fraction without
                a ``time_unit``, of a coordinate that is not whole or does not fit int16, of a third polarity.

        Warns with a `TimeUnitWarning` of float times that are all whole, without a ``time_unit``.
        """
        if isinstance(events, np.ndarray) and not events.flags.writeable:
            events = events.copy()
        given = columns_of(events)
        columns = _checked(given, time_unit)
        if not isinstance(events, Events):  # which are in microseconds
            _warn_of_guess(given["t"], time_unit)
        return cls(*(torch.from_numpy(_viewable(column)) for column in columns.values()))

    def numpy(self) -> npt.NDArray[Any]:
        """The events as an array ``[N]`` of `EVENT_DTYPE`: the one that they are views of, or else a copy.

        Raises:
            ValueError: as ``from_numpy``, if columns of other types hold what does not fit.
        """
        if self._is_one_array():
            words = np.lib.stride_tricks.as_strided(self.t.numpy(), (len(self), 2), (16, 8))
            return words.view(EVENT_DTYPE)[:, 0]
        return to_records(self)

    def _is_one_array(self) -> bool:
        first = self.t.data_ptr()
        return len(self) > 0 and all(
            column.device.type == "cpu"
            and column.dtype == dtype
            and column.stride(0) * column.element_size() == EVENT_DTYPE.itemsize
            and column.data_ptr() - first == offset
            for column, (dtype, offset) in zip(self, _LAYOUT, strict=True)
        )

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> Events:
        """The events on another device."""
        return Events(*(column.to(device, non_blocking=non_blocking) for column in self))

    def pin_memory(self) -> Events:
        """The events in pinned memory, which ``to(device, non_blocking=True)`` copies from beside other work."""
        return Events(*(column.contiguous().pin_memory() for column in self))

    def __add__(self, other: Any) -> Events:
        """The events of both, one behind the other; a tuple would have eight columns."""
        if not isinstance(other, Events):
            return NotImplemented
        return Events(*(torch.cat(columns) for columns in zip(self, other, strict=True)))

    def __mul__(self, other: Any) -> Any:
        """Nothing: a tuple would be repeated."""
        return NotImplemented

    __rmul__ = __mul__

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """``torch.cat([events, events])``; other functions of torch work on the columns."""
        given = args[0] if len(args) == 1 and not kwargs else ()
        if function in (torch.cat, torch.concat) and given and all(isinstance(each, Events) for each in given):
            return Events(*(torch.cat(columns) for columns in zip(*given, strict=True)))
        raise TypeError(
            f"torch.{getattr(function, '__name__', function)} is for tensors: use the columns events.t, .x, .y, .p; "
            "torch.cat([events, …]) joins Events along their only dimension"
        )

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.t.device

    def __len__(self) -> int:
        return len(self.t)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            columns = self._asdict()
            return columns[_NAMES.get(key, key)]
        if isinstance(key, np.ndarray):
            key = torch.from_numpy(key)
        return Events(*(column[key].reshape(-1) for column in self))

    def __getnewargs__(self) -> tuple[torch.Tensor, ...]:
        return tuple(column.contiguous() for column in self)  # a pickled view would carry the whole array, four times

    def __repr__(self) -> str:
        if len(self) == 0 or self.device.type == "meta":  # which holds no data
            return f"Events({len(self)}, device={self.device})"
        on = int(self.p.sum())
        span = f"{int(self.t.min())}..{int(self.t.max())}"
        return f"Events({len(self)}: {on} ON, {len(self) - on} OFF, t={span} µs, device={self.device})"


def to_records(events: Any, *, time_unit: str | None = None, first_row: int = 0) -> npt.NDArray[Any]:
    """A new array of `EVENT_DTYPE` from whatever `columns_of` takes.

    Raises:
        ValueError: as ``Events.from_numpy``; the first row is called ``first_row``.
    """
    given = columns_of(events)
    columns = _checked(given, time_unit, first_row)
    if not isinstance(events, Events):  # which are in microseconds
        _warn_of_guess(given["t"], time_unit)
    records = np.zeros(len(columns["t"]), EVENT_DTYPE)
    for name, column in columns.items():
        records[name] = column
    return records


def _checked(
    columns: dict[str, npt.NDArray[Any]], time_unit: str | None, first_row: int = 0
) -> dict[str, npt.NDArray[Any]]:
    """The columns as the types of `EVENT_DTYPE`, which lose nothing."""
    return {
        "t": to_microseconds(columns["t"], time_unit, first_row=first_row),
        "x": to_coordinates(columns["x"], "x", first_row=first_row),
        "y": to_coordinates(columns["y"], "y", first_row=first_row),
        "p": to_polarity(columns["p"], first_row=first_row),
    }


def _warn_of_guess(times: npt.NDArray[Any], time_unit: str | None) -> None:
    """Warn of times that are whole floats, if one is not 0 and nobody said what they count."""
    if time_unit is None and times.dtype.kind == "f" and times.any():
        message = f"times are floats without a fraction, taken for microseconds: {UNIT_ADVICE}"
        warnings.warn(message, TimeUnitWarning, stacklevel=3)


def _viewable(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The column as torch can view it: writable, aligned, and its steps are whole items that go forward."""
    is_viewable = all(step >= 0 and step % column.itemsize == 0 for step in column.strides)
    is_viewable = is_viewable and column.flags.aligned and column.flags.writeable
    return column if is_viewable else column.copy()


class EventBatch(NamedTuple):
    """The events of several items, one behind the other.

    Attributes:
        events: all events, N in sum.
        batch: int64 ``[N]``, the item that each event belongs to, on the events' device.
        offsets: int64 ``[B + 1]``, on the CPU; item i is ``events[offsets[i]:offsets[i + 1]]``.
    """

    events: Events
    batch: torch.Tensor
    offsets: torch.Tensor


def collate_events(items: list[Events]) -> EventBatch:
    """Batch windows of different lengths: ``DataLoader(dataset, batch_size=8, collate_fn=collate_events)``.

    Args:
        items: the B items of a batch, all on one device; any may be empty.

    Returns:
        Columns of the same dtypes, and which event belongs to which item; see `EventBatch`.

    Raises:
        ValueError: if there is no item, or one that is no `Events`.
    """
    wrong = [type(item).__name__ for item in items if not isinstance(item, Events)]
    if wrong or not items:
        raise ValueError(f"expected one or more Events, got {', '.join(wrong) or 'none'}")
    lengths = torch.tensor([len(item) for item in items])
    events = Events(*(torch.cat(columns) for columns in zip(*items, strict=True)))
    batch = torch.repeat_interleave(torch.arange(len(items)), lengths).to(events.device)
    return EventBatch(events, batch, torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)]))
