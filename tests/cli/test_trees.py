"""Folders and trees of folders on the command line: what counts in them, and that convert keeps them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.checks import assert_same_events
from support.files import HEIGHT, WIDTH, make_events, write_file

import aestream
from aestream.cli.app import app
from aestream.cli.sources import expand


def run(*arguments: object, fails: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == fails, result.output
    return result


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Equal names in two folders, a recording deeper down, and what is none."""
    root = tmp_path / "data"
    for folder in ("day1", "day2", "day2/night", ".hidden"):
        (root / folder).mkdir(parents=True)
    for number, name in enumerate(("day1/a.dat", "day2/a.dat", "day2/night/b.aedat4", ".hidden/c.dat", "day1/.d.dat")):
        format = "aedat4" if name.endswith("4") else "dat"
        write_file(tmp_path, format, make_events(10 + number)).rename(root / name)
    (root / "README.md").write_text("t x y p are the columns\n")
    (root / "day1" / "log.json").write_text('{"camera": 1}')
    (root / "day1" / "half.raw.1234abcd.tmp").write_bytes(b"% evt 3.0\n")
    return root


def tree_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_is_its_recordings(tree: Path) -> None:
    names = ["day1/a.dat", "day2/a.dat", "day2/night/b.aedat4"]
    assert [str(each.within) for each in expand([tree])] == names
    assert [str(each.path.relative_to(tree)) for each in expand([tree])] == names
    both = expand([tree / "day1", tree / "day2"])
    assert [str(each.within) for each in both] == names


def test_text_and_arrays_count_by_their_names_and_damage_by_its_header(tmp_path: Path) -> None:
    for name in ("a.csv", "b.npz", "c.csv.gz", "labels.txt", "d.cfg", "e.raw"):
        (tmp_path / name).write_bytes(b"1 2 3 1\n" if name[0] != "e" else b"% evt 9\n% end\n")
    found = [each.path.name for each in expand([tmp_path])]
    assert [name for name in found if name != "labels.txt"] == ["a.csv", "b.npz", "c.csv.gz", "e.raw"]


def test_a_folder_without_recordings_fails(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing")
    for command in ("info", "check"):
        assert "expected recordings in the folder, found none" in run(command, tmp_path, fails=2).stderr


def test_info_and_check_look_into_trees(tree: Path) -> None:
    assert run("info", "--json", tree).stdout.count('{"path": ') == 3
    assert run("check", tree).stdout.splitlines()[-1] == "3 of 3 files are sound"
    (tree / "day2" / "a.dat").write_bytes((tree / "day2" / "a.dat").read_bytes()[:-1])
    assert run("check", tree, fails=1).stdout.splitlines()[-1] == "2 of 3 files are sound"


def test_convert_keeps_the_tree(tree: Path, tmp_path: Path) -> None:
    run("convert", tree, tmp_path / "out", "--to", "evt3")
    assert tree_of(tmp_path / "out") == ["day1/a.raw", "day2/a.raw", "day2/night/b.raw"]
    assert_same_events(aestream.FileInput(tmp_path / "out/day2/a.raw").load(), make_events(11))


def test_convert_into_the_tree_does_not_convert_its_own_output(tree: Path) -> None:
    run("convert", tree, tree / "out", "--to", "es")
    assert run("convert", tree, tree / "out", "--to", "es").stderr.count("there already") == 3
    assert tree_of(tree / "out") == ["day1/a.es", "day2/a.es", "day2/night/b.es"]


def test_files_of_equal_names_in_two_folders_are_no_conflict(tree: Path, tmp_path: Path) -> None:
    run("convert", tree / "day1/a.dat", tree / "day2/a.dat", tmp_path / "out", "--to", "evt2")
    assert tree_of(tmp_path / "out") == ["day1/a.raw", "day2/a.raw"]
    write_file(tmp_path, "aedat4", make_events(5)).rename(tree / "day1" / "a.aedat4")
    assert "would both become" in run("convert", tree, tmp_path / "more", "--to", "evt2", fails=2).stderr
    assert not (tmp_path / "more").exists()


def test_a_folder_needs_a_format(tree: Path, tmp_path: Path) -> None:
    assert "--to is needed" in run("convert", tree, tmp_path / "out", fails=2).stderr


def test_region_and_time_unit_are_options_of_every_command_that_can_use_them(tree: Path) -> None:
    for name, command in app.commands.items():
        options = {option for param in command.params for option in param.opts}
        if name in ("info", "convert", "frames", "send"):
            assert "--roi" in options
        if name in ("info", "check", "convert", "frames", "send"):
            assert "--time-unit" in options
    events = make_events(10)
    inside = (events["x"] < 30) & (events["y"] >= 5) & (events["y"] < 35)
    found = run("info", "--json", "--roi", "0,5,30,30", tree / "day1/a.dat").stdout
    assert f'"events": {inside.sum()}, "t_start_us": {events["t"][inside][0]}' in found
    assert '"shape": [30, 30]' in found
    assert f'"t_stop_us": {events["t"][inside][-1] + 1}' in found


def test_a_region_outside_of_the_sensor_fails(tree: Path, tmp_path: Path) -> None:
    file, region = tree / "day1/a.dat", f"{WIDTH},0,10,10"
    for command in (("info", file), ("convert", file, tmp_path / "a.raw"), ("frames", file, tmp_path / "a.png")):
        message = run(*command, "--roi", region, fails=1).stderr
        assert f"roi lies outside of the sensor of {str(file)!r}, {WIDTH}x{HEIGHT}" in message
    sent = run("send", file, "udp", "127.0.0.1", 9, "--roi", region, fails=1).stderr
    assert "roi lies outside of the sensor" in sent
    assert not os.path.exists(tmp_path / "a.raw")


def test_frames_of_a_region_are_of_its_size(tree: Path, tmp_path: Path) -> None:
    from PIL import Image

    run("frames", tree / "day1/a.dat", tmp_path / "new" / "a.png", "--roi", "10,5,20,15")
    with Image.open(tmp_path / "new" / "a.png") as image:
        assert image.size == (20, 15)
