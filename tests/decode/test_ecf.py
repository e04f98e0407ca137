"""ECF blocks: the documented bytes, every mode and every damage, beside the slow reference."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import EVENT_DTYPE, ecf, to_events
from support.checks import assert_same_events
from support.ecf_words import (
    MODES,
    ecf_columns,
    ecf_groups,
    ecf_head,
    ecf_polarities,
    ecf_rows,
    ecf_times,
    encode_ecf,
)
from support.strategies import event_arrays

from aestream import _core
from aestream.errors import FormatError
from aestream.events import EVENT_DTYPE as OUR_DTYPE

VECTORS = {  # FORMATS.md, section 6.3: events, then the bytes as stored
    "yxp": ([(1000, 5, 7, True)], "06000000 e803000000000000 01 000b7000 00000000 00000000"),
    "masks": (
        [(2000, 100 + i, 50, True) for i in range(12)],
        "30000000 d007000000000000 0c 4c06 9f0c5f0d 8c",
    ),
    "masks, long runs": (
        [(2000, 100 + i, 50, True) for i in range(40)],
        "a0000000 d007000000000000 0f2800 5f062800 9f0c5f0d1f0edf0e9f0f5f101c11 a8",
    ),
    "xp": (
        [(2000 + i, x, 50, i % 2 == 1) for i, x in enumerate((100, 300, 120, 500, 3, 700, 50, 600))],
        "21000000 d007000000000000 0111111111111111 4806 890cf025e903690064 57b104",
    ),
}
NONE = np.zeros(0, EVENT_DTYPE)


def decode(block: bytes, most: int = 65535) -> np.ndarray:
    """Our decoder."""
    return _core.decode_ecf(block, most)


def encode(events: np.ndarray) -> bytes:
    """Our encoder, fed with the bytes of the events."""
    return _core.encode_ecf(np.ascontiguousarray(events).view(np.uint8))


def same_answer(block: bytes, most: int = 65535) -> bool:
    """Whether a block decodes, after checking that the reference answers alike."""
    try:
        expected = ecf.decode(block, most)
    except ecf.DamagedBlockError:
        with pytest.raises(FormatError) as error:
            decode(block, most)
        assert 0 <= error.value.offset <= len(block)
        return False
    assert_same_events(decode(block, most), expected)
    return True


def some_events(kind: str, count: int, seed: int = 0) -> np.ndarray:
    """Events for which our encoder chooses that mode."""
    rng = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = 10**6 + np.cumsum(rng.choice([0, 0, 0, 1, 9, 14, 15, 16, 300, 70_000], count))
    events["p"] = rng.random(count) < 0.5
    if kind == "yxp":
        events["x"], events["y"] = rng.integers(0, 2048, count), rng.integers(0, 2048, count)
    elif kind == "xp":
        events["x"], events["y"] = rng.integers(0, 2048, count), np.arange(count) // 9 % 2048
    else:
        events["x"] = 100 + np.cumsum(rng.integers(1, 4, count)) % 1900
        events["y"], events["p"] = np.arange(count) // 40 % 2048, np.arange(count) // 130 % 2
    return events


def test_the_core_and_the_reference_have_one_layout():
    assert [OUR_DTYPE.fields[name][:2] for name in "txyp"] == [EVENT_DTYPE.fields[name][:2] for name in "txyp"]


@pytest.mark.parametrize("name", VECTORS)
def test_documented_blocks_decode_and_encode(name):
    rows, stored = VECTORS[name]
    events, block = to_events(rows), bytes.fromhex(stored)
    assert_same_events(decode(block), events)
    assert_same_events(ecf.decode(block), events)
    assert encode(events) == block == encode_ecf(events, name.partition(",")[0])


def test_documented_times_decode_and_encode():
    times, stream = [0, 14, 29, 45, 301], bytes.fromhex("01 e1 ff01 f0f101 f0f0f101")
    events = to_events([(t, 9, 3, False) for t in times])
    assert ecf_times(times) == stream
    assert encode(events)[12 : 12 + len(stream)] == stream
    block = ecf_head(5, "xp") + stream + ecf_rows([3] * 5) + ecf_groups([9 << 1] * 5, "xp")
    assert_same_events(decode(block), events)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 255, 256, 16384, 65535])
def test_encoded_events_decode(mode, count):
    events = some_events(mode, count)
    block = encode(events)
    if count >= 255:
        assert block[0] & 3 == MODES.index(mode)
    assert_same_events(decode(block, count), events)


@pytest.mark.parametrize("mode", MODES)
@given(events=event_arrays(2048, 2048), padding=st.integers(0, 0xFFF))
def test_any_events_in_any_mode_decode(mode, events, padding):
    block = encode_ecf(events, mode, padding)
    assert_same_events(decode(block), events)
    assert_same_events(ecf.decode(block), events)
    assert_same_events(decode(encode(events)), events)


RUNS = [  # number of equal values; then the words of times and rows, and of polarities
    (14, "0e 0e00", "0e"),
    (15, "0f0f00 0f00", "0f"),
    (16, "0f1000 1000", "10"),
    (30, "0f1e00 1e00", "1e"),
    (31, "0f1f00 1f001f00", "1f"),
    (32, "0f2000 1f002000", "20"),
    (126, "0f7e00 1f007e00", "7e"),
    (127, "0f7f00 1f007f00", "7f7f00"),
    (128, "0f8000 1f008000", "7f8000"),
    (2000, "0fd007 1f00d007", "7fd007"),
]


@pytest.mark.parametrize(("count", "times_and_rows", "polarities"), RUNS)
def test_runs_from_their_escape_on_stand_in_a_u16(count, times_and_rows, polarities):
    events = np.zeros(count, EVENT_DTYPE)
    events["x"] = np.arange(count)
    block, head = encode(events), bytes.fromhex(times_and_rows)
    assert block == encode_ecf(events, "masks")
    assert block[12:].startswith(head) and block.endswith(bytes.fromhex(polarities))
    assert len(block) == 12 + len(head) + -(-count // 6) * 2 + len(bytes.fromhex(polarities))
    assert_same_events(decode(block), events)


@pytest.mark.parametrize("mode", ["xp", "yxp"])
def test_garbage_in_the_last_group_is_no_event(mode):
    for count in range(1, 6):
        events = some_events(mode, count)
        assert_same_events(decode(encode_ecf(events, mode, padding=0xFFF)), events)


def test_mask_bits_behind_the_last_event_are_no_events():
    block = ecf_head(2, "masks", 5) + b"\x02" + ecf_rows([3, 3]) + b"\x3f\x01" + ecf_polarities([True, True])
    assert_same_events(decode(block), to_events([(5, 9, 3, True), (5, 10, 3, True)]))


def test_runs_of_no_event_only_step():
    block = ecf_head(1, "masks", 5) + b"\x30\x40\x01" + ecf_rows([3]) + ecf_columns([9]) + ecf_polarities([False])
    assert_same_events(decode(block), to_events([(12, 9, 3, False)]))


def test_a_block_of_no_events_decodes():
    block = encode(NONE)
    assert block == b"\x02" + bytes(11)
    assert len(decode(block, 0)) == 0


def test_bytes_behind_the_last_stream_are_ignored():
    for mode in MODES:
        events = some_events(mode, 20)
        assert_same_events(decode(encode(events) + b"\xff" * 40), events)


def test_any_contiguous_bytes_are_taken():
    events = some_events("masks", 50)
    block = encode(events)
    for view in (bytearray(block), memoryview(block), np.frombuffer(block, np.uint8)):
        assert_same_events(decode(view), events)
    assert _core.encode_ecf(decode(block)) == block


@pytest.mark.parametrize("mode", MODES)
def test_a_block_cut_at_any_byte_is_refused(mode):
    for count in (1, 4, 150):
        block = encode(some_events(mode, count, seed=count))
        for size in range(len(block)):
            assert not same_answer(block[:size]), f"{count} events cut to {size} of {len(block)} bytes"


@pytest.mark.parametrize("mode", MODES)
def test_every_value_of_every_byte_is_answered_like_the_reference(mode):
    block = bytearray(encode(some_events(mode, 9)))
    for place, right in enumerate(bytes(block)):
        for value in range(256):
            block[place] = value
            same_answer(bytes(block), 5000)
        block[place] = right


def damage(block: bytes, random: random.Random) -> bytes:
    """The block with a few bytes changed, cut out or put in."""
    damaged = bytearray(block)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(damaged) + 1)
        value = random.choice([0, 0x0F, 0x7F, 0xF0, 0xFF, random.randrange(256)])
        action = random.randrange(4)
        if action == 0:
            damaged[place : place + random.randint(1, 12)] = b""
        elif action == 1:
            damaged[place:place] = bytes([value]) * random.randint(1, 12)
        elif place < len(damaged):
            damaged[place] = value if action == 2 else damaged[place] ^ 1 << random.randrange(8)
    return bytes(damaged)


def test_ten_thousand_damaged_blocks_are_answered_like_the_reference():
    seeded = random.Random(3)
    blocks = [encode(some_events(mode, count, seed=count)) for mode in MODES for count in (3, 8, 33, 120)]
    sound = sum(same_answer(damage(seeded.choice(blocks), seeded)) for _ in range(10_000))
    assert 1000 < sound < 9000  # both answers were tried


REFUSED = [
    (b"", r"a block of at least 12 bytes, found 0"),
    (bytes(11), r"a block of at least 12 bytes, found 11"),
    (ecf_head(65536, "yxp") + bytes(10), r"at most 65535 events in a block, found 65536"),
    (ecf_head(65535, "masks") + bytes(100), r"at least 21858 bytes for 65535 events, found 112"),
    (ecf_head(4, "yxp") + bytes(11), r"at least 24 bytes for 4 events, found 23"),
    (ecf_head(4, "xp") + b"\xf0" * 100, r"a step of at most 16 nibbles, found another one"),
    (ecf_head(4, "xp") + b"\xff" * 100, r"times below 2\^63, found 1152921504606846975 \+ 17293822569102704640"),
    (ecf_head(1, "xp", 2**63) + bytes(20), r"a time below 2\^63, found 9223372036854775808"),
    (ecf_head(1, "xp", 2**63 - 1) + b"\x11" + bytes(20), r"times below 2\^63, found 9223372036854775807 \+ 1"),
    (ecf_head(1, "xp") + b"\xf0" * 15 + b"\xf8" + bytes(20), r"times below 2\^63, found 0 \+ 9223372036854775808"),
    (ecf_head(2, "xp") + b"\x03" + bytes(20), r"at most 2 events more, found a run of 3"),
    (ecf_head(2, "xp") + b"\x0f\x10\x27" + bytes(20), r"at most 2 events more, found a run of 10000"),
    (ecf_head(2, "xp") + b"\x02" + ecf_rows([1, 1, 1]) + bytes(20), r"at most 2 events more, found a run of 3"),
    (ecf_head(2, "masks") + b"\x02" + ecf_rows([1, 1]) + bytes(2), r"2 bytes more, found the end of the block"),
    (ecf_head(2, "yxp") + b"\x00" * 12, r"1 bytes more, found the end of the block"),
    (ecf_head(2, "yxp") + b"\x02" + bytes(11), r"a group of 12 bytes, found the end of the block"),
]


@pytest.mark.parametrize(("block", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_a_damaged_block_is_refused(block, message):
    with pytest.raises(FormatError, match=message):
        decode(block)
    with pytest.raises(ecf.DamagedBlockError):
        ecf.decode(block)


def test_more_events_than_asked_for_are_refused():
    block = encode(some_events("xp", 20))
    assert len(decode(block, 20)) == 20
    with pytest.raises(FormatError, match="expected at most 19 events, found 20"):
        decode(block, 19)


def test_latest_time_decodes():
    events = to_events([(2**63 - 1, 0, 0, False)] * 2)
    assert_same_events(decode(encode(events)), events)
    far = to_events([(0, 0, 0, False), (2**63 - 1, 0, 0, False)])
    assert_same_events(decode(encode(far)), far)


UNREPRESENTABLE = [
    ([(5, 0, 0, True), (4, 0, 0, True)], "t must be at least 0 and must not fall; got 4 after 5"),
    ([(-1, 0, 0, True)], "t must be at least 0 and must not fall; got -1 after 0"),
    ([(0, 2048, 0, True)], "x and y must be from 0 to 2047; got 2048"),
    ([(0, 0, -1, True)], "x and y must be from 0 to 2047; got -1"),
    ([(0, 0, 0, True)] * 65536, "a block holds at most 65535 events; got 65536"),
]


@pytest.mark.parametrize(("rows", "message"), UNREPRESENTABLE, ids=[message for _, message in UNREPRESENTABLE])
def test_events_that_a_block_cannot_hold_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        encode(to_events(rows))


def test_bytes_that_are_no_events_are_refused():
    with pytest.raises(ValueError, match="whole and aligned"):
        _core.encode_ecf(bytes(17))


def test_bytes_with_gaps_are_refused():
    with pytest.raises(ValueError, match="block must be contiguous"):
        decode(np.zeros(80, np.uint8)[::2])
