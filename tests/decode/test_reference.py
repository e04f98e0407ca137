"""The slow reference decoders against byte literals computed by hand, and against the plain encoders."""

from __future__ import annotations

import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from support.aedat4_words import event_packet, io_header, packet
from support.checks import assert_same_events, rows
from support.strategies import STARTS_US, event_arrays
from support.words import (
    dat_header,
    dat_record,
    encode_aedat4,
    encode_csv,
    encode_dat,
    encode_evt2,
    encode_evt3,
    encode_evt21,
    evt2_change,
    evt2_word,
    evt3_word,
    evt21_change,
    evt21_word,
    raw_header,
)

EVT2_STARTS = (*STARTS_US, 2**34 - 5000)


def evt3(*words):
    return rows(reference.evt3.decode(b"".join(evt3_word(*word) for word in words)))


def evt2(*words):
    return rows(reference.evt2.decode(b"".join(words)))


def test_header_ends_when_a_line_is_end():
    data = b"% format EVT3;width=0x10;height=010\r\n% Date now or  then\n% end\n% payload"
    header, offset = reference.read_header(data)
    assert header == {"format": "EVT3;width=0x10;height=010", "date": "now or then"}
    assert data[offset:] == b"% payload"


def test_header_ends_when_a_line_has_no_space():
    assert reference.read_header(b"% evt 2.0\n%end\n") == ({"evt": "2.0"}, 10)


def test_evt2_change_after_time_high():
    words = [evt2_change(True, 1, 9, 9), evt2_word(8, 1), evt2_change(True, 3, 5, 6), evt2_change(False, 63, 2047, 0)]
    assert evt2(*words) == [(67, 5, 6, 1), (127, 2047, 0, 0)]


def test_evt2_literal_bytes():
    assert rows(reference.evt2.decode(bytes.fromhex("01000080 0628c010 ff"))) == [(67, 5, 6, 1)]


@pytest.mark.parametrize(("fall", "loops"), [(2**28 - 1, 1), (2**28 - 157, 1), (2**28 - 158, 0), (1, 0)])
def test_evt2_wraps_when_the_base_falls_far_enough(fall, loops):
    top = 2**28 - 1
    words = [evt2_word(8, top), evt2_word(8, top - fall), evt2_change(False, 0, 1, 2)]
    assert evt2(*words) == [(loops * 2**34 + (top - fall) * 64, 1, 2, 0)]


def test_evt2_skips_other_words():
    others = [evt2_word(kind, 0x0123456) for kind in (2, 3, 4, 5, 6, 7, 9, 0xA, 0xB, 0xC, 0xD, 0xE, 0xF)]
    assert evt2(evt2_word(8, 0), *others, evt2_change(True, 4, 5, 6)) == [(4, 5, 6, 1)]


@pytest.mark.parametrize("legacy", [False, True])
def test_evt21_mask_when_bits_are_set(legacy):
    words = evt21_word(8, 2, legacy=legacy) + evt21_change(True, 1, 2040, 7, 0x80000003, legacy=legacy)
    events = reference.evt21.decode(words + b"cut", legacy=legacy)
    assert rows(events) == [(129, 2040, 7, 1), (129, 2041, 7, 1), (129, 2071, 7, 1)]


def test_evt21_literal_bytes():
    little = bytes.fromhex("00000000 02000080 01000000 0628c010")
    legacy = bytes.fromhex("02000080 00000000 0628c010 01000000")
    assert rows(reference.evt21.decode(little)) == [(131, 5, 6, 1)]
    assert rows(reference.evt21.decode(legacy, legacy=True)) == [(131, 5, 6, 1)]


@pytest.mark.parametrize(("new", "loops"), [(0, 1), (2**27 - 2, 1), (2**27 - 1, 0)])
def test_evt21_wraps_when_time_high_falls_by_more_than_half(new, loops):
    words = evt21_word(8, 2**28 - 1) + evt21_word(8, new) + evt21_change(False, 0, 1, 2, 1)
    assert rows(reference.evt21.decode(words)) == [(loops * 2**34 + new * 64, 1, 2, 0)]


def test_evt3_lone_vector_moves_the_base_by_12():
    words = [(8, 0), (6, 1), (0, 5), (3, 0x80A), (4, 0b11), (2, 5), (6, 2), (2, 6)]
    assert evt3(*words) == [(1, 10, 5, 1), (1, 11, 5, 1), (1, 5, 5, 0), (2, 6, 5, 0)]


