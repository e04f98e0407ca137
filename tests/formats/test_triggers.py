"""Triggers of RAW and DAT files: literal words, the clock of the events, and any words against the reference."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import triggers as reference
from support.files import make_events, write_file
from support.strategies import dat_records, evt2_words, evt3_words, evt21_words
from support.words import dat_header, encode_evt3, evt2_change, evt2_word, evt3_word, evt21_word, raw_header

from aestream import TRIGGER_DTYPE, FileInput

FORMATS = ("evt2", "evt21", "evt21_legacy", "evt3", "dat")
REFERENCES = {
    "evt2": reference.decode_evt2,
    "evt21": reference.decode_evt21,
    "evt21_legacy": lambda payload: reference.decode_evt21(payload, legacy=True),
    "evt3": reference.decode_evt3,
    "dat": reference.decode_dat,
}
HEADERS = {
    "evt2": raw_header("EVT2"),
    "evt21": raw_header("EVT21", endianness="little"),
    "evt21_legacy": raw_header("EVT21", endianness="legacy"),
    "evt3": raw_header("EVT3"),
    "dat": dat_header(event_type=14),
}
WORDS = {
    "evt2": (4, evt2_words()),
    "evt21": (8, evt21_words()),
    "evt21_legacy": (8, evt21_words(legacy=True)),
    "evt3": (2, evt3_words()),
    "dat": (8, dat_records()),
}


def trigger_word(format: str, t_low: int, id: int, value: int) -> bytes:
    """EXT_TRIGGER; t_low is t[5:0], which EVT3 does not have. Of DAT, a record."""
    if format == "evt3":
        return evt3_word(0xA, id << 8 | value)
    if format == "dat":
        return struct.pack("<II", t_low, id << 26 | value)
    content = t_low << 22 | id << 8 | value
    if format == "evt2":
        return evt2_word(0xA, content)
    return evt21_word(0xA, content, 0xFFFFFFFF, legacy=format == "evt21_legacy")


def read(folder, data: bytes) -> list[tuple[int, int, bool]]:
    path = folder / "a.raw"
    path.write_bytes(data)
    triggers = FileInput(path).triggers()
    assert triggers.dtype == TRIGGER_DTYPE
    return [(int(t), int(id), bool(rising)) for t, id, rising in triggers.tolist()]


@pytest.mark.parametrize(
    ("format", "payload", "want"),
    [
        ("evt2", evt2_word(0x8, 2) + evt2_change(True, 3, 5, 6) + bytes.fromhex("0105 40a1"), [(133, 5, True)]),
        ("evt21", evt21_word(0x8, 2) + bytes.fromhex("ffffffff 001f 40a1"), [(133, 31, False)]),
        ("evt21_legacy", evt21_word(0x8, 2, legacy=True) + bytes.fromhex("001f 40a1 ffffffff"), [(133, 31, False)]),
        ("evt3", evt3_word(0x8, 1) + bytes.fromhex("0760 01a6 00a5"), [(4103, 6, True), (4103, 5, False)]),
        ("dat", bytes.fromhex("05000000 01000018 06000000 00000018"), [(5, 6, True), (6, 6, False)]),
    ],
)
def test_literal_words(tmp_path, format, payload, want):
    assert read(tmp_path, HEADERS[format] + payload) == want
    assert REFERENCES[format](payload) == want


@pytest.mark.parametrize(
    ("format", "time_high", "period"),
    [
        ("evt2", lambda high: evt2_word(0x8, high % 2**28), 2**34),
        ("evt21", lambda high: evt21_word(0x8, high % 2**28), 2**34),
        ("evt3", lambda high: evt3_word(0x8, high % 2**12), 2**24),
    ],
)
def test_triggers_share_the_clock_of_the_events(tmp_path, format, time_high, period):
    edge = trigger_word(format, 0, 1, 1)
    payload = edge + time_high(0) + edge + time_high(-1) + time_high(0) + edge + time_high(-1) + time_high(0) + edge
    assert read(tmp_path, HEADERS[format] + payload) == [(0, 1, True), (period, 1, True), (2 * period, 1, True)]


def test_dat_clock_wraps(tmp_path):
    payload = struct.pack("<6I", 2**32 - 1, 1, 4, 0, 2, 1)
    want = [(2**32 - 1, 0, True), (2**32 + 4, 0, False), (2**32 + 2, 0, True)]
    assert read(tmp_path, HEADERS["dat"] + payload) == want


def test_dat_files_of_triggers_hold_no_events(tmp_path):
    path = tmp_path / "a_trigger.dat"
    path.write_bytes(HEADERS["dat"] + struct.pack("<2I", 5, 1))
    file = FileInput(path)
    assert (file.num_events, len(file.load()), len(file.triggers())) == (0, 0, 1)


@pytest.mark.parametrize("format", ["evt2", "evt21", "evt3", "dat"])
def test_no_triggers_in_files_of_changes(tmp_path, format):
    triggers = FileInput(write_file(tmp_path, format, make_events(300))).triggers()
    assert (triggers.shape, triggers.dtype) == ((0,), TRIGGER_DTYPE)


def test_payload_without_header_has_triggers_when_the_format_is_given(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(encode_evt3(make_events(20)) + trigger_word("evt3", 0, 2, 0))
    assert FileInput(path, format="evt3").triggers()["id"].tolist() == [2]


@pytest.mark.parametrize("format", ["csv", "es", "bin40"])
def test_formats_without_triggers_fail(tmp_path, format):
    with pytest.raises(ValueError, match=f"format {format}, which holds no triggers"):
        FileInput(write_file(tmp_path, format, make_events(20))).triggers()


@given(data=st.data())
@pytest.mark.parametrize("format", FORMATS)
def test_same_triggers_as_the_reference(tmp_path_factory, format, data):
    size, words = WORDS[format]
    payload = data.draw(words)
    edges = st.tuples(st.integers(0, 40), st.integers(0, 63), st.integers(0, 15), st.integers(0, 1))
    for place, *fields in data.draw(st.lists(edges, max_size=6)):
        payload = payload[: place * size] + trigger_word(format, *fields) + payload[place * size :]
    got = read(tmp_path_factory.mktemp("triggers"), HEADERS[format] + payload)
    assert got == REFERENCES[format](payload)


def test_dtype_is_the_16_bytes_of_the_core():
    assert TRIGGER_DTYPE.itemsize == 16
    assert [TRIGGER_DTYPE.fields[name][1] for name in ("t", "id", "rising")] == [0, 8, 10]
    assert np.zeros(1, TRIGGER_DTYPE)["rising"].dtype == bool
