"""Datagrams to events: SPIF and faery's layouts as literal bytes, damage, and clocks of 32 bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import faery_udp, spif
from reference.spif import word
from support.checks import rows
from support.strategies import event_arrays

from aestream import _core

ARRIVAL_US = 777


def decode(datagram: bytes, protocol: str = "spif", clock: _core.SenderClock | None = None, arrival: int = ARRIVAL_US):
    """([(t, x, y, p)], malformed)"""
    events, malformed = _core.decode_datagram(protocol, datagram, clock or _core.SenderClock(), arrival)
    return rows(events), malformed


def test_event_without_timestamp_has_the_time_of_arrival():
    assert decode(b"\x07\x80\x05\x80") == ([(ARRIVAL_US, 5, 7, 1)], False)


def test_event_with_timestamp():
    assert decode(b"\x07\x80\x05\x00\xe8\x03\x00\x00") == ([(1000, 5, 7, 1)], False)


def test_off_event_and_the_largest_coordinates():
    assert decode(b"\xff\x7f\xff\xff") == ([(ARRIVAL_US, 32767, 32767, 0)], False)


def test_faery_records():
    assert decode(bytes.fromhex("e803000000000000 0500 0700 01"), "t64_x16_y16_on8") == ([(1000, 5, 7, 1)], False)
    assert decode(bytes.fromhex("e8030000 0500 0f00"), "t32_x16_y15_on1") == ([(1000, 5, 7, 1)], False)
    assert decode(bytes.fromhex("e8030000 0500 0e00"), "t32_x16_y15_on1") == ([(1000, 5, 7, 0)], False)


def test_mixed_datagram_stamps_on_the_sender_s_clock():
    clock = _core.SenderClock()
    mixed = word(1, 1, 1) + word(2, 2, 0, 5000) + word(3, 3, 1) + word(4, 4, 0, 5100) + word(5, 5, 1)
    events, malformed = decode(mixed, clock=clock, arrival=100)
    assert ([t for t, *_ in events], malformed) == ([100, 5000, 5000, 5100, 5100], False)
    assert decode(word(6, 6, 0), clock=clock, arrival=400) == ([(5400, 6, 6, 0)], False)  # 300 µs later


@pytest.mark.parametrize(
    ("protocol", "datagram", "count"),
    [
        ("spif", word(1, 2, 0) + b"\x01", 1),
        ("spif", word(1, 2, 0) + b"\x01\x02\x03", 1),
        ("spif", word(3, 4, 1, 9)[:5], 0),
        ("aestream", word(1, 2, 0, 9) + b"\x01", 2),
        ("spif", word(1, 2, 0, 9) + word(3, 4, 1, 9)[:6], 1),
        ("spif", b"\xff", 0),
        ("t64_x16_y16_on8", bytes(14), 1),
        ("t64_x16_y16_on8", bytes(13) + b"\xff" * 13 + bytes(13), 1),  # no such time
        ("t32_x16_y15_on1", bytes(23), 2),
    ],
)
def test_damage_is_malformed_and_keeps_the_events_before_it(protocol, datagram, count):
    events, malformed = decode(datagram, protocol)
    assert (len(events), malformed) == (count, True)


def test_a_last_word_without_the_timestamp_that_it_announces_is_stamped_on_arrival():
    assert decode(b"\x0f\x00\xda\x00") == ([(ARRIVAL_US, 218, 15, 0)], False)  # what AEStream 0.6's own test sends
    clock = _core.SenderClock()
    assert decode(word(1, 2, 0, 9) + word(3, 4, 1, 0)[:4], clock=clock) == ([(9, 1, 2, 0), (9, 3, 4, 1)], False)
    assert decode(word(5, 6, 0, 0)[:4], clock=clock, arrival=ARRIVAL_US + 50) == ([(59, 5, 6, 0)], False)


@given(words=st.lists(st.integers(0, 2**32 - 1), max_size=50))
def test_aestream_s_words_are_events_whatever_the_flag_says(words):
    expected = [(ARRIVAL_US, each >> 16 & 0x7FFF, each & 0x7FFF, each >> 15 & 1) for each in words]
    assert decode(np.array(words, "<u4").tobytes(), "aestream") == (expected, False)


@pytest.mark.parametrize("protocol", ["spif", "aestream", "t64_x16_y16_on8", "t32_x16_y15_on1"])
def test_empty_datagram_is_sound(protocol):
    assert decode(b"", protocol) == ([], False)


def test_unknown_protocol_fails():
    with pytest.raises(
        ValueError, match="protocol must be spif, aestream, t64_x16_y16_on8 or t32_x16_y15_on1, got dvs"
    ):
        decode(b"", "dvs")


@pytest.mark.parametrize("protocol", ["spif", "t32_x16_y15_on1"])
def test_clock_of_32_bits_is_unwrapped_across_datagrams(protocol):
    clock, times = _core.SenderClock(), []
    for t in range(2**32 - 3000, 3 * 2**32, 2**31 - 1):  # steps of just less than half the range
        one = word(1, 1, 1, t) if protocol == "spif" else bytes.fromhex(f"{t % 2**32:08x}")[::-1] + bytes(4)
        times += [event[0] for event in decode(one, protocol, clock, arrival=0)[0]]
    assert times == list(range(2**32 - 3000, 3 * 2**32, 2**31 - 1))


def test_late_event_from_before_the_wrap_stays_there():
    clock = _core.SenderClock()
    times = [decode(word(1, 1, 1, t), clock=clock)[0][0][0] for t in (2**32 - 10, 5, 2**32 - 5, 6)]
    assert times == [2**32 - 10, 2**32 + 5, 2**32 - 5, 2**32 + 6]


def test_clock_is_unwrapped_after_an_hour_of_silence():
    clock, hour = _core.SenderClock(), 3_600_000_000
    assert decode(word(1, 1, 1, 3_000_000_000), clock=clock, arrival=0)[0][0][0] == 3_000_000_000
    later = 3_000_000_000 + hour + 50
    assert decode(word(1, 1, 1, later), clock=clock, arrival=hour)[0][0][0] == later


@given(datagram=st.binary(max_size=200))
def test_any_bytes_decode_as_the_reference_does(datagram):
    expected, malformed = spif.decode(datagram)
    first = next((t for t, *_ in expected if t is not None), 0)
    events, is_malformed = decode(datagram)
    assert is_malformed == malformed
    assert [event[1:] for event in events] == [event[1:] for event in expected]
    stamped = [(t, want) for (t, *_), (want, *_) in zip(events, expected, strict=True) if want is not None]
    assert all(t % 2**32 == want and t >= 0 for t, want in stamped)
    assert not stamped or stamped[0][0] == first


@given(datagram=st.binary(max_size=200))
def test_any_bytes_decode_as_faery_s_records(datagram):
    assert decode(datagram, "t64_x16_y16_on8")[0] == [
        (t, x - (x > 32767) * 65536, y - (y > 32767) * 65536, p)
        for t, x, y, p in until(faery_udp.decode_t64(datagram), lambda row: row[0] >= 2**63)
    ]
    events = decode(datagram, "t32_x16_y15_on1")[0]
    expected = faery_udp.decode_t32(datagram)
    assert [(t % 2**32, x % 65536, y, p) for t, x, y, p in events] == expected


@given(events=event_arrays(starts_us=(0, 2**24)))
def test_encoded_events_decode_to_themselves(events):
    for protocol, datagram in (
        ("spif", spif.encode(events, timestamps=True)),
        ("t64_x16_y16_on8", faery_udp.encode_t64(events)),
        ("t32_x16_y15_on1", faery_udp.encode_t32(events)),
    ):
        assert decode(datagram, protocol) == (rows(events), False)


def until(items: list, ends) -> list:
    """The items before the first one that ends them."""
    return items[: next((i for i, item in enumerate(items) if ends(item)), len(items))]


def test_decoded_array_is_of_the_package_s_dtype():
    events, _ = _core.decode_datagram("spif", word(5, 7, 1, 9), _core.SenderClock(), 0)
    assert events.dtype.itemsize == 16
    assert np.array_equal(events["p"], [True])
