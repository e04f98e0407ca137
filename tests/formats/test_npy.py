"""NPY: structured arrays and arrays [N, 4], against what NumPy was given."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from support.arrays import load, matrix, npy, structured, write
from support.checks import assert_same_events
from support.files import make_events

from aestream import FileInput, FormatError, TruncatedFileWarning

EVENTS = make_events(300)


@pytest.mark.parametrize("dtype", ["<i8", ">i8", "<i4"])
def test_nanoseconds_become_the_nearest_microseconds_and_halves_the_later(tmp_path, dtype):
    t = [-1501, -1500, -1499, -501, -500, 0, 499, 500, 1499, 1501, 2**31 - 1]
    events = np.zeros(len(t), [("t", dtype), ("x", "<u2"), ("y", "<u2"), ("p", "?")])
    events["t"] = t
    assert load(tmp_path, npy(events), time_unit="ns")["t"].tolist() == [(time + 500) // 1000 for time in t]


@pytest.mark.parametrize(
    "fields",
    [
        [("t", "<i8", "t"), ("x", "<i2", "x"), ("y", "<i2", "y"), ("p", "?", "p")],
        [("x", "<u2", "x"), ("y", "<u2", "y"), ("p", "<i2", "p"), ("t", "<i8", "t")],
        [("timestamp", ">u8", "t"), ("x", ">i4", "x"), ("y", "u1", "y"), ("polarity", "i1", "p")],
        [("X", "<f4", "x"), ("Y", "<f8", "y"), ("frame", "<u4", "x"), ("Pol", "u1", "p"), ("TS", "<i4", "t")],
        [("x_pos", "<u2", "x"), ("y_pos", "<u2", "y"), ("time", "<f8", "t"), ("on", "?", "p")],
    ],
)
def test_structured_array_with_fields_of_any_order_and_width(tmp_path, fields):
    file = FileInput(write(tmp_path, npy(structured(EVENTS, *fields))), time_unit="us")
    assert_same_events(file.load(), EVENTS)
    assert (file.format, file.shape, file.num_events) == ("npy", None, 300)
    assert file.metadata["time_unit"] == "us"


@pytest.mark.parametrize("order", ["txyp", "xytp", "pyxt"])
@pytest.mark.parametrize("dtype", ["i8", ">i4", "f8", "f4"])
def test_matrix_with_its_columns_told(tmp_path, order, dtype):
    assert_same_events(load(tmp_path, npy(matrix(EVENTS, order, dtype)), columns=order, time_unit="us"), EVENTS)


def test_matrix_is_t_x_y_p_when_nothing_is_told(tmp_path):
    assert_same_events(load(tmp_path, npy(matrix(EVENTS))), EVENTS)


def test_columns_may_be_skipped(tmp_path):
    array = np.insert(matrix(EVENTS, "xytp"), 2, -7, axis=1)
    assert_same_events(load(tmp_path, npy(array), columns="xy_tp"), EVENTS)


def test_fortran_order_is_understood(tmp_path):
    array = np.asfortranarray(matrix(EVENTS, "xytp"))
    assert b"'fortran_order': True" in npy(array)
    assert_same_events(load(tmp_path, npy(array), columns="xytp"), EVENTS)


def test_polarity_of_minus_one_is_off(tmp_path):
    array = matrix(EVENTS)
    array[:, 3] = array[:, 3] * 2 - 1
    assert_same_events(load(tmp_path, npy(array)), EVENTS)


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_times_with_a_fraction_are_seconds(tmp_path, dtype):
    array = matrix(EVENTS, dtype=dtype)
    array[:, 0] = EVENTS["t"] / 1e6
    file = FileInput(write(tmp_path, npy(array)))
    assert file.metadata["time_unit"] == "s"
    assert np.array_equal(file.load()["t"], np.rint(array[:, 0].astype("f8") * 1e6))


@pytest.mark.parametrize("array", [EVENTS[:0], matrix(EVENTS[:0])])
def test_empty_array_is_an_empty_recording(tmp_path, array):
    file = FileInput(write(tmp_path, npy(array)))
    assert (len(file.load()), file.num_events, file.t_stop) == (0, 0, 0)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_header(tmp_path, version):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of version 2.0 and 3.0, which old NumPy cannot read
        np.lib.format.write_array(file, EVENTS, version)
    assert_same_events(load(tmp_path, file.getvalue()), EVENTS)


@pytest.mark.parametrize("lost", [1, 15, 16, 17, 4799, 4800])
def test_whole_rows_and_a_warning_when_cut(tmp_path, lost):
    data = npy(EVENTS)[:-lost]
    with pytest.warns(TruncatedFileWarning, match=f"byte {len(data)}: expected {lost} bytes more") as caught:
        assert_same_events(load(tmp_path, data), EVENTS[: (4800 - lost) // 16])
    assert len(caught) == 1
    with pytest.raises(FormatError, match="truncated"):
        load(tmp_path, data, strict=True)


def test_cut_columns_fail(tmp_path):
    with pytest.raises(FormatError, match="expected 9600 bytes of data, found 9599"):
        load(tmp_path, npy(np.asfortranarray(matrix(EVENTS)))[:-1], columns="txyp")


def test_plainly_wrong_order_advises_columns(tmp_path):
    for array, found in [
        (matrix(EVENTS, "xytp"), r"10\d+ for y"),
        (matrix(EVENTS, "xypt"), "for a polarity"),
        (np.random.default_rng(1).integers(0, 300, (100, 4)) // [1, 1, 1, 150], "falls"),
    ]:
        with pytest.raises(FormatError, match=f"expected the columns t, x, y, p; found .*{found}.*columns=") as caught:
            load(tmp_path, npy(array))
        assert str(tmp_path) in str(caught.value)
    load(tmp_path, npy(array), columns="txyp")  # which the user must know


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 3)), r"expected an array \[N, 4\], found \[5, 3\]"),
        (np.zeros((4, 0)), "expected an array of events"),
        (np.zeros(5), r"found \[5\]"),
        (np.float64(1), "expected an array of events"),
        (np.zeros((5, 4), "c16"), "expected integers, floats or booleans"),
        (np.zeros((5, 4), "M8[us]"), "expected integers, floats or booleans"),
        (np.zeros(5, [("t", "i8"), ("x", "i2"), ("y", "i2")]), "expected t, x, y, p, .*found t, x, y; .*fields="),
        (np.zeros(5, [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "S2")]), "booleans in p"),
        (np.zeros(5, [("t", "i8"), ("x", "i2", (2,)), ("y", "i2"), ("p", "i2")]), "booleans in x"),
        (
            np.zeros(5, [("t", "i8"), ("ts", "i8"), ("x", "i2"), ("y", "i2"), ("p", "i2")]),
            "expected one each of t, x, y, p .*found t and ts",
        ),
        (np.array([{}] * 4), "never unpickled"),
    ],
)
def test_array_that_holds_no_events_fails(tmp_path, array, message):
    with pytest.raises(FormatError, match=message):
        load(tmp_path, npy(array))


def header(text: bytes, version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "data",
    [
        b"\x93NUMPY",
        b"\x93NUMPY\x09\x00",
        header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (3, 4), }")[:-1],
        header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (-3, 4), }\n"),
        header(b"{'descr': 'O', 'fortran_order': False, 'shape': (3, 4), }\n"),
        header(b"{'descr': '<i8', 'shape': (3, 4), }\n"),
        header(b"__import__('os').abort()\n"),
        header(b"(" * 5000 + b"\n"),
        header(b" " * 60000 + b"\n"),
        header(b"{'descr': [('t', '<i8')] * 9, 'fortran_order': False, 'shape': (3,), }\n"),
        header(b"\xff\xfe\n"),
    ],
)
def test_damaged_header_fails(tmp_path, data):
    with pytest.raises(FormatError):
        load(tmp_path, data)


@pytest.mark.parametrize("shape", [b"(9223372036854775807, 4)", b"(99999999999999999999999, 4)"])
def test_absurd_shape_costs_no_memory(tmp_path, shape):
    data = header(b"{'descr': '<i8', 'fortran_order': False, 'shape': " + shape + b", }\n") + bytes(64)
    with pytest.warns(TruncatedFileWarning, match="bytes more"):
        assert load(tmp_path, data).tolist() == [(0, 0, 0, False)] * 2


def test_number_that_no_event_holds_fails_with_its_row_and_byte(tmp_path):
    array = structured(EVENTS, ("t", "<i8", "t"), ("x", "<i4", "x"), ("y", "<i4", "y"), ("p", "?", "p"))
    array["x"][7] = 40_000
    data = npy(array)
    with pytest.raises(FormatError, match="row 7: expected for x .*found 40000") as caught:
        load(tmp_path, data)
    assert caught.value.offset == len(data) - 300 * 17 + 7 * 17 + 8


def test_columns_for_named_fields_fail(tmp_path):
    with pytest.raises(ValueError, match=r"columns='xytp' is for an array \[N, 4\]"):
        load(tmp_path, npy(EVENTS), columns="xytp")
    with pytest.raises(ValueError, match="each of the letters"):
        load(tmp_path, npy(matrix(EVENTS)), columns="xyt")
    with pytest.raises(ValueError, match="stream"):
        load(tmp_path, npy(EVENTS), stream="left")
