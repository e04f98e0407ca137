"""AEDAT 3.1 from bytes written by hand: headers, packets, validity, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.checks import assert_same_events, rows, slice_by_running_maximum
from support.files import make_events
from support.jaer_words import AEDAT3_HEADER, aedat3_event, aedat3_packet, encode_aedat3

from aestream import FileInput, FormatError, TruncatedFileWarning, _core
from aestream.formats import open_file
from aestream.formats.base import ReadOptions

PACKETS = len(AEDAT3_HEADER)
TWO = [aedat3_event(1000, 3, 2, 1), aedat3_event(1001, 0, 1, 0)]
ROWS = [(1000, 3, 2, 1), (1001, 0, 1, 0)]
INVALID = [aedat3_event(900 + i, i, 7, 1, valid=0) for i in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.aedat"


def load(path: Path, data: bytes, threads: int = 1, **options: int | str) -> list[tuple[int, int, int, int]]:
    path.write_bytes(data)
    return rows(open_file(path, ReadOptions(**options)).recording.load(threads)[0])


def header(*lines: str) -> bytes:
    return "".join(f"#{line}\r\n" for line in ("!AER-DAT3.1", "Format: RAW", *lines, "!END-HEADER")).encode()


def test_bytes_by_hand(path: Path) -> None:
    packet = bytes.fromhex("0100 0100 08000000 04000000 00000000 02000000 02000000 02000000")
    packet += bytes.fromhex("0b000600 e8030000  05000000 e9030000")
    assert packet == aedat3_packet(TWO)
    assert load(path, AEDAT3_HEADER + packet) == ROWS
    assert load(path, AEDAT3_HEADER + aedat3_packet([aedat3_event(5, 32767, 32767, 0)])) == [(5, 32767, 32767, 0)]
    assert load(path, AEDAT3_HEADER) == []


@pytest.mark.parametrize("overflow", [0, 1, 2, 2**32 - 1])
def test_overflows_count_2_to_the_31(path: Path, overflow: int) -> None:
    times = [2**31 - 1, 0, -(2**31)]
    packet = aedat3_packet([aedat3_event(t, 0, 0, 1) for t in times], overflow=overflow)
    want = [t + overflow * 2**31 for t in times]
    assert [t for t, *_ in load(path, AEDAT3_HEADER + packet)] == want
    recording = open_file(path).recording
    assert (recording.t_first, recording.t_max) == (want[0], max(want))


def test_invalid_events_are_dropped(path: Path) -> None:
    mixed = [INVALID[0], TWO[0], INVALID[1], TWO[1], INVALID[2]]
    assert load(path, AEDAT3_HEADER + aedat3_packet(mixed)) == ROWS
    assert load(path, AEDAT3_HEADER + aedat3_packet(INVALID) + aedat3_packet(mixed)) == ROWS
    assert open_file(path).recording.num_events == 2


def test_invalid_events_are_kept_when_all_are_and_the_header_counts_some(path: Path) -> None:
    three = [(900 + i, i, 7, 1) for i in range(3)]
    packet = aedat3_packet(INVALID, valid=3)
    assert load(path, AEDAT3_HEADER + packet) == three
    mixed = aedat3_packet([*INVALID, *TWO], valid=5)
    assert load(path, AEDAT3_HEADER + packet + mixed + packet) == three + ROWS + three
    assert load(path, AEDAT3_HEADER + aedat3_packet(INVALID, valid=0)) == []


def test_packets_of_other_kinds_are_skipped_without_being_read(path: Path) -> None:
    special, imu, user = (aedat3_packet([bytes(size)], kind=kind) for kind, size in ((0, 8), (3, 36), (300, 5)))
    frame = aedat3_packet([b"\xff" * 52], kind=2)
    empty = aedat3_packet([])
    assert load(path, AEDAT3_HEADER + special + imu + aedat3_packet(TWO) + frame + empty + user) == ROWS
    assert load(path, AEDAT3_HEADER + special + imu) == []


@pytest.mark.parametrize(
    ("packet", "message", "offset"),
    [
        (aedat3_packet(TWO, size=0), "expected eventSize above 0, found 0", 4),
        (aedat3_packet([], kind=3, size=0), "expected eventSize above 0, found 0", 4),
        (aedat3_packet(TWO, size=16), "expected eventSize 8 of polarity events, found 16", 4),
        (aedat3_packet(TWO, valid=3), "expected eventValid of at most eventNumber, 2, found 3", 24),
    ],
)
def test_damaged_packet_fails(path: Path, packet: bytes, message: str, offset: int) -> None:
    first = aedat3_packet(TWO)
    with pytest.raises(FormatError, match=message) as caught:
        load(path, AEDAT3_HEADER + first + packet)
    assert caught.value.offset == PACKETS + len(first) + offset


def test_replay_gives_what_lies_before_the_damage(path: Path) -> None:
    path.write_bytes(header("Source 1: DVS128") + aedat3_packet(TWO) + aedat3_packet(TWO, size=9))
    with FileInput(path, ignore_time=True) as stream:
        total = 0
        with pytest.raises(FormatError, match="eventSize 8"):
            while stream.is_streaming():
                total += stream.read().sum()
    assert total == 2


@pytest.mark.parametrize("count", [4, 2**31 - 1, 2**32 - 1])
def test_counts_beyond_the_file_give_what_is_there(path: Path, count: int) -> None:
    data = AEDAT3_HEADER + aedat3_packet(TWO, number=count, valid=2)
    _core.empty_pool()
    assert load(path, data) == ROWS
    assert _core.pooled_bytes() < 1 << 24
    frame = aedat3_packet([], kind=2, size=2**32 - 1, number=count)
    assert load(path, AEDAT3_HEADER + aedat3_packet(TWO) + frame) == ROWS
    assert open_file(path).recording.cut_bytes == len(frame)


def test_every_cut_gives_the_events_before_it(path: Path) -> None:
    packets = [aedat3_packet(TWO), aedat3_packet([bytes(36)], kind=3), aedat3_packet(TWO)]
    whole = AEDAT3_HEADER + b"".join(packets)
    ends = [PACKETS + sum(map(len, packets[:i])) for i in range(4)]
    for cut in range(PACKETS, len(whole) + 1):
        begun = max(end for end in ends if end <= cut)
        want = sum(max(0, min(2, (cut - ends[i] - 28) // 8)) for i in (0, 2))
        assert len(load(path, whole[:cut])) == want
        assert open_file(path).recording.cut_bytes == cut - begun


def test_cut_packet_warns_or_fails_when_strict(path: Path) -> None:
    path.write_bytes(AEDAT3_HEADER + aedat3_packet(TWO)[:-8])  # between two events
    with pytest.warns(TruncatedFileWarning, match="found the last 36 bytes of a truncated file"):
        assert len(FileInput(path).load()) == 1
    with pytest.raises(FormatError, match="truncated"):
        FileInput(path, strict=True).load()


@pytest.mark.parametrize(
    ("name", "shape"),
    [("DVS128", (128, 128)), ("DAVIS240C", (240, 180)), ("DAVIS346_00001", (346, 260)), ("DAVIS9", None), ("", None)],
)
def test_name_of_the_source_gives_the_shape(path: Path, name: str, shape: tuple[int, int] | None) -> None:
    path.write_bytes(header("-Source 0: DVS128", f"Source 1: {name}", "Start-Time: 2026-01-01 00:00:00 (TZ+0000)"))
    opened = open_file(path)
    assert (opened.format, opened.shape) == ("aedat3", shape)
    assert opened.metadata["source"] == name
    assert opened.metadata["start_time"] == "2026-01-01 00:00:00 (TZ+0000)"


def test_stream_chooses_one_of_several_sources(path: Path) -> None:
    other = aedat3_packet([aedat3_event(5, 6, 7, 1)], source=2)
    data = header("Source 2: DAVIS346", "Source 1: DVS128") + other + aedat3_packet(TWO)
    assert load(path, data) == ROWS
    assert open_file(path).shape == (128, 128)
    assert load(path, data, stream=2) == [(5, 6, 7, 1)]
    assert open_file(path, ReadOptions(stream=2)).shape == (346, 260)
    assert load(path, header("Source 1: DVS128") + other) == [(5, 6, 7, 1)]  # one camera, whatever its number
    assert load(path, header() + other) == [(5, 6, 7, 1)]
    assert open_file(path).shape is None


@pytest.mark.parametrize("stream", [0, "1"])
def test_stream_fails_when_it_is_not_declared(path: Path, stream: int | str) -> None:
    with pytest.raises(ValueError, match=rf"stream must be one of \[1\]; got {stream!r}"):
        load(path, AEDAT3_HEADER, stream=stream)


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        (b"#!AER-DAT3.0\r\n#!END-HEADER\r\n", "expected #!AER-DAT3.1, found #!AER-DAT3.0", 0),
        (b"#!AER-DAT3.1\r\n#Format: PNGFrames\r\n#!END-HEADER\r\n", "expected Format: RAW, found PNGFrames", 14),
        (b"#!AER-DAT3.1\r\n#Format: RAW\r\n\x01\x00", "expected #!END-HEADER, found 2 bytes of something else", 28),
        (b"#!AER-DAT3.1", "expected #!END-HEADER, found 12 bytes", 0),
        (AEDAT3_HEADER[:-4], "expected a header line, found the end of the file in one", PACKETS - 14),
    ],
)
def test_damaged_header_fails(path: Path, data: bytes, message: str, offset: int) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        load(path, data)
    assert caught.value.offset == offset


def without_marks(file: bytes, packet_bytes: int) -> bytes:
    """The file with no event marked valid, though headers count them."""
    data = bytearray(file)
    for begin in range(PACKETS, len(data), packet_bytes):
        events = slice(begin + 28, begin + packet_bytes, 8)
        data[events] = bytes(byte & 0xFE for byte in data[events])
    return bytes(data)


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("packet_events", [1, 700, 30_000])
def test_windows_are_slices_of_the_whole(path: Path, packet_events: int, kept: bool) -> None:
    events = make_events(30_000, step_back_us=300)
    data = encode_aedat3(events, packet_events)
    path.write_bytes(without_marks(data, 28 + 8 * packet_events) if kept else data)
    for threads in (1, 3):
        file = FileInput(path, cache_index=False, threads=threads)
        assert_same_events(file.load(), events)
        assert (file.num_events, file.t_stop) == (len(events), events["t"].max() + 1)
        for start in range(file.t_start - 500, file.t_stop, 30_011):
            assert_same_events(file.slice(start, start + 4000), slice_by_running_maximum(events, start, start + 4000))


@pytest.mark.parametrize("kept", [False, True])
def test_window_of_one_long_packet_costs_the_window(path: Path, kept: bool) -> None:
    events = make_events(200_000)
    data = encode_aedat3(events, len(events))
    path.write_bytes(without_marks(data, len(data)) if kept else data)
    recording = open_file(path).recording
    assert_same_events(recording.read(77_777, 80_000, 1), events[77_777:80_000])
    assert (len(recording.pack_index()) - 32) // 64 == -(-len(events) * 8 // 4096)  # checkpoints, 4 KiB apart


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2**31 - 1)), max_size=60), st.integers(0, 60))
def test_any_marks_of_validity(tmp_path_factory, marks, claimed) -> None:
    stored = [aedat3_event(t, 1, 2, 1, valid=int(valid)) for valid, t in marks]
    claimed = min(claimed, len(stored))
    want = [t for valid, t in marks if valid]
    if not want and claimed:
        want = [t for _, t in marks]
    path = tmp_path_factory.getbasetemp() / "marks.aedat"
    assert [t for t, *_ in load(path, AEDAT3_HEADER + aedat3_packet(stored, valid=claimed))] == want
    assert open_file(path).recording.num_events == len(want)
