"""Conversion from any format to any other, by the command line and by the function under it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from support.checks import assert_same_events, run_python
from support.words import encode_csv, encode_evt3, raw_header

import aestream
from aestream.cli.app import app
from aestream.convert import Converted, convert

RANDOM = np.random.default_rng(3)
EVENTS = np.zeros(5000, aestream.EVENT_DTYPE)
EVENTS["t"] = np.sort(RANDOM.integers(1000, 2_000_000, 5000))
EVENTS["x"], EVENTS["y"], EVENTS["p"] = RANDOM.integers(0, 320, 5000), RANDOM.integers(0, 240, 5000), EVENTS["t"] % 2
FORMATS = ["aedat4", "evt3", "evt21", "evt2", "dat", "es", "csv", "txt", "dsec", "prophesee", "npz"]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "a.raw"
    path.write_bytes(raw_header("EVT3", 320, 240) + encode_evt3(EVENTS))
    return path


def run(*arguments: object, fails: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == fails, result.output
    return result


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_holds_what_another_held(raw: Path, tmp_path: Path, format: str) -> None:
    run("convert", raw, f"{tmp_path}/out/", "--to", format)
    (there,) = (tmp_path / "out").iterdir()
    run("convert", there, tmp_path / "back.csv", *(["--shape", "320x240"] if format in ("csv", "txt", "npz") else []))
    assert_same_events(aestream.FileInput(tmp_path / "back.csv").load(), EVENTS)


def test_the_ending_says_the_format_and_to_says_the_rest(raw: Path, tmp_path: Path) -> None:
    run("convert", raw, tmp_path / "b.aedat4", "--compression", "lz4")
    assert aestream.FileInput(tmp_path / "b.aedat4").metadata["compression"] == "lz4"
    run("convert", raw, tmp_path / "b.raw", "--to", "evt2")
    assert aestream.FileInput(tmp_path / "b.raw").format == "evt2"
    assert "must end in" in run("convert", raw, tmp_path / "b.xyz", fails=1).stderr
    assert "--to must be one of" in run("convert", raw, tmp_path / "b.raw", "--to", "xyz", fails=2).stderr


def test_a_part_of_time_and_of_the_sensor(raw: Path, tmp_path: Path) -> None:
    times = ("--start", "500ms", "--stop", "1.5s")
    run("convert", raw, tmp_path / "b.raw", *times, "--roi", "10,20,100,50", "--from-zero")
    file = aestream.FileInput(tmp_path / "b.raw")
    first = int(EVENTS["t"][0])
    want = EVENTS[(EVENTS["t"] >= first + 500_000) & (EVENTS["t"] < first + 1_500_000)]
    want = want[(want["x"] >= 10) & (want["x"] < 110) & (want["y"] >= 20) & (want["y"] < 70)].copy()
    want["x"] -= 10
    want["y"] -= 20
    want["t"] -= first + 500_000
    assert file.shape == (100, 50)
    assert len(want) > 50
    assert_same_events(file.load(), want)


def test_events_outside_of_the_sensor_fail_or_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(encode_csv(EVENTS))
    (tmp_path / "b.raw").write_bytes(b"before")
    inside = (EVENTS["x"] < 200) & (EVENTS["y"] < 100)
    arguments = ("convert", tmp_path / "a.csv", tmp_path / "b.raw", "--shape", "200x100", "--overwrite")
    assert "must be from 0 to" in run(*arguments, fails=1).stderr
    assert (tmp_path / "b.raw").read_bytes() == b"before"
    assert f"{np.count_nonzero(~inside):,} outside left out" in run(*arguments, "--drop-outside").stderr
    assert_same_events(aestream.FileInput(tmp_path / "b.raw").load(), EVENTS[inside])


def test_a_shape_that_nobody_knows_fails(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(encode_csv(EVENTS))
    assert "pass shape=" in run("convert", tmp_path / "a.csv", tmp_path / "b.raw", fails=1).stderr


def test_many_files_go_into_a_folder_and_on_after_an_interruption(raw: Path, tmp_path: Path) -> None:
    other, damaged = tmp_path / "other.csv", tmp_path / "damaged.raw"
    other.write_bytes(encode_csv(EVENTS[:7]))
    damaged.write_bytes(b"% format EVT9\n% end\n")
    arguments = ("convert", raw, other, damaged, tmp_path / "out", "--to", "dat", "--shape", "320x240", "--jobs", "2")
    os.mkdir(tmp_path / "out")
    first = run(*arguments, fails=1)
    assert "EVT9" in first.stderr
    assert sorted(os.listdir(tmp_path / "out")) == ["a.dat", "other.dat"]
    times = {name: os.stat(tmp_path / "out" / name).st_mtime_ns for name in ("a.dat", "other.dat")}
    damaged.write_bytes(raw_header("EVT3", 320, 240))
    second = run(*arguments)
    assert second.stderr.count("there already") == 2
    assert {name: os.stat(tmp_path / "out" / name).st_mtime_ns for name in times} == times
    assert aestream.FileInput(tmp_path / "out" / "damaged.dat").num_events == 0
    assert_same_events(aestream.FileInput(tmp_path / "out" / "other.dat").load(), EVENTS[:7])


def test_a_file_older_than_its_source_is_made_again(raw: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.dat"
    run("convert", raw, target)
    os.utime(target, ns=(0, 0))
    assert "there already" not in run("convert", raw, target).stderr
    assert os.stat(target).st_mtime_ns > 0


def test_two_files_that_would_become_one_fail(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(encode_csv(EVENTS))
    assert "would both become" in run("convert", raw, tmp_path / "a.csv", tmp_path, "--to", "dat", fails=2).stderr
    assert "--to is needed" in run("convert", raw, tmp_path / "a.csv", tmp_path / "out", fails=2).stderr


def test_memory_stays_bounded(tmp_path: Path) -> None:
    events = np.tile(EVENTS, 1000)
    events["t"] = np.arange(len(events))
    np.save(tmp_path / "a.npy", events)
    script = """
