"""ES files: headers, the three kinds of words, y from the bottom, and any chunking against the reference."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from support.checks import assert_same_events, rows
from support.strategies import es_words, event_arrays, split_points
from support.words import encode_es, es_event, es_header

from aestream import FileInput, FormatError, TruncatedFileWarning
from aestream._core import decode

DECODERS = {1: "es_dvs", 2: "es_atis", 4: "es_color"}
TWO = es_event(1, 3, 5, 6, 1) + es_event(1, 0, 7, 8, 0)


@pytest.fixture
def load(tmp_path):
    def load(data: bytes, **options) -> np.ndarray:
        path = tmp_path / "a.es"
        path.write_bytes(data)
        return FileInput(path, **options).load()

    return load


@pytest.mark.parametrize(
    ("kind", "payload", "want"),
    [
        (
            1,
            bytes.fromhex("07 0500 0600") + b"\xff\xfe\xff" + bytes.fromhex("02 0700 0800"),
            [(3, 5, 6, 1), (258, 7, 8, 0)],
        ),
        (1, bytes.fromhex("fd 0000 0000 fc 0000 0000"), [(126, 0, 0, 1), (252, 0, 0, 0)]),
        (2, bytes.fromhex("fc fd fe ff 06 0500 0600 0b 0100 0100 04 0700 0800"), [(379, 5, 6, 1), (382, 7, 8, 0)]),
        (2, bytes.fromhex("fa 0500 0600 f8 0500 0600"), [(62, 5, 6, 1), (124, 5, 6, 0)]),
        (4, bytes.fromhex("fd 0500 0600 010203 fe ff 00 ff7f ff7f ffffff"), [(253, 5, 6, 1), (507, 32767, 32767, 1)]),
    ],
)
def test_words_of_every_kind(kind, payload, want):
    assert rows(decode(DECODERS[kind], payload)) == want
    assert rows(reference.es.decode(payload, kind=kind)) == want


@pytest.mark.parametrize(("mirror", "y"), [(None, [9, 7]), ("y", [9, 7]), ("", [6, 8])])
def test_y_is_counted_from_the_top_unless_it_is_to_stay_as_stored(load, mirror, y):
    events = load(es_header(1, 32, 16) + TWO, mirror=mirror)
    assert events["y"].tolist() == y
    assert events["x"].tolist() == [5, 7]


def test_other_axes_to_mirror_fail(load):
    with pytest.raises(ValueError, match='mirror must be "" or "y" for an ES file; got \'x\''):
        load(es_header(1) + TWO, mirror="x")


def test_events_outside_the_sensor_are_loaded_without_wrapping(load):
    payload = es_event(1, 0, 32767, 32767, 1) + es_event(1, 0, 0, 0, 0)
    assert rows(load(es_header(1, 32, 1) + payload)) == [(0, 32767, -32767, 1), (0, 0, 0, 0)]


def test_a_dense_tensor_leaves_out_what_lies_outside(tmp_path):
    path = tmp_path / "a.es"
    path.write_bytes(es_header(1, 10, 10) + es_event(1, 0, 9, 0, 1) + es_event(1, 0, 9, 10, 1))
    frame = FileInput(path)[0]
    assert frame.sum() == frame[1, 9, 9] == 1


def test_file_says_what_it_is(tmp_path):
    path = tmp_path / "a.es"
    path.write_bytes(es_header(2, 304, 240))
    file = FileInput(path)
    assert (file.format, file.shape, file.num_events) == ("es", (304, 240), 0)
    assert file.metadata == {"type": "atis", "version": "2.0.0"}


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"Event Stream", "expected version and type", 12),
        (es_header(version=b"\x03\x00\x00"), "expected version 2, found 3", 12),
        (es_header(0), r"found type 0 \(generic\): not pixel events", 15),
        (es_header(3), r"found type 3 \(display\): not pixel events", 15),
        (es_header(9), "expected events of type 1 .*, found type 9", 15),
        (es_header()[:-1], "expected width and height, found the end", 16),
        (es_header(1, 0, 480), "expected width and height from 1 to 32767, found 0", 16),
        (es_header(1, 640, 32768), "expected width and height from 1 to 32767, found 32768", 16),
        (es_header() + TWO + es_event(1, 0, 32768, 2, 1), "expected x and y of at most 32767, found 32768 and 2", 30),
        (
            es_header() + b"\xff" + es_event(1, 0, 1, 65535, 1),
            "expected x and y of at most 32767, found 1 and 65535",
            21,
        ),
    ],
)
def test_malformed_files_fail(load, data, message, offset):
    with pytest.raises(FormatError, match=message) as caught:
        load(data)
    assert caught.value.offset == offset


def test_what_stands_before_a_bad_event_can_be_played(tmp_path):
    path = tmp_path / "a.es"
    path.write_bytes(es_header() + TWO + es_event(1, 0, 32768, 2, 1))
    total = 0
    with FileInput(path, ignore_time=True) as stream, pytest.raises(FormatError, match="at most 32767"):
        while stream.is_streaming():
            total += stream.read().sum()
    assert total == 2


@pytest.mark.parametrize("cut", [1, 4])
def test_truncated_file_gives_whole_events_and_warns(load, cut):
    with pytest.warns(TruncatedFileWarning):
        events = load((es_header() + TWO)[:-cut])
    assert rows(events) == [(3, 5, 473, 1)]
    with pytest.raises(FormatError, match="truncated"):
        load((es_header() + TWO)[:-cut], strict=True)


def test_overflows_at_the_end_are_no_truncation(load):
    assert len(load(es_header() + TWO + b"\xff\xff\xfe")) == 2


@given(data=st.data())
@pytest.mark.parametrize("kind", DECODERS)
def test_same_events_for_any_chunking(kind, data):
    payload = data.draw(es_words(kind))
    cuts = data.draw(split_points(len(payload)))
    assert_same_events(decode(DECODERS[kind], payload, cuts), reference.es.decode(payload, kind=kind))


@given(payload=st.binary(max_size=400))
@pytest.mark.parametrize("kind", DECODERS)
def test_same_events_or_error_when_every_byte_is_a_chunk(kind, payload):
    try:
        want = reference.es.decode(payload, kind=kind)
    except ValueError:
        with pytest.raises(FormatError, match="at most 32767"):
            decode(DECODERS[kind], payload, list(range(len(payload))))
    else:
        assert_same_events(decode(DECODERS[kind], payload, list(range(len(payload)))), want)


@given(data=st.data())
@pytest.mark.parametrize("kind", DECODERS)
def test_round_trip_for_any_chunking(kind, data):
    events = data.draw(event_arrays(starts_us=(0, 1000)))
    if kind == 4:
        events["p"] = True
    payload = encode_es(events, kind)
    assert_same_events(decode(DECODERS[kind], payload, data.draw(split_points(len(payload)))), events)
