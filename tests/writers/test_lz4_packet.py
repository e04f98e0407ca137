"""The core's LZ4: frames that any decompressor reads, and that keep the rules of the format about how blocks end."""

from __future__ import annotations

import struct

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.events import EVENT_DTYPE, to_events
from support.strategies import event_arrays

from aestream import _core

FRAME_HEAD = bytes.fromhex("04224d18 60 50 fb")  # version 1, blocks on their own, no checksums, 256 KiB at most


def compress(events: np.ndarray) -> tuple[bytes, bytes]:
    """(packet, frame)."""
    packet, first, last = _core.encode_aedat4_packet(events, False)
    frame, *times = _core.encode_aedat4_packet(events, True)
    assert times == [first, last]
    return packet.tobytes(), frame.tobytes()


def decompress_block(block: bytes) -> tuple[bytes, list[int]]:
    """The bytes, and where in them matches begin."""
    out, matches, i = bytearray(), [], 0

    def length(nibble: int) -> int:
        nonlocal i
        total = nibble
        while nibble == 15:
            total += block[i]
            nibble = 15 if block[i] == 255 else 0
            i += 1
        return total

    while i < len(block):
        token, i = block[i], i + 1
        count = length(token >> 4)
        out += block[i : i + count]
        i += count
        if i == len(block):
            return bytes(out), matches
        (distance,) = struct.unpack_from("<H", block, i)
        i += 2
        matches.append(len(out))
        assert 0 < distance <= len(out)
        for _ in range(4 + length(token & 15)):
            out.append(out[-distance])
    raise AssertionError("a block ends with literals")


def check(events: np.ndarray) -> bytes:
    """Checks the frame, and returns it."""
    packet, frame = compress(events)
    assert frame.startswith(FRAME_HEAD) and frame.endswith(bytes(4))
    assert bytes(cramjam.lz4.decompress(frame)) == packet
    (size,) = struct.unpack_from("<I", frame, 7)
    block = frame[11:-4]
    assert len(block) == size & 0x7FFFFFFF <= len(packet)
    if size >> 31:
        assert block == packet
    else:
        found, matches = decompress_block(block)
        assert found == packet
        assert not matches or matches[-1] <= len(packet) - 12
    return frame


any_time = st.integers(-(2**63), 2**63 - 1) | st.sampled_from((0, 255, 256, 2**32 - 1, 2**56))
any_row = st.tuples(any_time, st.integers(0, 32767), st.integers(0, 32767), st.booleans())


@given(st.lists(any_row, max_size=60))
def test_any_events(rows):
    check(to_events(rows))


@given(event_arrays(max_size=300, monotonic=False))
def test_events_of_a_sensor(events):
    check(events)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5000, 8192])
@pytest.mark.parametrize("step_us", [0, 1, 37, 70_000, 2**40])
def test_packets_of_all_sizes(count, step_us):
    random = np.random.default_rng(count)
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = np.arange(count) * step_us
    events["x"], events["y"] = random.integers(0, 1280, count), random.integers(0, 720, count)
    events["p"] = random.integers(0, 2, count)
    frame = check(events)
    assert count < 5000 or len(frame) < count * 13


def test_what_does_not_get_shorter_is_stored():
    random = np.random.default_rng(0)
    events = np.zeros(50, EVENT_DTYPE)
    events["t"] = random.integers(-(2**63), 2**63 - 1, 50)
    frame = check(events[:2])
    assert struct.unpack_from("<I", frame, 7)[0] >> 31 == 1


def test_a_packet_larger_than_a_block_fails():
    with pytest.raises(ValueError, match="a packet of so many events is not for LZ4"):
        _core.encode_aedat4_packet(np.zeros(16383, EVENT_DTYPE), True)
    assert len(_core.encode_aedat4_packet(np.zeros(16382, EVENT_DTYPE), True)[0]) < 120_000