import re, sys, aestream
from aestream.convert import convert
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
file = aestream.FileInput(sys.argv[1], (320, 240))
before = peak()
convert(file, sys.argv[2])
print(peak() - before)
"""
    done = run_python(script, tmp_path / "a.npy", tmp_path / "b.raw")
    assert float(done.stdout or "inf") < 200, (
        done.stderr
    )  # MiB, for 80 MB of events in and as many in memory at once if they were loaded


def test_the_function_says_what_it_did(raw: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    done = convert(aestream.FileInput(raw), tmp_path / "b.dat", from_zero=True, progress=lambda *n: seen.append(n))
    assert done == Converted(events=5000, outside=0, shift_us=-int(EVENTS["t"][0]))
    assert seen == [(5000, 5000)]


def test_a_file_is_not_converted_onto_itself(raw: Path, tmp_path: Path) -> None:
    before = raw.read_bytes()
    os.symlink(raw, tmp_path / "link.raw")
    for target in (raw, tmp_path / "link.raw"):
        with pytest.raises(ValueError, match="target must not be the source"):
            convert(raw, target)
    assert raw.read_bytes() == before


def test_aestreams_grammar_to_a_file(raw: Path, tmp_path: Path) -> None:
    run("input", "file", raw, "output", "file", tmp_path / "b.aedat4")
    assert_same_events(aestream.FileInput(tmp_path / "b.aedat4").load(), EVENTS)
    (tmp_path / "c.csv").write_bytes(encode_csv(EVENTS))
    run("resolution", 320, 240, "input", "file", tmp_path / "c.csv", "output", "file", tmp_path / "d.raw")
    assert aestream.FileInput(tmp_path / "d.raw").shape == (320, 240)


@pytest.mark.parametrize("words", [("--ignore-time",), (), ("--ignore-time", "output", "stdout")])
def test_aestreams_grammar_to_the_standard_output(raw: Path, words: tuple[str, ...]) -> None:
    text = run("input", "file", raw, *words).stdout
    assert text.encode() == encode_csv(EVENTS)


def test_events_over_udp(raw: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        receiver.settimeout(10)
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
        said = run("send", raw, "udp", "127.0.0.1", port, "--rate", "1e6", "--stop", "100ms").stderr
        want = EVENTS[EVENTS["t"] < int(EVENTS["t"][0]) + 100_000]
        words = b""
        while len(words) < 8 * len(want):
            words += receiver.recv(65536)
        assert f"{len(want):,} events" in said
        assert np.frombuffer(words, "<u4")[1::2].tolist() == want["t"].tolist()
        run("input", "file", raw, "--ignore-time", "output", "udp", "127.0.0.1", port)
        assert len(receiver.recv(65536)) > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("file",), "expected a path, found the end of the line"),
        (("davis",), "expected file or udp or zmq or speck or inivation or prophesee, found 'davis'"),
        (("file", "a.raw", "output"), "expected file or udp or stdout"),
        (("file", "a.raw", "output", "udp", "127.0.0.1", "0"), "expected a port from 1 to 65535, found '0'"),
        (("file", "a.raw", "output", "stdout", "more"), "expected output, found 'more'"),
        (("file", "a.raw", "into", "b.raw"), "expected output, found 'into'"),
        (("file", "a.raw", "--time-unit", "min"), "expected ns, us, ms, s after --time-unit, found 'min'"),
        (("file", "a.raw", "--buffer-size", "9"), "expected --ignore-time or --time-unit, found '--buffer-size'"),
        (("file", "a.raw", "output", "udp", "--buffer-size", "0"), "expected a number of words from 1"),
        (("udp", "65536"), "expected a port from 0 to 65535, found '65536'"),
        (("udp", "--timeout", "soon"), "expected seconds after --timeout, found 'soon'"),
    ],
)
def test_aestreams_grammar_fails_with_what_was_expected(words: tuple[str, ...], message: str) -> None:
    assert message in run("input", *words, fails=2).stderr


def test_send_fails_when_it_is_told_two_speeds(raw: Path) -> None:
    arguments = ("send", raw, "udp", "127.0.0.1", 3333, "--rate", "5", "--full-speed")
    assert "exclude each other" in run(*arguments, fails=2).stderr
