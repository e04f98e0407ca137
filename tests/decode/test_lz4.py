"""LZ4 packets: those that the core inflates are what any LZ4 makes of them, and the others are left to cramjam."""

from pathlib import Path

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.aedat4_bytes import PACKETS, event_packet, header, load, many, packet, patched
from support.lz4_words import encode_lz4

import aestream.formats.aedat4 as aedat4
from aestream.errors import FormatError

PACKET = event_packet(many(400))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.aedat4"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the frames that cramjam was asked to inflate."""
    sizes: list[int] = []

    def inflate(frame: memoryview, out: memoryview) -> int:
        sizes.append(len(frame))
        return cramjam.lz4.decompress_into(frame, out)

    monkeypatch.setitem(aedat4._DECOMPRESSORS, "lz4", inflate)
    return sizes


def one_packet(frame: bytes) -> bytes:
    return header(compression=1) + packet(frame)


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("content_size", [True, False])
@pytest.mark.parametrize("block_bytes", [1 << 16, 1000, 13])
@pytest.mark.parametrize(("furthest", "longest"), [(65535, 100_000), (65535, 20), (15, 300), (1, 300), (40, 18)])
def test_the_core_inflates_what_cameras_write(
    path, asked, linked, content_size, block_bytes, furthest, longest
) -> None:
    shape = {"linked": linked, "content_size": content_size, "block_bytes": block_bytes}
    frame = encode_lz4(PACKET, furthest=furthest, longest=longest, **shape)
    assert bytes(cramjam.lz4.decompress(frame)) == PACKET
    assert load(path, one_packet(frame)) == many(400)
    assert asked == []


def test_the_core_inflates_stored_blocks(path, asked) -> None:
    assert load(path, one_packet(encode_lz4(PACKET, block_bytes=1000, stored=True))) == many(400)
    assert asked == []


@given(
    pixels=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)), max_size=60),
    repeats=st.integers(1, 9),
    furthest=st.integers(1, 400),
    longest=st.integers(4, 600),
    block_bytes=st.integers(13, 3000),
    linked=st.booleans(),
)
def test_any_matches(tmp_path_factory, pixels, repeats, furthest, longest, block_bytes, linked) -> None:
    events = [(5, *pixel) for pixel in pixels * repeats]
    shape = {"furthest": furthest, "longest": longest, "block_bytes": block_bytes, "linked": linked}
    frame = encode_lz4(event_packet(events), **shape)
    assert load(tmp_path_factory.getbasetemp() / "any.aedat4", one_packet(frame)) == events


def test_a_frame_with_a_checksum_is_left_to_cramjam(path, asked) -> None:
    frame = bytes(cramjam.lz4.compress(PACKET))
    assert frame[4] & 4  # of its contents
    assert load(path, one_packet(frame)) == many(400)
    assert set(asked) == {len(frame)}


@pytest.mark.parametrize(
    ("offset", "patch"),
    [
        (4, b"\x80"),  # another version
        (6, b"\x00"),  # the header's checksum
        (7, b"\xff\xff\xff\x7f"),  # a block of 2 GB
        (12, b"\xff" * 40),  # lengths and distances
        (-4, b"\x01\x00\x00\x00"),  # a block behind the end
    ],
)
def test_damaged_frames_fail(path, asked, offset, patch) -> None:
    frame = encode_lz4(PACKET)
    data = one_packet(patched(frame, offset % len(frame), patch))
    with pytest.raises(FormatError, match="a packet that can be inflated") as error:
        load(path, data)
    assert error.value.offset == PACKETS + 8
    assert asked != []


def test_a_match_before_the_first_byte_fails(path, asked) -> None:
    block = b"\x10a\x02\x00" + b"\x50" + b"abcde"  # one byte, then four from two bytes before
    frame = encode_lz4(b"")[:-4] + len(block).to_bytes(4, "little") + block + bytes(4)
    with pytest.raises(FormatError):
        load(path, one_packet(frame))
    assert asked != []


def test_a_packet_larger_than_the_usual_one_grows_its_memory(path) -> None:
    events = np.zeros(200_000, "<i8").tolist()
    wide = [(t, 0, 0, 0) for t in events]
    assert load(path, one_packet(encode_lz4(event_packet(wide), longest=10**6))) == wide
