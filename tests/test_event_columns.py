"""Columns of events that users made: what is taken, as what, and what is refused with its row."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aestream.event_columns import guess_time_unit, to_coordinates, to_microseconds, to_polarity

INTEGERS = ("i1", "u1", "<i2", ">u2", "<i4", "<u4", "<i8", "<u8", ">i8")
FLOATS = ("<f2", "<f4", "<f8", ">f8")


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_whole_numbers_are_microseconds_in_every_type(dtype: str) -> None:
    times = to_microseconds(np.array([0, 5, 100], dtype))
    assert times.dtype == np.int64 and times.tolist() == [0, 5, 100]


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([0.1, 0.2, 1.5], "s", [100_000, 200_000, 1_500_000]),
        ([1, 2], "s", [1_000_000, 2_000_000]),
        ([1.0, 2.0], "s", [1_000_000, 2_000_000]),
        ([0.001, 7], "ms", [1, 7000]),
        ([1.4, 1.6], "us", [1, 2]),
        ([1499, 1500, -1500, -1501], "ns", [1, 2, -1, -2]),
        ([1499.0, 1501.0], "ns", [1, 2]),
        ([-0.25], "s", [-250_000]),
        ([], "s", []),
    ],
)
def test_a_time_unit_converts(values: list[float], unit: str, expected: list[int]) -> None:
    assert to_microseconds(np.array(values), unit).tolist() == expected


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.sampled_from(("s", "ms", "us", "ns")))
def test_integers_convert_exactly_or_fail(values: list[int], unit: str) -> None:
    factor = {"s": Fraction(10**6), "ms": Fraction(1000), "us": Fraction(1), "ns": Fraction(1, 1000)}[unit]
    exact = [value * factor + Fraction(1, 2) for value in values]
    expected = [each.numerator // each.denominator for each in exact]
    column = np.array(values, np.int64)
    bad = [row for row, each in enumerate(expected) if not -(2**63) <= each < 2**63]
    if bad:
        with pytest.raises(ValueError, match=f"event {bad[0]}: t must be from"):
            to_microseconds(column, unit)
    else:
        assert to_microseconds(column, unit).tolist() == expected


def test_int64_is_not_copied_and_nothing_is_changed() -> None:
    times = np.arange(3)
    assert to_microseconds(times) is times
    assert to_coordinates(np.arange(3, dtype=np.int16), "x").dtype == np.int16
    seconds = np.array([0.5])
    to_microseconds(seconds, "s")
    assert seconds.tolist() == [0.5]


def test_fractions_are_refused_unless_a_guess_is_asked_for() -> None:
    seconds = np.array([1.0, 2.5, np.nan])
    with pytest.raises(ValueError, match="event 2: t must be a finite number; got nan"):
        to_microseconds(seconds)
    with pytest.raises(ValueError, match=r"event 11: t must be integers; got float64 2.5; time_unit="):
        to_microseconds(seconds[:2], first_row=10)
    assert to_microseconds(seconds[:2], guess=True).tolist() == [1_000_000, 2_500_000]
    assert to_microseconds(seconds[:1], guess=True).tolist() == [1]
    assert guess_time_unit(seconds) == "s" and guess_time_unit(np.array([1.0, np.inf])) == "us"
    assert guess_time_unit(np.append(np.zeros(100_000), 0.5)) == "s"


@pytest.mark.parametrize(
    ("column", "unit", "message"),
    [
        (np.array([0, 2**63], np.uint64), None, "event 1: t must be from 0 to 9223372036854775807; got 9223372036854"),
        (np.array([1e30]), None, "event 0: t must fit int64 in microseconds; got 1e\\+30"),
        (np.array([-np.inf]), "s", "event 0: t must be a finite number; got -inf"),
        (np.array([True]), None, "t must be integers; got bool"),
        (np.array(["a"]), None, "t must be integers; got <U1"),
        (np.array([0]), "m", "time_unit must be one of s, ms, us, ns, or None; got 'm'"),
    ],
)
def test_times_fail_with_what_came(column: Any, unit: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_microseconds(column, unit)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
def test_coordinates_are_taken_from_every_type(dtype: str) -> None:
    column = to_coordinates(np.array([0, 127], dtype), "x")
    assert column.dtype == np.int16 and column.tolist() == [0, 127]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.array([0, 40000], np.uint16), "event 1: y must be from 0 to 32767; got 40000"),
        (np.array([-40000]), "event 0: y must be from -32768 to 32767; got -40000"),
        (np.array([1.5]), "event 0: y must be integers; got 1.5"),
        (np.array([0, np.nan]), "event 1: y must be integers; got nan"),
        (np.array([np.inf]), "event 0: y must be"),
        (np.array([True]), "y must be integers; got bool"),
    ],
)
def test_coordinates_fail_with_what_came(column: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_coordinates(column, "y")


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS, "?"])
def test_zero_and_one_are_polarities_in_every_type(dtype: str) -> None:
    assert to_polarity(np.array([0, 1, 0], dtype)).tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", [*INTEGERS, "<f4", "<f8"])
def test_minus_one_is_off_however_it_is_stored(dtype: str) -> None:
    assert to_polarity(np.array([-1, 1, -1]).astype(dtype)).tolist() == [False, True, False]
    assert to_polarity(np.array([-1]).astype(dtype)).tolist() == [False]


@given(st.lists(st.sampled_from((-1, 0, 1, 2, 255, 65535))))
def test_a_third_polarity_fails_with_its_row(values: list[int]) -> None:
    off: int | None = None
    for row, value in enumerate(values):
        if value != 1 and off is None and value != 2:
            off = value
        if value not in (1, off):
            with pytest.raises(ValueError, match=rf"event {row + 3}: p must be from 0 to 1; got {value} "):
                to_polarity(np.array(values), first_row=3)
            return
    assert to_polarity(np.array(values, np.int64)).tolist() == [value == 1 for value in values]


@pytest.mark.parametrize("value", [0.5, float("nan"), float("inf"), -2])
def test_other_polarities_fail(value: float) -> None:
    with pytest.raises(ValueError, match="event 1: p must be from 0 to 1; got"):
        to_polarity(np.array([1, value]))
