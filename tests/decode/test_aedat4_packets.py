"""AEDAT4 packets: compression, data tables that lie, files that were cut, windows, and what must not cost memory."""

from pathlib import Path
from typing import Any

import cramjam
import numpy as np
import pytest
from support.aedat4_bytes import (
    EVENT,
    INFO,
    PACKETS,
    TWO,
    data_table,
    event_packet,
    header,
    load,
    many,
    packet,
    patched,
    with_table,
)
from support.checks import assert_same_events

from aestream import FileInput, _core
from aestream.errors import FormatError, TruncatedFileWarning
from aestream.formats import open_file

LZ4, ZSTD = (1, cramjam.lz4.compress), (3, cramjam.zstd.compress)
CODECS = [(0, bytes), LZ4, (2, cramjam.lz4.compress), ZSTD, (4, cramjam.zstd.compress)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.aedat4"


@pytest.mark.parametrize(("compression", "compress"), CODECS)
@pytest.mark.parametrize("threads", [1, 2])
def test_events_are_the_same_for_every_compression(path: Path, compression: int, compress: Any, threads: int) -> None:
    parts = [many(5000), many(9000, 5000), many(300, 14000)]
    body = b"".join(packet(bytes(compress(event_packet(part)))) for part in parts)
    assert load(path, header(INFO, compression) + body, threads) == sum(parts, [])
    listed = with_table([(event_packet(part), len(part)) for part in parts], compress, compression)
    assert load(path, listed, threads) == sum(parts, [])


@pytest.mark.parametrize(("compression", "compress"), [LZ4, ZSTD])
def test_load_fails_on_damaged_frames(path: Path, compression: int, compress: Any) -> None:
    frame = bytes(compress(event_packet(many(1000))))
    for damaged in (frame[:-9], patched(frame, 0, b"abcd"), frame + b"tail"):
        with pytest.raises(FormatError, match="expected a packet that can be inflated") as caught:
            load(path, header(INFO, compression) + packet(damaged))
        assert caught.value.offset == PACKETS + 8


@pytest.mark.parametrize("zeros", [8, 9, 4096])
@pytest.mark.parametrize(("compression", "compress"), CODECS)
def test_zeros_behind_the_packets_are_a_file_that_was_cut(
    path: Path, compression: int, compress: Any, zeros: int
) -> None:
    """As a file system leaves the file of a recorder that was killed."""
    whole = header(INFO, compression) + packet(bytes(compress(event_packet(many(1000)))))
    path.write_bytes(whole + bytes(zeros))
    with pytest.warns(TruncatedFileWarning, match=f"the last {zeros} bytes of a truncated file"):
        found = FileInput(path).load()
    path.write_bytes(whole)
    assert_same_events(found, FileInput(path).load())
    assert len(found) == 1000
    path.write_bytes(whole + bytes(zeros) + b"1")
    with pytest.raises(FormatError):
        FileInput(path).load()


def test_load_fails_on_an_inflated_packet_that_is_damaged(path: Path) -> None:
    frame = bytes(cramjam.lz4.compress(patched(event_packet(TWO), 8, b"FRME")))
    message = "byte 8 of the inflated packet: expected identifier EVTS, found FRME"
    with pytest.raises(FormatError, match=message) as caught:
        load(path, header(INFO, 1) + packet(frame))
    assert caught.value.offset == PACKETS + 8


@pytest.mark.parametrize(("compression", "compress"), [LZ4, ZSTD])
def test_load_fails_on_a_bomb_without_inflating_it(path: Path, compression: int, compress: Any) -> None:
    frame = bytes(compress(bytes(1 << 26)))
    _core.empty_pool()
    with pytest.raises(FormatError, match="expected a packet that can be inflated"):
        load(path, header(INFO, compression) + packet(frame))
    assert _core.pooled_bytes() < 1 << 24


@pytest.mark.parametrize(("compression", "compress"), [LZ4, ZSTD])
def test_packets_that_compress_well_are_inflated_whole(path: Path, compression: int, compress: Any) -> None:
    events = [(7, 1, 1, 1)] * 20_000
    assert load(path, header(INFO, compression) + packet(bytes(compress(event_packet(events))))) == events


PARTS = [many(100), many(50, 100), many(80, 150)]


@pytest.mark.parametrize(
    "claims", [(90, 60, 80), (100, 50, 70), (101, 50, 80), (0, 150, 80), (100, 50, 10**15), (100, 50, -1)]
)
def test_a_table_that_miscounts_is_noticed(path: Path, claims: tuple[int, ...]) -> None:
    packets = [(event_packet(part), claim) for part, claim in zip(PARTS, claims, strict=True)]
    data = with_table(packets, cramjam.lz4.compress, 1)
    assert load(path, data, 1) == sum(PARTS, [])
    assert load(path, data, 2) == sum(PARTS, [])


def test_a_table_that_does_not_match_is_ignored(path: Path) -> None:
    data = with_table([(event_packet(part), len(part)) for part in PARTS], cramjam.lz4.compress, 1)
    for position in (0, 5, PACKETS, PACKETS + 3, len(data), 2**62, -(2**62)):
        assert load(path, patched(data, 54, position.to_bytes(8, "little", signed=True))) == sum(PARTS, [])
    position = int.from_bytes(data[54:62], "little")
    others = [bytes(cramjam.lz4.compress(other)) for other in (data_table([]), bytes(99))]
    for tail in (b"", b"\x04\x22\x4d\x18 no frame", *others):
        assert load(path, data[:position] + tail) == sum(PARTS, [])


@pytest.mark.parametrize(("compression", "compress"), [(0, bytes), LZ4, ZSTD])
def test_every_cut_gives_the_packets_before_it(path: Path, compression: int, compress: Any) -> None:
    packets = [packet(bytes(compress(event_packet(part)))) for part in (TWO, many(3, 2000), many(1, 3000))]
    whole = header(INFO, compression) + b"".join(packets)
    ends = [PACKETS + sum(len(each) for each in packets[:i]) for i in range(4)]
    for cut in range(PACKETS, len(whole)):
        complete = sum(end <= cut for end in ends) - 1
        assert len(load(path, whole[:cut])) == (0, 2, 5, 6)[complete]
        assert open_file(path).recording.cut_bytes == cut - ends[complete]


@pytest.mark.parametrize("cut", [0, 13, 14, 17, 40, PACKETS - 1])
def test_open_fails_when_the_header_is_cut(path: Path, cut: int) -> None:
    with pytest.raises(FormatError, match="expected"):
        load(path, header()[:cut])


@pytest.mark.parametrize(("compression", "compress"), [(0, bytes), LZ4, ZSTD])
@pytest.mark.parametrize("threads", [1, 2])
def test_windows_are_slices_of_the_whole(path: Path, compression: int, compress: Any, threads: int) -> None:
    rng = np.random.default_rng(1)
    times = (np.arange(3000) * 3 + rng.integers(-40, 40, 3000)).tolist()  # steps back now and then
    events = [(t, 1, 2, 1) for t in times]
    body = b"".join(packet(bytes(compress(event_packet(events[i : i + 97])))) for i in range(0, 3000, 97))
    path.write_bytes(header(INFO, compression) + body)
    recording = open_file(path).recording
    latest = np.maximum.accumulate(times)
    for start in range(-50, 9100, 130):
        first, last = recording.find(start, start + 200, True, threads)
        assert (first, last) == tuple(np.searchsorted(latest, [start, start + 200]))
        assert recording.read(first, last, threads).view(EVENT)["t"].tolist() == times[first:last]
    assert (recording.num_events, recording.t_first, recording.t_max) == (3000, times[0], max(times))


def test_long_files_get_a_checkpoint_for_several_packets(path: Path) -> None:
    count = 40_000
    path.write_bytes(header() + b"".join(packet(event_packet([(i, 0, 0, 1)])) for i in range(count)))
    recording = open_file(path).recording
    assert recording.load(2)[0].view(EVENT)["t"].tolist() == list(range(count))
    assert recording.find(31_000, 31_005, True, 1) == (31_000, 31_005)
    assert recording.read(31_000, 31_005, 1).view(EVENT)["t"].tolist() == list(range(31_000, 31_005))
    assert len(recording.pack_index()) < 2 << 20
