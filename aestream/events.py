"""Events as NumPy records and as tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

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
_ALIASES = {"t": "timestamp", "p": "polarity"}
_NAMES = {alias: name for name, alias in _ALIASES.items()}


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
        shapes = [tuple(column.shape) for column in (t, x, y, p)]
        if any(len(shape) != 1 or shape != shapes[0] for shape in shapes):
            expected = "expected four tensors [N] (a DataLoader needs collate_fn=aestream.collate_events)"
            raise ValueError(f"{expected}, got shapes {', '.join(map(str, shapes))}")
        return super().__new__(cls, t, x, y, p)

    @classmethod
    def _make(cls, iterable: Iterable[torch.Tensor]) -> Events:  # type: ignore[override]
        return cls(*iterable)

    @classmethod
    def from_numpy(cls, events: npt.NDArray[Any]) -> Events:
        """View a structured array as tensors that share its memory; what torch cannot view is copied.

        Args:
            events: array ``[N]`` of `EVENT_DTYPE`, or with the fields t (or timestamp), x, y and p (or polarity).
                A read-only array is copied, as torch knows no read-only tensors.

        Raises:
            ValueError: if a field is missing.
        """
        if not events.flags.writeable:
            events = events.copy()
        return cls(*(torch.from_numpy(_column(events, name)) for name in cls._fields))

    def numpy(self) -> npt.NDArray[Any]:
        """The events as an array ``[N]`` of `EVENT_DTYPE`: the one that they are views of, or else a copy."""
        if self._is_one_array():
            words = np.lib.stride_tricks.as_strided(self.t.numpy(), (len(self), 2), (16, 8))
            return words.view(EVENT_DTYPE)[:, 0]
        records = np.zeros(len(self), EVENT_DTYPE)
        for name, column in zip(self._fields, self, strict=True):
            records[name] = column.cpu().numpy()
        return records

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
        if len(self) == 0:
            return f"Events(0, device={self.device})"
        on = int(self.p.sum())
        span = f"{int(self.t.min())}..{int(self.t.max())}"
        return f"Events({len(self)}: {on} ON, {len(self) - on} OFF, t={span} µs, device={self.device})"


def _column(events: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """The field as torch can view it: no negative steps, and none that is no multiple of the item."""
    names = events.dtype.names or ()
    field = name if name in names else _ALIASES.get(name, name)
    if field not in (events.dtype.fields or ()):
        raise ValueError(f"expected an array with fields t, x, y, p, got {', '.join(names) or events.dtype}")
    column = events[field]
    if name == "p" and column.dtype.kind in "if":
        column = column > 0  # -1 is OFF
    column = column.astype(EVENT_DTYPE[name], copy=False)
    is_viewable = all(step >= 0 and step % column.itemsize == 0 for step in column.strides)
    return column if is_viewable and column.flags.aligned else column.copy()


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