def test_evt3_literal_bytes():
    assert rows(reference.evt3.decode(bytes.fromhex("0180 0260 0700 0528 ff"))) == [(4098, 5, 7, 1)]


def test_evt3_vectors_of_a_camera_cover_32_pixels():
    events = evt3((8, 0), (0, 1), (3, 64), (4, 0x800), (4, 1), (5, 0x80), (5, 1))
    assert [x for _, x, _, _ in events] == [75, 76, 95, 96]


def test_evt3_skips_state_before_the_first_time_high():
    assert evt3((0, 9), (6, 9), (3, 9), (2, 9), (8, 0), (4, 1), (2, 0x801)) == [(0, 0, 0, 0), (0, 1, 0, 1)]


def test_evt3_time_low_is_zeroed_when_time_high_is_new():
    assert [t for t, *_ in evt3((8, 1), (6, 5), (8, 1), (2, 0), (8, 2), (2, 0))] == [4101, 8192]


@pytest.mark.parametrize(("before", "new", "loops"), [(2048, 0, 1), (2047, 0, 0), (4095, 2047, 1), (4095, 2048, 0)])
def test_evt3_wraps_when_time_high_falls_by_half(before, new, loops):
    assert evt3((8, before), (8, new), (2, 3)) == [(loops * 2**24 + new * 4096, 3, 0, 0)]


def test_evt3_em_address_hides_events_until_the_next_line():
    assert evt3((8, 0), (0, 1), (1, 2), (2, 3), (3, 4), (4, 1), (0, 5), (5, 1)) == [(0, 16, 5, 0)]


def test_evt3_x_ends_at_32767_when_vectors_chain():
    events = evt3((8, 0), (3, 2047), *[(4, 0x800)] * 2561, (5, 0xFF), (3, 1), (4, 1))
    assert max(x for _, x, _, _ in events) == 2047 + 12 * 2559 + 11
    assert events[-1] == (0, 1, 0, 0)


@pytest.mark.parametrize(("version", "p", "on"), [(2, 0, 0), (2, 1, 1), (2, 8, 1), (1, 1, 1)])
def test_dat_record_of_either_version(version, p, on):
    record = dat_record(7, 300, 200, p, version=version)
    assert rows(reference.dat.decode(record + b"cut", version=version)) == [(7, 300, 200, on)]


def test_dat_literal_bytes():
    assert rows(reference.dat.decode(bytes.fromhex("98600000 28403800"))) == [(24728, 40, 225, 0)]


@pytest.mark.parametrize(("before", "new", "loops"), [(2**32 - 1, 0, 1), (2**31 + 1, 0, 1), (2**31, 0, 0)])
def test_dat_unwraps_when_t_falls_by_more_than_half(before, new, loops):
    events = reference.dat.decode(dat_record(before, 0, 0, 0) + dat_record(new, 1, 2, 1))
    assert rows(events) == [(before, 0, 0, 0), (loops * 2**32 + new, 1, 2, 1)]


def test_dat_triggers_are_no_events():
    assert len(reference.dat.decode(dat_record(1, 2, 3, 1), event_type=14)) == 0


def test_aedat4_file_by_hand():
    """The packet of FORMATS.md, section 9.5."""
    own = packet(0, bytes.fromhex(
        "3c000000 10000000 45565453 0000 060008000400 06000000 04000000 02000000"
        "e803000000000000 0300 0200 01 000000 e903000000000000 0000 0100 00 000000"
    ))  # fmt: skip
    xml = (
        '<dv version="2.0"><node name="outInfo"><node name="0"><attr key="typeIdentifier">EVTS</attr>'
        '<node name="info"><attr key="sizeX">4</attr><attr key="sizeY">3</attr></node></node></node></dv>'
    )
    data = io_header(0, -1, xml) + own
    assert rows(reference.aedat4.decode(data)) == [(1000, 3, 2, 1), (1001, 0, 1, 0)]
    assert reference.aedat4.geometry(data) == (4, 3)
    assert own == packet(0, event_packet(reference.to_events([(1000, 3, 2, True), (1001, 0, 1, False)])))


