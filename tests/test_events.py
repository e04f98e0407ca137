"""Events: the dtype, the tuple of tensors, and batches of them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, default_collate

from aestream.errors import TimeUnitWarning
from aestream.events import EVENT_DTYPE, EventBatch, Events, collate_events


def records(count: int = 6) -> np.ndarray:
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = 1_700_000_000_000_000 + 10 * np.arange(count)
    events["x"], events["y"], events["p"] = np.arange(count), -np.arange(count), np.arange(count) % 2
    return events


def view(array: np.ndarray) -> Any:
    """Events; Any, since type checkers take `events[:2]` for two of the four tensors."""
    return Events.from_numpy(array)


def test_dtype_is_the_16_bytes_of_the_core() -> None:
    event = np.zeros(1, EVENT_DTYPE)  # numpy leaves the bytes between fields undefined elsewhere
    event[0] = (258, -2, 3, True)
    assert event.tobytes() == bytes.fromhex("0201000000000000 feff 0300 01 000000")
    assert event["timestamp"] == event["t"] and event["polarity"] == event["p"]
    assert EVENT_DTYPE.isalignedstruct or EVENT_DTYPE.itemsize == 16


def test_from_numpy_shares_memory() -> None:
    array = records()
    events = view(array)
    assert [column.dtype for column in events] == [torch.int64, torch.int16, torch.int16, torch.bool]
    array["x"][2] = 99
    assert events.x[2] == 99
    assert np.shares_memory(events.numpy(), array) and (events.numpy() == array).all()
    assert np.shares_memory(events[2:5].numpy(), array) and (events[2:5].numpy() == array[2:5]).all()


def test_from_numpy_copies_what_torch_cannot_view() -> None:
    array = records()
    array.flags.writeable = False
    packed = array.astype([("timestamp", "<i8"), ("x", "<u2"), ("y", "<i4"), ("polarity", "i1")])
    packed["polarity"] = packed["polarity"] * 2 - 1
    for other in (array, array[::-1].copy()[::-1], packed, np.repeat(array, 2)[::2]):
        assert (Events.from_numpy(other).numpy() == array).all()
    assert len(Events.from_numpy(records(0))) == 0


def test_from_numpy_fails_without_a_field() -> None:
    with pytest.raises(ValueError, match=r"fields t, x, y, p, or four columns .*; got an array \[3\] of int64"):
        Events.from_numpy(np.zeros(3, np.int64))


def foreign(**columns: list[Any]) -> np.ndarray:
    """One array with columns of the types that these lists have, and zeros in the others."""
    arrays = {name: np.asarray(columns.get(name, [0] * len(next(iter(columns.values()))))) for name in "txyp"}
    events = np.zeros(len(arrays["t"]), [(name, column.dtype) for name, column in arrays.items()])
    for name, column in arrays.items():
        events[name] = column
    return events


def test_from_numpy_takes_a_time_unit_and_any_polarity() -> None:
    seconds = foreign(t=[0.1, 0.25], p=np.array([-1, 1], np.int8).astype(np.uint8))
    events = Events.from_numpy(seconds, time_unit="s")
    assert events.t.tolist() == [100_000, 250_000] and events.p.tolist() == [False, True]
    with pytest.warns(TimeUnitWarning):
        assert Events.from_numpy(foreign(t=[3.0])).t.tolist() == [3]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"t": [1.0, 0.5]}, "event 1: t must be integers; got float64 0.5; time_unit="),
        ({"t": [1.0, np.nan]}, "event 1: t must be a finite number; got nan"),
        ({"x": np.array([1, 40000], np.uint16)}, "event 1: x must be from 0 to 32767; got 40000"),
        ({"y": [np.nan]}, "event 0: y must be integers; got nan"),
        ({"p": [0, 1, -1]}, "event 2: p must be from 0 to 1; got -1"),
    ],
)
def test_from_numpy_fails_rather_than_bend(columns: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Events.from_numpy(foreign(**columns))


def test_numpy_fails_rather_than_bend_columns_of_other_types() -> None:
    t, x, y, p = view(records())
    assert (Events(t.double(), x.int(), y.long(), p.int()).numpy() == records()).all()
    with pytest.raises(ValueError, match="event 1: t must be integers; got float64"):
        Events(t.double() / 1e6, x, y, p).numpy()
    with pytest.raises(ValueError, match="event 4: x must be from -32768 to 32767; got 40000"):
        Events(t, x.int() * 10_000, y, p).numpy()


def test_events_unpack_into_four_tensors() -> None:
    events = view(records())
    t, x, y, p = events
    assert t is events.t and x is events.x and y is events.y and p is events.p
    assert len(events) == 6 and events._fields == ("t", "x", "y", "p")
    shifted = events._replace(t=t - t[0])
    assert isinstance(shifted, Events) and shifted.t.tolist() == [0, 10, 20, 30, 40, 50] and shifted.x is x
    assert events._asdict()["y"] is y


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (slice(1, 4), [1, 2, 3]),
        (-1, [5]),
        (np.int64(2), [2]),
        ([4, 0], [4, 0]),
        (np.array([3, 3]), [3, 3]),
        (torch.tensor([5, 1]), [5, 1]),
        (np.arange(6) > 3, [4, 5]),
        (torch.arange(6) < 2, [0, 1]),
        (slice(0, 0), []),
    ],
    ids=str,
)
def test_indexing_selects_events(key: object, expected: list[int]) -> None:
    part = view(records())[key]
    assert isinstance(part, Events) and len(part) == len(expected)
    assert (part.numpy() == records()[expected]).all()


def test_indexing_by_name_gives_a_column() -> None:
    events = view(records())
    assert events["x"] is events.x and events["timestamp"] is events.t and events["polarity"] is events.p


def test_indexing_fails_beyond_the_end_and_for_unknown_names() -> None:
    events = view(records())
    with pytest.raises(IndexError):
        events[6]
    with pytest.raises(KeyError, match="z"):
        events["z"]


def test_events_are_not_multiplied() -> None:
    for multiply in (lambda events: events * 2, lambda events: 2 * events):
        with pytest.raises(TypeError, match="unsupported operand|can't multiply"):
            multiply(view(records()))


def test_repr_shows_counts_span_and_device() -> None:
    text = repr(view(records()))
    assert text == "Events(6: 3 ON, 3 OFF, t=1700000000000000..1700000000000050 µs, device=cpu)"
    assert repr(Events.from_numpy(records(0))) == "Events(0, device=cpu)"
    assert repr(view(records()).to("meta")) == "Events(6, device=meta)"


def test_to_moves_every_column() -> None:
    events = view(records()).to("meta")
    assert isinstance(events, Events) and events.device.type == "meta" and len(events) == 6


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda events: pickle.loads(pickle.dumps(events))])
def test_copies_and_pickles_are_equal(again: Any) -> None:
    result = again(view(records()))
    assert isinstance(result, Events) and (result.numpy() == records()).all()


def test_a_pickled_slice_does_not_carry_the_array() -> None:
    assert len(pickle.dumps(Events.from_numpy(records(100_000))[:10])) < 10_000


def test_events_fail_unless_columns_are_of_one_length() -> None:
    t, x, y, p = view(records())
    with pytest.raises(ValueError, match=r"expected four tensors \[N\].* got shapes \(6,\), \(5,\), \(6,\), \(6,\)"):
        Events(t, x[:5], y, p)


def test_default_collate_fails_rather_than_stack_unlike_windows() -> None:
    events = view(records())
    with pytest.raises((ValueError, RuntimeError), match="collate_events"):
        default_collate([events, events])
    with pytest.raises((ValueError, RuntimeError, TypeError)):
        default_collate([events, events[:2]])


def test_collate_events_joins_items_of_any_length() -> None:
    events = view(records())
    batch = collate_events([events[:2], events[:0], events[2:]])
    assert isinstance(batch, EventBatch) and isinstance(batch.events, Events)
    assert (batch.events.numpy() == records()).all()
    assert batch.batch.tolist() == [0, 0, 2, 2, 2, 2] and batch.batch.dtype == torch.int64
    assert batch.offsets.tolist() == [0, 2, 2, 6] and batch.offsets.dtype == torch.int64
    empty = collate_events([events[:0]])
    assert len(empty.events) == 0 and empty.batch.tolist() == [] and empty.offsets.tolist() == [0, 0]


def test_collate_events_fails_for_other_items() -> None:
    with pytest.raises(ValueError, match="expected one or more Events, got Tensor"):
        collate_events([torch.zeros(3)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="got none"):
        collate_events([])


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_loader_batches_events(num_workers: int) -> None:
    events = view(records())
    items = [events[:1], events[1:4], events[4:]]
    loader: Any = DataLoader(items, batch_size=2, collate_fn=collate_events, num_workers=num_workers)  # type: ignore[arg-type]
    first, second = list(loader)
    assert first.offsets.tolist() == [0, 1, 4] and (first.events.numpy() == records()[:4]).all()
    assert second.offsets.tolist() == [0, 2] and second.batch.tolist() == [0, 0]
