"""The command line: what it prints, what it writes, and with what it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from support.words import encode_csv, encode_evt3, raw_header

from aestream import EVENT_DTYPE, FileInput
from aestream.cli.app import app


def events_of(*rows: tuple[int, int, int, int]) -> np.ndarray:
    return np.array(list(rows), dtype=[("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "?")])


SOUND = events_of((1000, 1, 2, 1), (1010, 3, 2, 0), (501_010, 639, 479, 1), (501_000, 5, 6, 1))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "a.raw"
    path.write_bytes(raw_header("EVT3") + encode_evt3(SOUND))
    return path


def run(*arguments: object, fails: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == fails, result.output
    return result


def test_help_lists_every_command_and_has_examples() -> None:
    output = run("--help").stdout
    for name, command in app.commands.items():
        assert command.hidden or f"  {name} " in output
        assert f"aestream {name} " in run(name, "--help").stdout.split("Options:")[0].split("\n", 1)[1]


def test_the_program_is_installed() -> None:
    program = Path(sys.executable).with_name("aestream")
    command = [str(program)] if program.exists() else [sys.executable, "-m", "aestream"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("aestream 1.")


def test_info_shows_what_is_in_a_file(raw: Path) -> None:
    output = run("info", raw).stdout
    assert "640 x 480" in output
    assert "1000 to 501011 µs: 0.500011 s" in output
    assert "75.0% ON" in output
    assert "1; the longest 500,000 µs, after event 1 at 1010 µs" in output  # the gap
    assert "1; the longest 10 µs, after event 2 at 501010 µs" in output  # the step back


def test_info_as_json_has_units_in_its_names(raw: Path) -> None:
    found = json.loads(run("info", "--json", "--gap", "1s", raw).stdout)
    assert found["events"] == 4
    assert found["shape"] == [640, 480]
    assert (found["t_start_us"], found["t_stop_us"]) == (1000, 501_011)
    assert found["on_ratio"] == 0.75
    assert found["rate_hz"] == pytest.approx(4 / 0.500011)
    assert found["gaps"] == {"threshold_us": 1_000_000, "count": 0, "longest_us": 0, "at_us": 0, "at_event": 0}
    assert found["steps_back"] == {"count": 1, "longest_us": 10, "at_us": 501_010, "at_event": 2}


def test_info_goes_on_after_a_file_that_fails(raw: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "b.raw"
    damaged.write_bytes(b"% format EVT9\n% end\n")
    result = run("info", damaged, raw, fails=1)
    assert "EVT9" in result.stderr
    assert "640 x 480" in result.stdout


def test_info_of_no_events(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(raw_header("EVT3"))
    found = json.loads(run("info", "--json", path).stdout)
    assert (found["events"], found["rate_hz"], found["on_ratio"]) == (0, 0.0, None)


def test_summaries_do_not_depend_on_blocks(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    want = run("info", "--json", raw).stdout
    whole = FileInput.blocks
    monkeypatch.setattr(FileInput, "blocks", lambda self: whole(self, max_events=1))
    assert run("info", "--json", raw).stdout == want


def test_check_says_that_a_file_is_sound(raw: Path) -> None:
    output = run("check", raw).stdout
    assert f"{raw}: sound" in output
    assert "note: time steps back 1 times, at most 10 µs after event 2" in output


def test_check_fails_on_damage_and_cuts_and_says_where(raw: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.raw"
    cut.write_bytes(raw.read_bytes()[:-1])
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"t,x,y,p\n10,1,2,1\n11,x,2,1\n")
    lines = run("check", raw, cut, bad, fails=1).stdout.splitlines()
    assert any(line.startswith(f"{cut}: fault: byte {len(raw.read_bytes()) - 2}: ") for line in lines)
    assert any(line.startswith(f"{bad}: fault: byte ") and "line 3" in line for line in lines)
    assert lines[-1] == "1 of 3 files are sound"


def test_check_fails_on_events_outside_of_the_sensor(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(encode_csv(SOUND))
    assert (
        "fault: 1 events outside of 600x480, the first is event 2 at x=639, y=479"
        in run("check", "--shape", "600x480", path, fails=1).stdout
    )
    assert "pass --shape" in run("check", path).stdout


def test_check_strict_fails_on_steps_back(raw: Path) -> None:
    assert "fault: time steps back" in run("check", "--strict", raw, fails=1).stdout
    assert run("check", "--quiet", raw).stdout.count("sound") == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(shell: str) -> None:
    assert "_AESTREAM_COMPLETE" in run("completion", shell).stdout


def test_frames_as_a_picture(raw: Path, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    run("frames", raw, picture, "--start", "0ms", "--scale", "2")
    with Image.open(picture) as image:
        assert image.size == (1280, 960)
        assert image.getpixel((2, 4))[0] > image.getpixel((2, 4))[2]  # ON is red
        assert image.getpixel((6, 4))[2] > image.getpixel((6, 4))[0]  # OFF is blue
        assert image.getpixel((100, 100)) == (255, 255, 255)


def test_frames_as_a_moving_picture_and_a_folder(raw: Path, tmp_path: Path) -> None:
    run("frames", raw, tmp_path / "a.gif", "--window", "100ms")
    with Image.open(tmp_path / "a.gif") as image:
        assert image.format == "GIF"
        assert image.size == (640, 480)
    run("frames", raw, tmp_path / "folder", "--window", "100ms", "--start", "0s", "--stop", "@301000")
    assert sorted(os.listdir(tmp_path / "folder")) == ["000000.png", "000001.png", "000002.png"]
    run("frames", raw, f"{tmp_path}/more.of.them/", "--window", "1s")
    assert os.listdir(tmp_path / "more.of.them") == ["000000.png"]


def test_frames_fail_when_nothing_can_be_drawn(raw: Path, tmp_path: Path) -> None:
    assert "must end in .png or .gif" in run("frames", raw, tmp_path / "a.bmp", fails=2).stderr
    empty = tmp_path / "empty.raw"
    empty.write_bytes(raw_header("EVT3"))
    assert "no event" in run("frames", empty, tmp_path / "a.png", fails=1).stderr


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--shape", "640", "expected a width and a height such as 640x480; got '640'"),
        ("--gap", "fast", "expected a duration such as 250us, 10ms or 1.5s; got 'fast'"),
        ("--mirror", "z", "'z' is not one of"),
    ],
)
def test_options_fail_with_an_example(raw: Path, option: str, value: str, message: str) -> None:
    assert message in run("info", raw, option, value, fails=2).stderr


def test_event_dtype_is_what_blocks_give(raw: Path) -> None:
    blocks = list(FileInput(raw).blocks(max_events=3))
    assert [len(block) for block in blocks] == [3, 1]
    assert blocks[0].dtype == EVENT_DTYPE
    assert np.concatenate(blocks).tolist() == FileInput(raw).load().tolist()
    part = list(FileInput(raw).blocks(1010, 501_010))
    assert [block["t"].tolist() for block in part] == [[1010]]
    with pytest.raises(ValueError, match="max_events"):
        next(FileInput(raw).blocks(max_events=0))
