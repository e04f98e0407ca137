"""What save() writes, byte by byte, and that readers get every event back: ours, and the plainest ones."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reference import csv_text, dat, evt2, evt3, evt21
from reference.events import EVENT_DTYPE, to_events
from support.checks import assert_same_events, rows
from support.strategies import event_arrays, split_points
from support.words import dat_record, encode_csv, evt2_change, evt2_word, evt3_word, evt21_change, evt21_word

from aestream import Writer, save
from aestream.formats import open_file

WIDTH, HEIGHT = 640, 480
DAT_HEADER = b"% Data file containing CD events.\n% Version 2\n% Height 480\n% Width 640\n% end\n\x0c\x08"
ES_HEADER = b"Event Stream\x02\x00\x00\x01\x80\x02\xe0\x01"
ENDINGS = {"evt2": "raw", "evt21": "raw", "evt3": "raw", "dat": "dat", "es": "es", "csv": "csv", "txt": "txt"}
FORMATS = tuple(ENDINGS)


def raw_header(format: str, version: str, options: str = "") -> bytes:
    return f"% evt {version}\n% format {format};height=480;width=640{options}\n% geometry 640x480\n% end\n".encode()


HEADERS = {
    "evt2": raw_header("EVT2", "2.0"),
    "evt21": raw_header("EVT21", "2.1", ";endianness=little"),
    "evt3": raw_header("EVT3", "3.0"),
    "dat": DAT_HEADER,
    "es": ES_HEADER,
    "csv": b"t,x,y,p,geometry:%dx%d\n" % (WIDTH, HEIGHT),
    "txt": b"# geometry:%d,%d\n" % (WIDTH, HEIGHT),
}


def decode_es(payload: bytes) -> np.ndarray:
    """DVS events of an ES file, bytes after the header (FORMATS.md, section 10)."""
    events, t, i = [], 0, 0
    while i < len(payload):
        if payload[i] == 0xFF:
            t, i = t + 127, i + 1
            continue
        assert payload[i] != 0xFE  # we write no resets
        t += payload[i] >> 1
        x, y = struct.unpack_from("<HH", payload, i + 1)
        events.append((t, x, HEIGHT - 1 - y, payload[i] & 1))
        i += 5
    return to_events(events)


REFERENCES = {
    "evt2": evt2.decode,
    "evt21": evt21.decode,
    "evt3": evt3.decode,
    "dat": dat.decode,
    "es": decode_es,
    "csv": csv_text.decode,
    "txt": csv_text.decode,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoders")


def written(folder: Path, format: str, *pieces: np.ndarray, shape: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """The file of these pieces, without its header."""
    path = folder / f"events.{ENDINGS[format]}"
    with Writer(path, shape, format=format) as writer:
        for piece in pieces:
            writer.write(piece)
    data = path.read_bytes()
    if shape != (WIDTH, HEIGHT):
        return data
    assert data.startswith(HEADERS[format])
    return data[len(HEADERS[format]) :]


def read(folder: Path, format: str) -> np.ndarray:
    """What our own reader gives for the file written last."""
    return open_file(folder / f"events.{ENDINGS[format]}").recording.load(1)[0]


def events_of(*rows: tuple[int, int, int, int]) -> np.ndarray:
    return to_events(list(rows))


TINY = events_of((1000, 5, 7, 1), (1000, 6, 7, 0), (1063, 639, 479, 1), (70_000, 0, 0, 0))
TINY_BYTES = {
    "evt2": evt2_word(8, 15) + evt2_change(1, 40, 5, 7) + evt2_change(0, 40, 6, 7)
    + evt2_word(8, 16) + evt2_change(1, 39, 639, 479)
    + evt2_word(8, 1093) + evt2_change(0, 48, 0, 0),
    "evt21": evt21_word(8, 15) + evt21_change(1, 40, 0, 7, 1 << 5) + evt21_change(0, 40, 0, 7, 1 << 6)
    + evt21_word(8, 16) + evt21_change(1, 39, 608, 479, 1 << 31)
    + evt21_word(8, 1093) + evt21_change(0, 48, 0, 0, 1),
    "evt3": evt3_word(8, 0) + evt3_word(6, 1000) + evt3_word(0, 7) + evt3_word(2, 1 << 11 | 5) + evt3_word(2, 6)
    + evt3_word(6, 1063) + evt3_word(0, 479) + evt3_word(2, 1 << 11 | 639)
    + evt3_word(8, 17) + evt3_word(6, 368) + evt3_word(0, 0) + evt3_word(2, 0),
    "dat": dat_record(1000, 5, 7, 1) + dat_record(1000, 6, 7, 0) + dat_record(1063, 639, 479, 1)
    + dat_record(70_000, 0, 0, 0),
    "es": b"\xff" * 7 + bytes([111 << 1 | 1, 5, 0, 472 & 255, 1]) + bytes([0, 6, 0, 472 & 255, 1])
    + bytes([63 << 1 | 1, 127, 2, 0, 0]) + b"\xff" * 542 + bytes([103 << 1, 0, 0, 479 & 255, 1]),
    "csv": b"1000,5,7,1\n1000,6,7,0\n1063,639,479,1\n70000,0,0,0\n",
    "txt": b"0.001000 5 7 1\n0.001000 6 7 0\n0.001063 639 479 1\n0.070000 0 0 0\n",
}  # fmt: skip


@pytest.mark.parametrize("format", FORMATS)
def test_bytes_of_a_small_file(folder, format):
    assert written(folder, format, TINY) == TINY_BYTES[format]
    assert_same_events(REFERENCES[format](TINY_BYTES[format]), TINY)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_without_events_reads_back(folder, format):
    payload = written(folder, format)
    assert payload == b""
    assert len(read(folder, format)) == 0


STEPS_US = (0, 0, 0, 1, 63, 64, 126, 127, 128, 4095, 4096, 2**22, 2**23, 2**24, 2**31 - 1, 2**31, 2**34 + 1)
FALLS_US = (-1, -64, -4096, -(2**23), -(2**23) - 4096, -(2**31), -(2**31) - 1)
STARTS_US = (0, 1000, 2**24 - 50, 2**31, 2**32 - 50, 2**34 - 50, 2**35 + 1, -1)


@st.composite
def any_events(draw) -> np.ndarray:
    """In-sensor events: neighbours, long gaps, steps back, and starts around the wraps of clocks."""
    t, last, found = draw(st.sampled_from(STARTS_US)), None, []
    steps = st.sampled_from(STEPS_US) | st.sampled_from(FALLS_US)
    for run in draw(st.lists(st.integers(1, 40), max_size=6)):
        if last is not None:
            t += draw(steps)
        x, y, p = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1)), draw(st.booleans())
        stride = draw(st.sampled_from((1, 1, 1, 2, 9, 31, -1)))
        last = [(t, x + stride * i, y, p) for i in range(run) if 0 <= x + stride * i < WIDTH]
        found += last
    return to_events(found)


def is_refused(folder: Path, format: str, events: np.ndarray) -> bool:
    try:
        written(folder, format, events)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("format", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(events=any_events())
@example(events=events_of((2**24 - 1, 1, 2, 0), (2**24, 1, 2, 0)))
def test_what_is_not_refused_reads_back(folder, format, events):
    if format == "es" and len(events) and np.diff(events["t"], prepend=0).max() > 2**24:
        events["t"] -= events["t"].min()  # a plain reader takes a second for 16 MB of gap
        events["t"] %= 2**24
    if is_refused(folder, format, events):
        return
    payload = written(folder, format, events)
    assert_same_events(REFERENCES[format](payload), events)
    assert_same_events(read(folder, format), events)


@pytest.mark.parametrize("format", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(events=event_arrays(WIDTH, HEIGHT, max_size=300, starts_us=(0, 1000)), data=st.data())
def test_pieces_make_the_same_file(folder, format, events, data):
    cuts = data.draw(split_points(len(events)))
    assert written(folder, format, *np.split(events, cuts)) == written(folder, format, events)


@pytest.mark.parametrize("format", FORMATS)
def test_many_events_in_many_pieces_make_the_same_file(folder, format):
    random = np.random.default_rng(3)
    events = np.zeros(200_000, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 30_000_000, len(events) // 20).repeat(20))
    start = random.integers(0, WIDTH, len(events) // 20)
    events["x"] = (start[:, None] + np.arange(20)).ravel() % WIDTH
    events["y"] = random.integers(0, HEIGHT, len(events) // 20).repeat(20)
    events["p"] = random.integers(0, 2, len(events) // 20).repeat(20)
    at_once = written(folder, format, events)
    assert_same_events(REFERENCES[format](at_once), events)
    assert written(folder, format, *np.split(events, np.sort(random.integers(0, len(events), 300)))) == at_once


# Falls of t, by the rules that tell readers a step back from a wrap: (before, after, whether it can be written).
FALLS = [
    ("evt2", ((2**28 - 158) * 64, 0), True),
    ("evt2", ((2**28 - 157) * 64, 0), False),
    ("evt2", (2**34, 2**34 - 1), False),
    ("evt2", (2**34 + 63, 2**34), True),
    ("evt21", (2**33 + 63, 0), True),
    ("evt21", (2**33 + 64, 0), False),
    ("evt21", (2**34, 2**34 - 1), False),
    ("evt3", (2048 * 4096 - 1, 0), True),
    ("evt3", (2048 * 4096, 0), False),
    ("evt3", (2**24, 2**24 - 1), False),
    ("evt3", (2**24 + 4096, 2**24 + 4095), True),
    ("dat", (2**31, 0), True),
    ("dat", (2**31 + 1, 0), False),
    ("dat", (2**32 + 5, 2**32), True),
    ("es", (1, 0), False),
    ("csv", (2**63 - 1, -(2**63) + 1), True),
    ("txt", (2**63 - 1, -(2**63) + 1), True),
]


@pytest.mark.parametrize(("format", "times", "is_possible"), FALLS)
@pytest.mark.filterwarnings("ignore::aestream.TimeUnitWarning")  # of text over 584 000 years
def test_steps_back_are_written_where_readers_see_them(folder, format, times, is_possible):
    before, after = times
    way_up = range(0, before, 2**30) if format == "dat" else ()  # no gap is too long there
    events = events_of(*((t, 1, 2, 1) for t in (*way_up, before, after)))
    if not is_possible:
        message = f"event {len(events) - 1}: t must not step back.*got {after} after {before}"
        with pytest.raises(ValueError, match=message):
            written(folder, format, events)
        return
    assert_same_events(REFERENCES[format](written(folder, format, events)), events)
    assert_same_events(read(folder, format), events)


def test_evt3_vectors_only_where_they_are_shorter(folder):
    def words(*xs: int, width: int = WIDTH) -> list[tuple[int, int]]:
        path = folder / "vectors.raw"
        save(path, events_of(*((0, x, 0, 1) for x in xs)), (width, 1))
        payload = path.read_bytes().partition(b"% end\n")[2]
        return [(word >> 12, word & 0xFFF) for (word,) in struct.iter_unpack("<H", payload)][3:]

    on = 1 << 11
    assert words(10, 11, 12, 13) == [(2, on | x) for x in (10, 11, 12, 13)]
    assert words(10, 11, 12, 13, 41) == [(3, on | 10), (4, 0b1111), (4, 0), (5, 0x80)]
    assert words(10, 11, 12, 13, 42) == [(2, on | x) for x in (10, 11, 12, 13, 42)]
    assert words(10, 11, 12, 11, 13) == [(2, on | x) for x in (10, 11, 12, 11, 13)]
    assert words(*range(64, 132)) == [
        (3, on | 64), (4, 0xFFF), (4, 0xFFF), (5, 0xFF), (4, 0xFFF), (4, 0xFFF), (5, 0xFF), (4, 15), (4, 0), (5, 0)
    ]  # fmt: skip
    assert words(*range(32), 600, *range(32, 37))[4:] == [(2, on | 600), (3, on | 32), (4, 31), (4, 0), (5, 0)]
    assert words(635, 636, 637, 638, 639) == [(3, on | 608), (4, 0), (4, 0), (5, 0xF8)]
    assert words(0, 1, 2, 3, 4, width=31) == [(2, on | x) for x in range(5)]


def test_evt3_time_high_at_least_every_eight_seconds(folder):
    payload = written(folder, "evt3", events_of((0, 0, 0, 0), (100_000_000, 0, 0, 0)))
    highs = [word & 0xFFF for (word,) in struct.iter_unpack("<H", payload) if word >> 12 == 8]
    steps = np.diff(highs) % 4096
    assert steps.max() * 4096 <= 8_000_000
    assert steps.sum() == 100_000_000 >> 12
    falls = [(before, after) for before, after in pairwise(highs) if after < before]
    assert falls == [(4095, 0)] * 5  # several readers know no other wrap


def test_raw_clocks_that_wrap_a_million_times_are_refused(folder):
    with pytest.raises(
        ValueError, match=r"event 0: the first t must be at most 17592186044416 .*; subtract a start time"
    ):
        written(folder, "evt3", events_of((1_700_000_000_000_000, 0, 0, 0)))
    with pytest.raises(ValueError, match=r"event 1: t must be at most 17592186044416 µs after the event before it"):
        written(folder, "evt3", events_of((0, 0, 0, 0), (2**44 + 1, 0, 0, 0)))
    events = events_of((1_700_000_000_000_000, 0, 0, 0))
    written(folder, "evt2", events)
    assert rows(read(folder, "evt2")) == rows(events)


def test_es_gap_of_hours_is_refused(folder):
    with pytest.raises(ValueError, match="event 0: the first t must be at most 8522825728"):
        written(folder, "es", events_of((127 * 2**26 + 1, 0, 0, 0)))
    with pytest.raises(ValueError, match="event 1: t must be at most 8522825728 µs after"):
        written(folder, "es", events_of((5, 0, 0, 0), (127 * 2**26 + 6, 0, 0, 0)))


LIMITS = [
    ("evt2", 2047), ("evt21", 2047), ("evt3", 2047), ("dat", 16383), ("es", 32766), ("csv", 32766), ("txt", 32766)
]  # fmt: skip


@pytest.mark.parametrize(("format", "most"), LIMITS)
def test_coordinates_up_to_the_format_s_bits(folder, format, most):
    shape = (32767, 32767)
    events = events_of((0, most, 0, 1), (0, 0, most, 1))
    written(folder, format, events, shape=shape)
    assert_same_events(read(folder, format), events)
    for axis in "xy":
        outside = events.copy()
        outside[axis][0] = most + 1
        with pytest.raises(ValueError, match=rf"event 0: {axis} must be from 0 to {most}; got {most + 1} \({format}"):
            written(folder, format, outside, shape=shape)


@pytest.mark.parametrize("format", ["evt2", "evt21", "evt3", "dat", "es"])
def test_negative_times_fail(folder, format):
    with pytest.raises(ValueError, match=f"event 1: t must be at least 0 in {format} files; got -1"):
        written(folder, format, events_of((0, 0, 0, 0), (-1, 0, 0, 0)))


def test_text_is_what_the_plain_encoder_writes(folder):
    events = events_of((0, 0, 0, 0), (-1, 99, 100, 1), (9_999_999, 639, 479, 1), (10**15 + 1, 10, 9, 0))
    assert written(folder, "csv", events) == encode_csv(events)
    later = events[events["t"] >= 0]
    assert written(folder, "txt", later) == encode_csv(later, separator=" ", seconds=6)
    assert written(folder, "txt", events[1:2]) == b"-0.000001 99 100 1\n"
