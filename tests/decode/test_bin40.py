"""40-bit .bin files: rows, overflows, and how a format without magic bytes is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.checks import assert_same_events, rows
from support.files import make_events
from support.strategies import event_arrays, split_points
from support.words import bin40_row, encode_aedat4, encode_bin40, encode_csv, encode_evt3, es_header, raw_header

from aestream import FileInput, FormatError, TruncatedFileWarning
from aestream._core import decode


def write(folder, data: bytes, name: str = "a.bin"):
    path = folder / name
    path.write_bytes(data)
    return path


def test_literal_rows():
    payload = bytes.fromhex("2011 812345  2112 012346  00f0 000000  2213 7fffff")
    want = [(0x12345, 0x20, 0x11, 1), (0x12346, 0x21, 0x12, 0), (0x7FFFFF + 8192, 0x22, 0x13, 0)]
    assert rows(decode("bin40", payload)) == want


def test_every_overflow_moves_all_later_rows():
    payload = bin40_row(5, 1, 1, 1) + 3 * bin40_row(9, 2, 240, 1) + bin40_row(4, 1, 1, 0) + bin40_row(3, 1, 1, 0)
    assert rows(decode("bin40", payload)) == [(5, 1, 1, 1), (24580, 1, 1, 0), (24579, 1, 1, 0)]


@pytest.mark.parametrize("length", [*range(1, 45), 3000])
@pytest.mark.parametrize("overflows", [0, 1, 5])
def test_rows_of_any_bits_with_overflows_anywhere(length, overflows):
    rng = np.random.default_rng([length, overflows])
    data = rng.integers(0, 256, (length, 5), dtype=np.uint8)
    data[data[:, 1] == 240, 1] = 239
    data[rng.integers(0, length, overflows), 1] = 240
    x, y, high, middle, low = data.astype(np.int64).T
    is_event = y != 240
    t = ((high & 127) << 16 | middle << 8 | low) + 8192 * np.cumsum(~is_event)
    got = decode("bin40", data.tobytes())
    for name, column in {"t": t, "x": x, "y": y, "p": high >> 7}.items():
        assert got[name].tolist() == column[is_event].tolist()


def test_file_without_geometry_is_told_by_its_name(tmp_path):
    events = make_events()
    file = FileInput(write(tmp_path, encode_bin40(events), "A.BIN"))
    assert (file.format, file.shape, file.num_events) == ("bin40", None, len(events))
    assert_same_events(file.load(), events)


def test_any_name_when_the_format_is_given(tmp_path):
    events = make_events(100)
    assert_same_events(FileInput(write(tmp_path, encode_bin40(events), "a.dat"), format="bin40").load(), events)


@pytest.mark.parametrize("first", [(0x25, 0x20), (0x1F, 0x8B)])  # "% " and gzip's two bytes
def test_first_pixel_may_look_like_magic_bytes(tmp_path, first):
    data = bin40_row(1, *first, 1) + bin40_row(2, 3, 4, 0)
    for file in (FileInput(write(tmp_path, data)), FileInput(write(tmp_path, data, "a.dat"), format="bin40")):
        assert rows(file.load()) == [(1, *first, 1), (2, 3, 4, 0)]


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (raw_header("EVT3") + encode_evt3(make_events(200)), "evt3"),
        (encode_aedat4(make_events(200)), "aedat4"),
        (encode_csv(make_events(200)), "csv"),
        (es_header(), "es"),
    ],
)
def test_other_formats_under_the_name_are_told_by_content(tmp_path, data, format):
    assert FileInput(write(tmp_path, data)).format == format


def test_few_times_may_step_back(tmp_path):
    events = make_events(1000)
    events["t"][100::100] -= 3000
    assert_same_events(FileInput(write(tmp_path, encode_bin40(events))).load(), events)


def test_random_bytes_under_the_name_fail(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, 4096, dtype=np.uint8).tobytes()
    with pytest.raises(FormatError, match="no known format"):
        FileInput(write(tmp_path, noise))


def test_empty_file_is_an_empty_recording(tmp_path):
    file = FileInput(write(tmp_path, b""))
    assert (file.format, file.num_events, len(file)) == ("bin40", 0, 0)


@pytest.mark.parametrize("cut", [1, 4])
def test_truncated_file_gives_whole_rows_and_warns(tmp_path, cut):
    path = write(tmp_path, (bin40_row(1, 2, 3, 1) + bin40_row(2, 3, 4, 0))[:-cut])
    with pytest.warns(TruncatedFileWarning):
        assert rows(FileInput(path).load()) == [(1, 2, 3, 1)]
    with pytest.raises(FormatError, match="truncated") as caught:
        FileInput(path, strict=True).load()
    assert caught.value.offset == 5


@given(data=st.data())
def test_round_trip_for_any_chunking(data):
    events = data.draw(event_arrays(256, 240, starts_us=(0, 2**23 - 5000, 2**24)))
    payload = encode_bin40(events)
    assert_same_events(decode("bin40", payload, data.draw(split_points(len(payload)))), events)
