"""The fuzz targets of csrc/fuzz, fed by Hypothesis: runs wherever the tests do; `make fuzz` goes deeper, with clang."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aedat4_side_bytes import IMU_TYPES, TRIGGER_TYPES, frame_packet, rows_packet
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import bin40_rows, dat_records, es_words, event_arrays, evt2_words, evt3_words, evt21_words
from words import dat_header, encode_aedat4, encode_csv, es_header, raw_header

SOURCE = Path(__file__).resolve().parents[1]
PAYLOADS = {
    "evt2": evt2_words(),
    "evt21": evt21_words() | evt21_words(legacy=True),
    "evt3": evt3_words(),
    "dat": dat_records() | dat_records(version=1),
    "es": es_words(1) | es_words(2) | es_words(4),
    "bin40": bin40_rows(),
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
SIDE = st.sampled_from(
    [
        frame_packet(bytes(12), code=2),
        rows_packet("IMUS", IMU_TYPES, [[5, *[0.5] * 10], [6, None, *[0.5] * 9]]),
        rows_packet("TRIG", TRIGGER_TYPES, [[5, 1], [6, 9]]),
    ]
)
AEDAT4 = st.builds(encode_aedat4, event_arrays(512, 256), packet_events=st.integers(1, 40), table=st.booleans())
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


@settings(max_examples=200)
@given(data=st.data(), seed=st.binary(min_size=4, max_size=4))
@pytest.mark.parametrize("name", PAYLOADS)
def test_contracts_hold_for_words(targets, name, data, seed):
    assert violation(targets, name, seed + data.draw(PAYLOADS[name])) is None


@settings(max_examples=200)
@given(data=st.data(), seed=st.binary(min_size=4, max_size=4))
@pytest.mark.parametrize("name", ["evt2", "evt21", "evt3", "dat"])
def test_contracts_of_triggers_hold_for_words(targets, name, data, seed):
    assert violation(targets, "triggers", seed + data.draw(PAYLOADS[name])) is None


@given(data=st.binary(max_size=300))
@pytest.mark.parametrize("name", [*PAYLOADS, "file", "aedat4", "recording", "triggers"])
def test_contracts_hold_for_bytes(targets, name, data):
    assert violation(targets, name, data) is None


@settings(max_examples=200)
@given(file=FILES, cut=st.integers(0, 400))
def test_contracts_hold_for_cut_files(targets, file, cut):
    assert violation(targets, "file", file[: max(0, len(file) - cut)]) is None


@settings(max_examples=200)
@given(data=st.data())
def test_contracts_hold_for_damaged_packets(targets, data):
    file = bytearray(data.draw(AEDAT4 | SIDE))
    for _ in range(data.draw(st.integers(0, 3))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.sampled_from([0, 1, 4, 8, 0x7F, 0x80, 0xFF]))
    assert violation(targets, "aedat4", bytes(file)) is None


@settings(max_examples=200)
@given(data=st.data(), seed=st.integers(0, 2**24))
def test_recordings_agree_with_themselves(targets, data, seed):
    sources = [PAYLOADS[name] for name in ("evt2", "evt21", "evt3", "dat", "csv", "es", "bin40")] + [AEDAT4, AEDAT4]
    file = data.draw(sources[seed % len(sources)])
    cut = data.draw(st.integers(0, len(file)))
    assert violation(targets, "recording", seed.to_bytes(4, "little") + file) is None
    assert violation(targets, "recording", seed.to_bytes(4, "little") + file[:cut]) is None
