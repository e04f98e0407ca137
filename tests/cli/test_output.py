"""Where the command line prints, writes and ends: any encoding, full disks, missing folders, empty cuts, odd names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner, Result
from support.checks import assert_same_events
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.words import encode_evt3, raw_header

import aestream
from aestream.cli.app import app
from aestream.cli.made import Made
from aestream.cli.output import printable

EVENTS = make_events(200)
FIRST, LAST = int(EVENTS["t"][0]), int(EVENTS["t"][-1])


def run(*arguments: object, fails: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == fails, result.output
    return result


def program(*arguments: object, **options) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "aestream", *arguments]
    command = [each if isinstance(each, bytes) else str(each) for each in command]
    environment = {**os.environ, **options.pop("env", {})}
    kept = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(command, timeout=120, check=False, cwd="/", env=environment, **kept)


@pytest.fixture
def dat(tmp_path: Path) -> Path:
    return write_file(tmp_path, "dat", EVENTS)


def test_an_ascii_output_gets_what_it_can_hold(dat: Path) -> None:
    done = program("info", dat, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"{FIRST} to {LAST + 1} us: ".encode() in done.stdout


def test_bytes_that_are_not_utf_8_are_printed_as_they_are() -> None:
    text = printable(os.fsdecode(b"caf\xe9 5 \xc2\xb5s \x1b[2J\n"))
    assert text.encode("utf-8", "aestream") == b"caf\xe9 5 \xc2\xb5s \\x1b[2J\\n"
    assert text.encode("ascii", "aestream") == b"caf\xe9 5 us \\x1b[2J\\n"
    assert "\u4e2d".encode("ascii", "aestream") == b"\\u4e2d"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
@pytest.mark.parametrize("command", [["info"], ["info", "--json"], ["check"], ["input", "file"]])
def test_a_full_standard_output_is_an_error_of_one_line(dat: Path, command: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = program(*command, dat, *(["--ignore-time"] if command[0] == "input" else []), stdout=full)
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


def test_a_closed_pipe_ends_quietly(dat: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        for command in (["info", dat], ["input", "file", dat, "--ignore-time"]):
            assert program(*command, stdout=writing).stderr == b""
    finally:
        os.close(writing)


@pytest.mark.parametrize("command", [("convert",), ("frames",), ("input", "file")])
def test_an_output_that_cannot_be_there_is_an_error_of_one_line(dat: Path, tmp_path: Path, command) -> None:
    (tmp_path / "file").write_text("in the way")
    target = tmp_path / "file" / ("a.png" if command[0] == "frames" else "a.raw")
    between = ["output", "file"] if command[0] == "input" else []
    done = run(*command, dat, *between, target, fails=1)
    assert str(tmp_path / "file") in done.stderr
    assert (tmp_path / "file").read_text() == "in the way"


def test_text_of_files_and_paths_is_no_markup(tmp_path: Path) -> None:
    folder = tmp_path / "[red]" / "[" / "x]"
    folder.mkdir(parents=True)
    path = folder / "[bold]:smile:.raw"
    header = raw_header("EVT3", WIDTH, HEIGHT).replace(b"% end", b"% note [/x] [red]warm[/red] :smile: \x1b[31m\n% end")
    path.write_bytes(header + encode_evt3(EVENTS))
    shown = run("info", path).stdout
    assert "[/x] [red]warm[/red] :smile: \\x1b[31m" in shown
    assert str(path) in shown
    assert str(folder / "[b].dat") in run("convert", path, folder / "[b].dat").stderr
    assert str(path) in run("check", path).stdout


def test_json_knows_no_nan(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for name in "txyp":
            file[f"events/{name}"] = EVENTS[name].astype(np.int64)
        file.attrs["gain"] = np.nan
        file.attrs["range"] = np.array([-np.inf, 1.0])
        file["events"].attrs["bias"] = np.float32("nan")
    line = run("info", "--json", path).stdout
    found = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["events"] == 200


@pytest.mark.parametrize(
    ("window", "code", "message"),
    [
        ("999999999999999min", 2, "at most a year"),
        ("1000000min", 2, "at most a year"),
        ("0", 2, "expected a duration"),
    ],
)
def test_absurd_windows_fail(dat: Path, tmp_path: Path, window: str, code: int, message: str) -> None:
    assert message in run("frames", dat, tmp_path / "a.gif", "--window", window, fails=code).stderr


def test_long_and_short_windows_are_drawn_or_refused(tmp_path: Path) -> None:
    events = EVENTS.copy()
    events["t"][-1] = events["t"][0] + 5_000_000
    path = write_file(tmp_path, "dat", events)
    run("frames", path, tmp_path / "a.gif", "--window", "500000min")  # longer than a GIF's picture can last
    for target in ("a.png", "pictures/"):
        message = run("frames", path, f"{tmp_path}/{target}", "--window", "1us", fails=1).stderr
        assert "expected at most 1000000 windows, got 5000001 of 1 µs" in message
    assert not (tmp_path / "pictures").exists()


@pytest.mark.parametrize("times", [("--start", "10s"), ("--stop", "@5"), ("--start", "@5", "--stop", "@6")])
def test_a_cut_beside_the_recording_is_an_error_that_shows_both(dat: Path, tmp_path: Path, times) -> None:
    for command in (
        ("convert", dat, tmp_path / "a.raw"),
        ("frames", dat, tmp_path / "a.png"),
        ("send", dat, "udp", "127.0.0.1", 9),
    ):
        message = run(*command, *times, fails=1).stderr
        assert f"it covers @{FIRST} to @{LAST + 1}" in message
        assert f"{times[0]} @" in message
    assert sorted(os.listdir(tmp_path)) == [dat.name]


def test_convert_with_another_cut_is_not_there_already(dat: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.raw"
    run("convert", dat, target, "--stop", "1ms")
    short = aestream.FileInput(target).load()
    assert "there already (" in run("convert", dat, target, "--stop", "1ms").stderr
    said = run("convert", dat, target, "--stop", "2ms", fails=1).stderr
    assert "there already, but made with stop 1000us, not 2000us (--overwrite converts again)" in said
    assert "stop 1000us, not as it is" in run("convert", dat, target, fails=1).stderr
    assert_same_events(aestream.FileInput(target).load(), short)
    run("convert", dat, target, "--overwrite")
    assert_same_events(aestream.FileInput(target).load(), EVENTS)
    assert "there already (" in run("convert", dat, target).stderr


def test_convert_of_another_source_is_not_there_already(dat: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.raw"
    run("convert", dat, target)
    other = write_file(tmp_path, "aedat4", EVENTS[:50])
    os.utime(other, ns=(0, 0))
    assert f"made with from {dat}, not {other}" in run("convert", other, target, fails=1).stderr


def test_a_file_that_changed_since_is_not_known(dat: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    run("convert", dat, target)
    target.write_text("mine")
    assert "of what is not known" in run("convert", dat, target).stderr
    assert target.read_text() == "mine"


@pytest.mark.parametrize("damage", [b"", b"\xff\x00not json\n", b'{"name": 5}\n[]\n{"name": "a.raw"}\n'])
def test_a_damaged_journal_is_no_journal(dat: Path, tmp_path: Path, cache: Path, damage: bytes) -> None:
    target = tmp_path / "a.raw"
    run("convert", dat, target)
    (journal,) = (cache / "aestream" / "converted").iterdir()
    journal.write_bytes(damage)
    assert Made().how(target) is None
    assert "of what is not known" in run("convert", dat, target).stderr


def test_a_cache_that_cannot_be_written_is_no_error(dat: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    run("convert", dat, tmp_path / "a.raw")
    assert "of what is not known" in run("convert", dat, tmp_path / "a.raw").stderr