def test_aedat4_packet_dropped_when_cut():
    events = reference.to_events([(t, 1, 2, True) for t in range(4)])
    data = encode_aedat4(events, packet_events=2, table=False)
    assert_same_events(reference.aedat4.decode(data[:-1]), events[:2])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (b"5,1,2,1\n6,3,4,0\n", [(5, 1, 2, 1), (6, 3, 4, 0)]),
        (b"# note\r\nx, y, t, p\r\n1, 2, 5, -1\r\n\r\n", [(5, 1, 2, 0)]),
        (b"timestamp;x;y;polarity\n5;1;2;True\n6;1;2;false", [(5, 1, 2, 1), (6, 1, 2, 0)]),
        (b"t,x@346,y@260,on\n5,1,2,1\n6,3", [(5, 1, 2, 1)]),
        (b"240 180\n0.0000005 1 2 1\n1.000000499 1 2 0\n2147483648.25 1 2 0\n",
         [(1, 1, 2, 1), (1_000_000, 1, 2, 0), (2147483648250000, 1, 2, 0)]),
        (b"", []),
    ],
)  # fmt: skip
def test_csv_dialects(text, want):
    assert rows(reference.csv_text.decode(text)) == want


def test_csv_geometry_when_named():
    assert reference.csv_text.geometry(b"t,x@346,y@260,on\n") == (346, 260)
    assert reference.csv_text.geometry(b"240 180\n") == (240, 180)
    assert reference.csv_text.geometry(b"1,2,3,1\n") == (None, None)


@pytest.mark.parametrize("text", [b"1,2,3,1\n1,2,3\n4,5,6,0\n", b"1,2,3,1\n4,5\n"])
def test_csv_row_too_short_fails(text):
    with pytest.raises(ValueError, match="line 2: . columns instead of 4"):
        reference.csv_text.decode(text)


@given(event_arrays(starts_us=EVT2_STARTS) | event_arrays(monotonic=False))
def test_evt2_round_trip(events):
    assert_same_events(reference.evt2.decode(encode_evt2(events)), events)


@given(event_arrays(starts_us=EVT2_STARTS) | event_arrays(monotonic=False), st.booleans())
def test_evt21_round_trip(events, legacy):
    assert_same_events(reference.evt21.decode(encode_evt21(events, legacy), legacy=legacy), events)


@given(event_arrays() | event_arrays(monotonic=False), st.booleans())
def test_evt3_round_trip(events, vectors):
    assert_same_events(reference.evt3.decode(encode_evt3(events, vectors)), events)


@given(events=event_arrays(512, 256) | event_arrays(512, 256, monotonic=False))
@pytest.mark.parametrize("version", [1, 2])
def test_dat_round_trip(events, version):
    assert_same_events(reference.dat.decode(encode_dat(events, version), version=version), events)


@given(event_arrays(starts_us=(0, 2**51)), st.sampled_from((None, 6, 9)), st.sampled_from(",;\t "))
def test_csv_round_trip(events, seconds, separator):
    text = encode_csv(events, separator=separator, columns="xypt", seconds=seconds, polarity=("-1", "1"))
    assert_same_events(reference.csv_text.decode(text, columns="xypt"), events)


@settings(max_examples=30)
@given(events=event_arrays(starts_us=(0, 2**51)), table=st.booleans(), extra_streams=st.booleans())
@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
def test_aedat4_round_trip(events, compression, table, extra_streams):
    data = encode_aedat4(events, compression, packet_events=7, table=table, extra_streams=extra_streams)
    assert_same_events(reference.aedat4.decode(data), events)


def test_file_told_by_its_content(tmp_path):
    events = reference.to_events([(5, 1, 2, True), (5, 2, 2, True), (9, 3, 4, False)])
    files = {
        (640, 480): raw_header("EVT2") + encode_evt2(events),
        (346, 260): raw_header("EVT3", 346, 260) + encode_evt3(events),
        (32, 24): raw_header("EVT21", 32, 24, endianness="legacy") + encode_evt21(events, legacy=True),
        (33, 24): raw_header("EVT21", 33, 24) + encode_evt21(events, legacy=True),
        (304, 240): dat_header(1, 304, 240) + encode_dat(events, 1),
        (None, None): encode_csv(events),
        (4, 3): encode_aedat4(events, width=4, height=3),
    }
    for shape, data in files.items():
        (tmp_path / "file").write_bytes(data)
        found, *size = reference.decode_file(tmp_path / "file")
        assert_same_events(found, events)
        assert tuple(size) == shape
