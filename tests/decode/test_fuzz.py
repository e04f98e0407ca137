"""The fuzz targets of csrc/fuzz, fed by Hypothesis: runs wherever the tests do; `make fuzz` goes deeper, with clang."""

from __future__ import annotations

import ctypes
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import spif
from reference.faery_udp import encode_t32, encode_t64
from support.aedat4_side_bytes import IMU_TYPES, TRIGGER_TYPES, frame_packet, rows_packet
from support.blosc_words import encode_blosc
from support.ecf_words import MODES, encode_ecf
from support.lz4_words import encode_lz4
from support.ros_words import compact_word, event_array, in_a_row, libcaer_word, mono_word, packet
from support.strategies import (
    aedat3_packets,
    bin40_rows,
    dat_records,
    es_words,
    event_arrays,
    evt2_words,
    evt3_words,
    evt21_words,
    jaer_records,
)
from support.words import dat_header, encode_aedat4, encode_csv, es_header, raw_header

SOURCE = Path(__file__).resolve().parents[2]
LONG_EVT3 = st.builds(lambda words, count: words[: len(words) // 2 * 2] * count, evt3_words(), st.integers(10, 60))
PAYLOADS = {
    "evt2": evt2_words(),
    "evt21": evt21_words() | evt21_words(legacy=True),
    "evt3": evt3_words() | LONG_EVT3,  # many words are scanned at once
    "dat": dat_records() | dat_records(version=1),
    "aedat12": jaer_records(version=1) | jaer_records() | jaer_records(davis=True),
    "es": es_words(1) | es_words(2) | es_words(4),
    "bin40": bin40_rows(),
    "events": event_arrays(512, 256, monotonic=False).map(bytes) | st.binary(max_size=200),
    "csv": st.builds(
        encode_csv,
        event_arrays(512, 256, monotonic=False),
        separator=st.sampled_from([",", " ", "\t", ";"]),
        columns=st.sampled_from(["txyp", "xytp", "pxyt"]),
        seconds=st.sampled_from([None, 6, 9]),
        line_end=st.sampled_from(["\n", "\r\n"]),
    )
    | st.text("0123456789.,-+ \t\r\n#e", max_size=200).map(str.encode),
}
ROS_PAYLOADS = st.one_of(
    st.tuples(st.just("evt3"), evt3_words()),
    st.tuples(st.sampled_from(["mono", "trigger"]), st.builds(mono_word, *[st.integers(0, 2**15)] * 3, st.just(1))),
    st.tuples(st.just("libcaer"), st.builds(libcaer_word, *[st.integers(0, 2**14)] * 3, st.just(1))),
    st.tuples(
        st.just("libcaer_cmp"),
        st.lists(st.builds(compact_word, st.integers(0, 6), st.integers(0, 4095))).map(b"".join),
    ),
    st.tuples(st.text(max_size=4), st.binary(max_size=20)),
)
SIDE = st.sampled_from(
    [
        frame_packet(bytes(12), code=2),
        rows_packet("IMUS", IMU_TYPES, [[5, *[0.5] * 10], [6, None, *[0.5] * 9]]),
        rows_packet("TRIG", TRIGGER_TYPES, [[5, 1], [6, 9]]),
    ]
)
AEDAT4 = st.builds(encode_aedat4, event_arrays(512, 256), packet_events=st.integers(1, 40), table=st.booleans())
SOURCES = [  # as csrc/fuzz/sources.cpp counts them
    *(PAYLOADS[name] for name in ("evt2", "evt21", "evt3", "dat", "csv", "es", "bin40", "aedat12")),
    *(AEDAT4, AEDAT4, aedat3_packets()),
]
COLUMN = st.tuples(st.integers(0, 15), st.integers(0, 12), st.integers(0, 20), st.just(0)).map(bytes)
PACKETS = {
    "aedat4": AEDAT4 | SIDE,
    "ecf": st.builds(encode_ecf, event_arrays(2048, 2048), st.sampled_from(MODES)),
    "columns": st.tuples(COLUMN, COLUMN, COLUMN, COLUMN, st.binary(min_size=1, max_size=300)).map(b"".join),
    "blosc": st.builds(
        encode_blosc,
        st.binary(min_size=1, max_size=40).map(lambda data: data * 40),
        st.integers(1, 9),
        st.integers(1, 1500),
        shuffled=st.booleans(),
        split=st.booleans(),
        codec=st.integers(0, 5),
    ),
    "lz4": st.builds(
        encode_lz4,
        st.binary(min_size=1, max_size=40).map(lambda data: data * 20),
        block_bytes=st.integers(13, 1000),
        linked=st.booleans(),
        stored=st.booleans(),
        furthest=st.integers(1, 100),
    ),
}
FILES = st.one_of(
    st.tuples(st.sampled_from([raw_header("EVT2"), raw_header("EVT2")[:-6]]), PAYLOADS["evt2"]),
    st.tuples(st.sampled_from([raw_header("EVT21"), raw_header("EVT21", endianness="legacy")]), PAYLOADS["evt21"]),
    st.tuples(st.just(raw_header("EVT3")), PAYLOADS["evt3"]),
    st.tuples(st.sampled_from([dat_header(1), dat_header(2, None, None)]), PAYLOADS["dat"]),
    st.tuples(st.sampled_from([es_header(1), es_header(2), es_header(4)]), PAYLOADS["es"]),
    st.tuples(PAYLOADS["csv"]),
    st.tuples(st.sampled_from([b"% evt 3.0\n", b"% format ", b"% geometry 640x", b"%"]), st.binary(max_size=60)),
).map(b"".join)


def tool(name: str) -> str | None:
    """A program beside this Python, or on the path."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


@pytest.fixture(scope="session")
def targets(tmp_path_factory) -> ctypes.CDLL:
    """The library of all targets, compiled once."""
    cmake = tool("cmake")
    assert cmake, "needs cmake: pip install 'aestream[test]'"
    build = tmp_path_factory.mktemp("fuzz")
    for command in (
        [cmake, "-S", SOURCE, "-B", build, "-DAESTREAM_FUZZ=ON", "-DCMAKE_BUILD_TYPE=None"],
        [cmake, "--build", build, "--parallel", "2", "--target", "aestream_fuzz"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return ctypes.CDLL(str(next(build.rglob("libaestream_fuzz.*"))))


def violation(targets: ctypes.CDLL, name: str, data: bytes) -> str | None:
    """What target `name` found to be broken on `data`."""
    target = targets[f"aestream_fuzz_{name}"]
    target.argtypes, target.restype = (ctypes.c_char_p, ctypes.c_size_t), ctypes.c_char_p
    message = target(data, len(data))
    return message and message.decode()


@given(data=st.data(), seed=st.binary(min_size=4, max_size=4))
@pytest.mark.parametrize("name", PAYLOADS)
def test_contracts_hold_for_words(targets, name, data, seed):
    assert violation(targets, name, seed + data.draw(PAYLOADS[name])) is None


@given(data=st.data(), seed=st.binary(min_size=4, max_size=4))
@pytest.mark.parametrize("name", ["evt2", "evt21", "evt3", "dat"])
def test_contracts_of_triggers_hold_for_words(targets, name, data, seed):
    assert violation(targets, "triggers", seed + data.draw(PAYLOADS[name])) is None


_OTHERS = (
    *("file", "aedat3", "aedat4", "blosc", "columns", "datagram", "ecf", "index", "lz4", "recording", "ros"),
    "triggers",
)


@given(data=st.binary(max_size=300))
@pytest.mark.parametrize("name", [*PAYLOADS, *_OTHERS])
def test_contracts_hold_for_bytes(targets, name, data):
    assert violation(targets, name, data) is None


@given(file=FILES, cut=st.integers(0, 400))
def test_contracts_hold_for_cut_files(targets, file, cut):
    assert violation(targets, "file", file[: max(0, len(file) - cut)]) is None


@given(data=st.data())
@pytest.mark.parametrize("name", PACKETS)
def test_contracts_hold_for_damaged_packets(targets, name, data):
    file = bytearray(data.draw(PACKETS[name]))
    for _ in range(data.draw(st.integers(0, 3))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.sampled_from([0, 1, 4, 8, 0x7F, 0x80, 0xFF]))
    assert violation(targets, name, bytes(file)) is None


@given(packets=aedat3_packets(), cut=st.integers(0, 400))
def test_contracts_hold_for_packets_that_are_cut(targets, packets, cut):
    assert violation(targets, "aedat3", packets) is None
    assert violation(targets, "aedat3", packets[: max(0, len(packets) - cut)]) is None


@given(
    protocol=st.integers(0, 3), events=event_arrays(monotonic=False), timestamps=st.booleans(), cut=st.integers(0, 9)
)
def test_contracts_hold_for_datagrams(targets, protocol, events, timestamps, cut):
    encode = (lambda some: spif.encode(some, timestamps=timestamps), encode_t64, encode_t32, spif.encode)[protocol]
    datagram = encode(events)
    assert violation(targets, "datagram", bytes([protocol, 0, 0, 0]) + datagram[: max(0, len(datagram) - cut)]) is None


@given(data=st.data(), seed=st.integers(0, 2**24))
def test_recordings_agree_with_themselves(targets, data, seed):
    file = data.draw(SOURCES[seed % len(SOURCES)])
    cut = data.draw(st.integers(0, len(file)))
    assert violation(targets, "recording", seed.to_bytes(4, "little") + file) is None
    assert violation(targets, "recording", seed.to_bytes(4, "little") + file[:cut]) is None


CHANGES = st.tuples(
    st.integers(-9, 12),
    st.sampled_from([-1, 0, 1, 2, 255, 2**31, 2**32, 2**40, 2**62, -(2**63)]) | st.integers(0, 2**14),
)


@given(data=st.data(), seed=st.integers(0, 10), changes=st.lists(CHANGES, max_size=3))
def test_changed_indexes_do_no_harm(targets, data, seed, changes):
    file = data.draw(SOURCES[seed])
    words = b"".join(struct.pack("<hq", *change) for change in changes)
    assert violation(targets, "index", bytes([seed, 0, 0, 0, len(changes)]) + words + file) is None


@given(data=st.data(), cdr=st.booleans(), is_packet=st.booleans())
def test_contracts_hold_for_ros_messages(targets, data, cdr, is_packet):
    messages = []
    for seq in data.draw(st.lists(st.integers(0, 3), max_size=4)):
        if is_packet:
            encoding, payload = data.draw(ROS_PAYLOADS)
            message = packet(payload, encoding, cdr=cdr, seq=seq, time_base=data.draw(st.integers(0, 2**64 - 1)))
        else:
            pixels = st.tuples(st.integers(0, 10**18), st.integers(0, 2**16 - 1), st.integers(0, 99), st.booleans())
            message = event_array(data.draw(st.lists(pixels, max_size=4)), cdr=cdr)
        damaged = bytearray(message)
        for _ in range(data.draw(st.integers(0, 2))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.sampled_from([0, 1, 0x7F, 0xFF]))
        messages.append(bytes(damaged)[: data.draw(st.integers(0, 2 * len(damaged)))])
    assert violation(targets, "ros", bytes([is_packet * 2 + cdr, 0, 0, 0]) + in_a_row(messages)) is None
