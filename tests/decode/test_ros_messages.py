"""RosTopic: the messages of a ROS topic, each as the bytes that a stream decoder reads."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import evt3, ros
from reference.events import EVENT_DTYPE, to_events
from support.checks import assert_same_events, rows
from support.ros_words import compact_word, event_array, fields, header, libcaer_word, mono_word, packet
from support.strategies import evt2_words, evt3_words, evt21_words
from support.words import encode_evt21, evt2_change, evt2_word, evt3_word

from aestream import TRIGGER_DTYPE, FormatError
from aestream._core import RosTopic, decode

WIRES = pytest.mark.parametrize("cdr", [False, True], ids=["ros1", "cdr"])
DVS_ROWS = st.lists(
    st.tuples(st.integers(0, 2**31 * 10**9 - 1), st.integers(0, 32767), st.integers(0, 32767), st.booleans()),
    max_size=20,
)
PAYLOADS = {
    "mono": st.lists(
        st.builds(mono_word, st.integers(0, 2**32 - 1), st.integers(0, 32767), st.integers(0, 32767), st.integers(0, 1))
    ).map(b"".join),
    "libcaer": st.lists(
        st.builds(
            libcaer_word,
            st.integers(0, 100) | st.integers(-(2**31), 2**31 - 1),
            st.integers(0, 32767),
            st.integers(0, 32767),
            st.integers(0, 1),
        )
    ).map(b"".join),
    "libcaer_cmp": st.lists(
        st.builds(compact_word, st.sampled_from([0, 1, 2, 3, 3, 4, 5, 5]) | st.integers(6, 15), st.integers(0, 4095))
    ).map(b"".join)
    | st.just(compact_word(2, 7) + compact_word(4, 2047) + compact_word(5, 0xFF) * 3850),  # pushes y past int16
}


def events_of(topic: RosTopic, *messages: bytes) -> np.ndarray:
    return np.frombuffer(b"".join(topic.take(message) for message in messages), EVENT_DTYPE)


@WIRES
def test_fields_of_an_event_array(cdr):
    topic = RosTopic("EventArray", cdr)
    assert (topic.encoding, topic.shape) == ("", None)
    stored = [(1_000_001_999, 5, 6, True), (999, 7, 8, False), (4_000_000_000_000_000, 1, 2, True)]
    events = events_of(topic, event_array(stored, cdr=cdr))
    assert rows(events) == [(1_000_001, 5, 6, 1), (0, 7, 8, 0), (4_000_000_000_000, 1, 2, 1)]
    assert (topic.encoding, topic.shape) == ("dvs", (64, 48))


def test_seconds_have_a_sign_in_ros2_only():
    late = [(3_000_000_000 * 10**9, 0, 0, True)]
    assert events_of(RosTopic("EventArray", False), event_array(late, cdr=False))["t"] == 3_000_000_000_000_000
    assert events_of(RosTopic("EventArray", True), event_array(late))["t"] == (3_000_000_000 - 2**32) * 10**6


@WIRES
@pytest.mark.parametrize(
    ("encoding", "payload", "time_base", "want"),
    [
        ("mono", mono_word(1999, 5, 6, 1) + mono_word(3000, 7, 8, 0), 1001, [(3, 5, 6, 1), (4, 7, 8, 0)]),
        ("libcaer", libcaer_word(7, 5, 6, 1) + libcaer_word(9, 7, 8, 0), 2999, [(9, 5, 6, 1), (11, 7, 8, 0)]),
        (
            "libcaer",
            libcaer_word(2**31 - 1, 1, 2, 1) + libcaer_word(3, 1, 2, 0),
            0,
            [(2**31 - 1, 1, 2, 1), (2**31 + 3, 1, 2, 0)],
        ),
        (
            "libcaer_cmp",
            b"".join(
                compact_word(*word) for word in [(0, 1), (1, 2), (2, 9), (3, 0x805), (4, 0x80A), (5, 0x81), (5, 1)]
            ),
            5000,
            [(4103, 9, 5, 1), (4103, 9, 10, 1), (4103, 9, 17, 1), (4103, 9, 18, 1)],
        ),
    ],
)
def test_words_of_an_encoding(encoding, payload, time_base, want, cdr):
    topic = RosTopic("EventPacket", cdr)
    events = events_of(topic, packet(payload, encoding, time_base=time_base, cdr=cdr))
    assert rows(events) == want
    assert (topic.encoding, topic.shape) == (encoding, (64, 48))


def test_compact_address_survives_a_message_but_its_time_does_not():
    first = packet(b"".join(compact_word(*word) for word in [(0, 1), (2, 9), (4, 7)]), "libcaer_cmp", seq=4)
    second = packet(compact_word(3, 5) + compact_word(5, 1), "libcaer_cmp", seq=5)
    assert rows(events_of(RosTopic("EventPacket", True), first, second)) == [(0, 9, 5, 0), (0, 9, 7, 0)]
    after_gap = packet(compact_word(3, 5) + compact_word(5, 1), "libcaer_cmp", seq=6)
    assert rows(events_of(RosTopic("EventPacket", True), first, after_gap)) == []


def test_triggers_are_edges():
    payload = mono_word(5000, 0, 3, 1) + mono_word(7999, 0, 3, 0)
    edges = np.frombuffer(RosTopic("EventPacket", True).take(packet(payload, "trigger", time_base=1000)), TRIGGER_DTYPE)
    assert edges.tolist() == [(6, 3, True), (8, 3, False)]


def test_evt3_after_a_gap_waits_for_what_it_builds_on():
    start = evt3_word(8, 1) + evt3_word(0, 5) + evt3_word(2, 10)
    lost = evt3_word(2, 11) + evt3_word(0xA, 1) + evt3_word(4, 1)
    time, line, base = evt3_word(8, 2), evt3_word(0, 6), evt3_word(3, 20)
    after = (
        lost + time + evt3_word(0xA, 0) + lost[:2] + line + evt3_word(2, 12) + evt3_word(4, 1) + base + evt3_word(4, 1)
    )
    topic = RosTopic("EventPacket", True)
    words = topic.take(packet(start, seq=7)) + topic.take(packet(after, seq=9))
    assert rows(decode("evt3", words)) == [(4096, 10, 5, 0), (8192, 12, 6, 0), (8192, 20, 6, 0)]
    assert words == start + time + evt3_word(0xA, 0) + line + evt3_word(2, 12) + base + evt3_word(4, 1)
    whole = RosTopic("EventPacket", True)
    joined = whole.take(packet(start, seq=7)) + whole.take(packet(evt3_word(2, 11), seq=8))
    assert rows(decode("evt3", joined)) == [(4096, 10, 5, 0), (4096, 11, 5, 0)]


def test_evt3_that_starts_in_the_middle_has_no_events_before_a_line():
    words = evt3_word(0, 5) + evt3_word(8, 1) + evt3_word(2, 10) + evt3_word(0, 6) + evt3_word(2, 11)
    assert rows(decode("evt3", RosTopic("EventPacket", True).take(packet(words)))) == [(4096, 11, 6, 0)]


def test_evt2_after_a_gap_waits_for_the_time():
    change, time = evt2_change(True, 5, 10, 20), evt2_word(8, 1)
    topic = RosTopic("EventPacket", True)
    words = b"".join(
        topic.take(packet(payload, "evt2", seq=seq))
        for seq, payload in [(7, change + time + change), (8, change), (10, change + evt2_word(8, 2) + change)]
    )
    assert rows(decode("evt2", words)) == [(69, 10, 20, 1), (69, 10, 20, 1), (133, 10, 20, 1)]


@pytest.mark.parametrize("legacy", [False, True])
def test_evt21_is_read_in_either_order(legacy):
    stored = to_events([(100 + i, i % 64, i % 48, i % 2 == 0) for i in range(500)])
    payload = encode_evt21(stored, legacy)
    topic = RosTopic("EventPacket", True)
    half = len(payload) // 16 * 8
    words = topic.take(packet(payload[:half], "evt21")) + topic.take(packet(payload[half:], "evt21", seq=1))
    assert_same_events(decode("evt21", words), stored)


@given(data=st.data())
@pytest.mark.parametrize(("encoding", "payloads", "size"), [("evt2", evt2_words, 4), ("evt21", evt21_words, 8)])
def test_same_words_of_evt2_as_the_reference_for_any_gaps(encoding, payloads, size, data):
    time = evt2_word(8, 1) if size == 4 else bytes(4) + evt2_word(8, 1)  # tells the order of EVT2.1
    some = st.lists(payloads(max_size=30).map(lambda words: words[: len(words) // size * size]), max_size=5)
    messages = [(0, time)] + [(data.draw(st.integers(0, 3)), payload) for payload in data.draw(some)]
    topic = RosTopic("EventPacket", False)
    words = b"".join(topic.take(packet(payload, encoding, seq=seq, cdr=False)) for seq, payload in messages)
    assert words == ros.join_evt2(messages, size)


@given(stored=DVS_ROWS)
@WIRES
def test_any_event_array_gives_its_events(stored, cdr):
    events = events_of(RosTopic("EventArray", cdr), event_array(stored, cdr=cdr))
    assert_same_events(events, to_events([(t // 1000, x, y, p) for t, x, y, p in stored]))


@given(data=st.data(), base=st.integers(0, 2**63 - 1))
@pytest.mark.parametrize("encoding", PAYLOADS)
def test_same_events_as_the_reference_for_any_payload(encoding, data, base):
    seqs = data.draw(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=4))
    payloads = [data.draw(PAYLOADS[encoding]) for _ in seqs]
    messages = [
        SimpleNamespace(encoding=encoding, seq=seq, time_base=base, events=np.frombuffer(payload, "u1"))
        for seq, payload in zip(seqs, payloads, strict=True)
    ]
    topic = RosTopic("EventPacket", True)
    sent = [packet(each.events.tobytes(), encoding, seq=each.seq, time_base=base) for each in messages]
    assert_same_events(events_of(topic, *sent), ros.to_microseconds(ros.decode(messages)))


@given(data=st.data())
def test_same_words_as_the_reference_for_any_gaps(data):
    payloads = data.draw(st.lists(evt3_words(30).map(lambda words: words[: len(words) // 2 * 2]), max_size=5))
    messages = [(data.draw(st.integers(0, 3)), payload) for payload in payloads]
    topic = RosTopic("EventPacket", False)
    words = b"".join(topic.take(packet(payload, seq=seq, cdr=False)) for seq, payload in messages)
    assert words == ros.join_evt3(messages)
    assert_same_events(decode("evt3", words), evt3.decode(words))


@WIRES
@pytest.mark.parametrize("kind", ["EventArray", "EventPacket"])
def test_message_cut_anywhere_fails(kind, cdr):
    whole = (
        event_array([(1000, 1, 2, True), (2000, 3, 4, False)], cdr=cdr)
        if kind == "EventArray"
        else packet(evt3_word(8, 1) * 2, cdr=cdr)
    )
    assert len(RosTopic(kind, cdr).take(whole)) > 0
    for size in range(len(whole)):
        with pytest.raises(FormatError, match="found") as error:
            RosTopic(kind, cdr).take(whole[:size])
        assert error.value.offset <= size


@pytest.mark.parametrize(
    ("kind", "message", "found"),
    [
        ("EventArray", event_array([(1, 1, 1, True)], count=2), "count of 2"),
        ("EventArray", event_array([(1, 1, 1, True)], count=2**32 - 1), "count of 4294967295"),
        ("EventArray", event_array([(1, 1, 1, True)] * 3, count=2), "end of the message, found"),
        ("EventArray", event_array([(1, 40000, 1, True)]), "below 32768, found 40000 and 1"),
        ("EventPacket", packet(mono_word(1, 1, 1, 1), "mono", length=2**32 - 1), "4294967295 more bytes"),
        ("EventPacket", packet(mono_word(1, 1, 1, 1) * 2, "mono", length=8), "end of the message"),
        ("EventPacket", packet(mono_word(1, 40000, 1, 1), "mono"), "below 32768, found 40000 and 1"),
        ("EventPacket", packet(b"1234567", "mono"), "whole words of 8 bytes, found 7"),
        ("EventPacket", packet(b"1234567", "libcaer"), "whole words of 8 bytes, found 7"),
        ("EventPacket", packet(b"123", "libcaer_cmp"), "whole words of 2 bytes, found 3"),
        ("EventPacket", packet(b"123"), "words of 2 bytes, found 3"),
        ("EventPacket", packet(b"", "mono", time_base=2**63), "below 2\\^63 ns, found 9223372036854775808"),
        ("EventPacket", packet(b"", "mono", is_bigendian=1), "is_bigendian 1"),
        ("EventPacket", packet(b"", "evt4"), 'found "evt4"'),
        ("EventPacket", packet(b"", "\n" * 99), 'found "\\?{40}"'),
        ("EventPacket", packet(b"", width=40000), "found 40000x48"),
        ("EventPacket", b"\0\0" + packet(b"")[2:], "little-endian CDR.*found 0 0"),
        ("EventPacket", fields(True, *header(True)[:2]) + b"\xff\xff\xff\x7f", "2147483647 more bytes"),
    ],
)
def test_damaged_message_fails(kind, message, found):
    with pytest.raises(FormatError, match=found):
        RosTopic(kind, True).take(message)


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (packet(b"", width=65), "sensor of 64x48 as in the messages before, found 65x48"),
        (packet(b"", "mono"), 'encoding "evt3" as in the messages before, found "mono"'),
    ],
)
def test_messages_that_contradict_each_other_fail(second, found):
    topic = RosTopic("EventPacket", True)
    topic.take(packet(b""))
    with pytest.raises(FormatError, match=found):
        topic.take(second)


def test_sensor_of_no_size_is_unknown():
    topic = RosTopic("EventPacket", True)
    topic.take(packet(b"", width=0, height=0))
    assert topic.shape is None


def test_unknown_kind_of_message_fails():
    with pytest.raises(ValueError, match="EventArray or an EventPacket"):
        RosTopic("Image", True)
