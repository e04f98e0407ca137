"""Events, tensors and targets as the bytes that a shard holds, and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.checks import are_equal

from aestream import EVENT_DTYPE
from aestream.prepared.records import DENSE, PACKED, SPARSE, WIDE, Columns, TensorForm, decode_events, encode_events
from aestream.prepared.targets import decode_target, encode_target

EVENT = st.tuples(
    st.integers(-(2**63), 2**63 - 1), st.integers(-(2**15), 2**15 - 1), st.integers(-(2**15), 2**15 - 1), st.booleans()
)
NEAR = st.tuples(st.integers(10**9, 10**9 + 2**32), st.integers(0, 2**14), st.integers(0, 2**14), st.booleans())


def encoded(events, block_events):
    """What a writer keeps of events that come in blocks, and their kind and base."""
    kept = bytearray()
    parts = encode_events(lambda: (events[i : i + block_events] for i in range(0, len(events), block_events)))
    while True:
        try:
            part = next(parts)
        except StopIteration as stop:
            return bytes(kept), *stop.value
        if part is None:
            kept.clear()
        else:
            kept += part


@given(st.lists(EVENT, max_size=20) | st.lists(NEAR, max_size=20), st.integers(1, 20))
def test_events_come_back_as_they_were(rows, block_events):
    events = np.array(rows, EVENT_DTYPE)
    data, kind, base = encoded(events, block_events)
    assert len(data) == len(events) * (8 if kind == PACKED else 16)
    fits = not rows or (
        max(row[0] for row in rows) - min(row[0] for row in rows) < 2**32
        and all(0 <= value < 2**14 for row in rows for value in row[1:3])
    )
    assert kind == (PACKED if fits else WIDE)
    assert base == (min(row[0] for row in rows) if rows and fits else 0)
    np.testing.assert_array_equal(decode_events(np.frombuffer(data, np.uint8), kind, base), events)


def columns_of(parts, kinds, counts):
    """The columns of a shard of these items, each padded to 8 bytes."""
    padded = [bytes(part) + bytes(-len(part) % 8) for part in parts]
    offsets = np.cumsum([0, *map(len, padded)])
    return Columns(np.frombuffer(b"".join(padded), np.uint8), offsets, np.array(kinds, np.uint8), np.array(counts))


def stored_by_numpy(tensor):
    """The numbers that are not zero, then where they are; or all bytes, where that is not more."""
    numbers = tensor.reshape(-1).view(torch.uint8).numpy().view(f"<u{tensor.element_size()}")
    places = np.flatnonzero(numbers).astype("<u4")
    sparse = numbers[places].tobytes() + places.tobytes()
    return (sparse, SPARSE, len(places)) if len(sparse) < numbers.nbytes else (numbers.tobytes(), DENSE, 0)


TENSOR_DTYPES = [torch.uint8, torch.int8, torch.float32, torch.float16, torch.bfloat16, torch.bool, torch.int64]


@given(st.data(), st.sampled_from(TENSOR_DTYPES))
def test_tensors_come_back_as_they_were(data, dtype):
    size = data.draw(st.integers(1, 400))
    some = st.dictionaries(st.integers(0, size - 1), st.integers(-3, 3), max_size=size)
    form = TensorForm((1, size), dtype)
    tensors = torch.zeros((3, 1, size), dtype=dtype)
    for tensor in tensors:
        for place, value in data.draw(some).items():
            tensor[0, place] = value
        if dtype.is_floating_point and size > 2:
            tensor[0, 0], tensor[0, 1] = -0.0, float("nan")
    stored = [form.encode(tensor) for tensor in tensors]
    assert [(bytes(part), kind, count) for part, kind, count in stored] == list(map(stored_by_numpy, tensors))
    batch, rows = form.batch(4)
    form.decode_into(columns_of(*zip(*stored, strict=True)), [2, 0, 1, 1], rows)
    assert torch.equal(batch.view(torch.uint8), tensors[[2, 0, 1, 1]].view(torch.uint8))


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 1000])
@pytest.mark.parametrize("dtype", TENSOR_DTYPES)
def test_numbers_at_the_edges_of_a_tensor_are_stored(size, dtype):
    tensor = torch.zeros(size, dtype=dtype)
    tensor[-1:] = 1
    stored, kind, count = TensorForm((size,), dtype).encode(tensor)
    assert (bytes(stored), kind, count) == stored_by_numpy(tensor)


GOOD = (bytes([7, 9, 2, 0, 0, 0, 5, 0, 0, 0]), SPARSE, 2)


@pytest.mark.parametrize(
    ("item", "place"),
    [
        ((bytes([7, 9, 2, 0, 0, 0, 100, 0, 0, 0]), SPARSE, 2), 0),  # a place that the tensor has not
        ((GOOD[0], SPARSE, 4), 0),  # more numbers than there are bytes
        ((GOOD[0], SPARSE, -1), 0),
        ((GOOD[0], DENSE, 0), 0),  # fewer bytes than a tensor
        ((bytes(100), PACKED, 0), 0),
        (GOOD, 1),
        (GOOD, 2**62),
    ],
)
def test_a_tensor_that_is_damaged_fails(item, place):
    form = TensorForm((100,), torch.uint8)
    _, rows = form.batch(1)
    with pytest.raises(ValueError, match=f"item {place} is no tensor of this shape"):
        form.decode_into(columns_of(*([part] for part in item)), [place], rows)


@pytest.mark.parametrize("offsets", [[8, 0], [0, 2**40], [-8, 16]])
def test_a_tensor_that_lies_outside_of_its_shard_fails(offsets):
    columns = columns_of(*([part] for part in GOOD))._replace(offsets=np.array(offsets))
    form = TensorForm((100,), torch.uint8)
    with pytest.raises(ValueError, match="item 0 is no tensor"):
        form.decode_into(columns, [0], form.batch(1)[1])


BOXES = np.array([(1, 2.5, [1, 2])], np.dtype([("t", "<u8"), ("x", "<f4"), ("pair", "<i2", (2,))]))
TARGETS = [
    None, 3, True, "left", 2.5, (1, "a"), [1, [2]], {"a": (1, None)}, np.int64(3), np.float32(0.5), np.zeros((0, 3)),
    np.arange(6, dtype=">i2").reshape(2, 3), BOXES, torch.arange(4).reshape(2, 2), torch.ones(3, dtype=torch.bfloat16),
    torch.zeros(0, 5), torch.tensor(2), {"boxes": BOXES, "flow": torch.ones(2, 3, 3)},
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=repr)
def test_targets_come_back_as_they_were(target):
    back = decode_target(encode_target(target))
    if isinstance(target, dict):
        assert back.keys() == target.keys()
        assert all(are_equal(back[name], target[name]) for name in target)
    else:
        assert type(back) is type(target)
        assert are_equal(back, target)
