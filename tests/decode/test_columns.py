"""Columns of any numbers as events, against NumPy's own conversions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import EVENT_DTYPE
from support.checks import assert_same_events

from aestream import FormatError, _core

INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
FLOATS = ["f2", "f4", "f8"]
LIMITS = {"x": (-(2**15), 2**15 - 1), "y": (-(2**15), 2**15 - 1), "t": (-(2**63), 2**63 - 1)}


def load(t, x, y, p, us_per_unit=1.0) -> np.ndarray:
    """The events of four columns."""
    columns = [np.asarray(column) for column in (t, x, y, p)]
    return _core.open_arrays(columns, us_per_unit=us_per_unit).load(1)[0]


def spread(column: np.ndarray, gap: int) -> np.ndarray:
    """The same numbers, with a gap between the rows."""
    rows = np.zeros(len(column), [("number", column.dtype), ("gap", f"V{gap}")] if gap else [("number", column.dtype)])
    rows["number"] = column
    return rows["number"]


@st.composite
def columns(draw, name, rows):
    """A column of any type whose numbers an event can hold."""
    order, kind = draw(st.sampled_from("<>")), draw(st.sampled_from([*INTEGERS, *FLOATS, "b1"]))
    dtype = np.dtype(kind).newbyteorder(order)
    low, high = LIMITS.get(name, (None, None))
    if kind in FLOATS and name != "p":
        most = 2048 if kind == "f2" else 30_000
        elements = st.integers(-most, most).map(float)
    elif name == "p" and kind != "b1":
        elements = st.sampled_from([0, 1])
    elif kind == "b1":
        elements = st.booleans()
    else:
        info = np.iinfo(kind)
        elements = st.integers(max(info.min, low or info.min), min(info.max, high or info.max))
    return spread(draw(hnp.arrays(dtype, rows, elements=elements, fill=st.nothing())), draw(st.integers(0, 5)))


@given(data=st.data(), rows=st.integers(0, 40))
def test_every_type_order_and_stride_gives_the_same_numbers(data, rows):
    t, x, y, p = (data.draw(columns(name, rows)) for name in "txyp")
    want = np.zeros(rows, EVENT_DTYPE)
    want["t"], want["x"], want["y"], want["p"] = t, x, y, p > 0
    assert_same_events(load(t, x, y, p), want)


@pytest.mark.parametrize("rows", [1, 511, 512, 513, 2000])
def test_long_columns_are_packed_whole(rows):
    t, x = np.arange(rows) * 7, (np.arange(rows) % 1000).astype("u2")
    events = load(t, x, x[::-1].copy(), x % 2)
    assert np.array_equal(events["t"], t) and np.array_equal(events["y"], x[::-1])
    assert np.array_equal(events.view("u1").reshape(rows, 16)[:, 12:], np.eye(4, dtype="u1")[[0]] * (x % 2)[:, None])


@given(hnp.arrays("f8", st.integers(1, 30), elements=st.floats(-9e9, 9e9)))
def test_seconds_are_rounded_to_the_nearest_microsecond(seconds):
    zeros = np.zeros(len(seconds), "u1")
    events = load(seconds, zeros, zeros, zeros, us_per_unit=1e6)
    assert np.array_equal(events["t"], np.rint(seconds * 1e6).astype(np.int64))


def test_halves_go_to_the_even_microsecond():
    events = load(np.array([0.5, 1.5, 2.5, -0.5, -1.5]), *np.zeros((3, 5), "u1"))
    assert events["t"].tolist() == [0, 2, 2, 0, -2]


def test_half_precision_is_read_as_numpy_reads_it():
    bits = np.arange(2**16, dtype=np.uint16)
    values = bits.view(np.float16)
    values = values[np.isfinite(values)]
    whole = values[(values == np.trunc(values)) & (abs(values) < 32768)]
    zeros = np.zeros(len(whole), "u1")
    assert np.array_equal(load(zeros, whole, zeros, zeros)["x"], whole.astype(np.int16))
    small = values[abs(values) < 1]
    events = load(small, *np.zeros((3, len(small)), "u1"), us_per_unit=2.0**24)
    assert np.array_equal(events["t"], (small.astype(np.float64) * 2**24).astype(np.int64))


@pytest.mark.parametrize(
    ("name", "column", "found"),
    [
        ("x", np.array([0, 32768], "u2"), "32768"),
        ("x", np.array([0, -32769], "i4"), "-32769"),
        ("y", np.array([0, 1e30]), "1e\\+30|10000"),
        ("y", np.array([0, 1.5], "f4"), "1.5"),
        ("x", np.array([0, np.nan], "f2"), "nan"),
        ("p", np.array([0, np.nan]), "nan"),
        ("t", np.array([0, 2**63], "u8"), "9223372036854775808"),
        ("t", np.array([0, np.nan]), "nan"),
        ("t", np.array([0, np.inf], ">f4"), "inf"),
        ("t", np.array([0, -1e19]), "-1000"),
    ],
)
def test_number_that_no_event_holds_fails(name, column, found):
    fine = np.array([1, 1])
    with pytest.raises(FormatError, match=f"row 1: expected for {name} .*found ({found})") as caught:
        load(**dict.fromkeys("txyp", fine) | {name: column})
    assert caught.value.offset is None


def test_time_that_overflows_by_its_unit_fails():
    fine = np.array([1, 1])
    with pytest.raises(FormatError, match="row 1: expected for t .*found 9223372036854775"):
        load(np.array([1, 2**63 - 1]), fine, fine, fine, us_per_unit=1000.0)


@pytest.mark.parametrize("dtype", ["c16", "V3", "m8[us]", "S4", "f16" if np.dtype("g").itemsize == 16 else "V16"])
def test_column_of_another_type_fails(dtype):
    with pytest.raises(ValueError, match="no column is of type"):
        load(np.zeros(2, dtype), *np.zeros((3, 2)))


def test_columns_that_are_no_columns_fail():
    with pytest.raises(ValueError, match="one length"):
        load(np.zeros(2), np.zeros(3), np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="one dimension"):
        load(np.zeros((2, 2)), *np.zeros((3, 2)))
    with pytest.raises(ValueError, match="follow each other"):
        load(np.zeros(4)[::-1], *np.zeros((3, 4)))


def test_rows_behind_the_end_of_the_file_fail(tmp_path):
    path = tmp_path / "rows"
    path.write_bytes(bytes(36))
    file = _core.MappedFile(str(path))
    places = [(0, 12, "<i8"), (8, 12, "|u1"), (9, 12, "|u1"), (10, 12, "|b1")]
    assert _core.open_rows(file, places, num_events=3, us_per_unit=1.0).num_events == 3
    for rows in (4, 2**60, 2**64 - 1):
        with pytest.raises(ValueError, match="does not hold so many rows"):
            _core.open_rows(file, places, num_events=rows, us_per_unit=1.0)
    with pytest.raises(ValueError, match="does not hold so many rows"):
        _core.open_rows(file, [(29, 12, "<i8"), *places[1:]], num_events=1, us_per_unit=1.0)
