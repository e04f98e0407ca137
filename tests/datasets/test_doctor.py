"""The doctor finds what was put wrong on purpose, says it in words and in JSON, and finds nothing in a sound folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.files import HEIGHT, WIDTH, make_events

from aestream import save
from aestream.cli.app import app
from aestream.datasets import examine

BOX = [("t", "i8"), ("x", "f4"), ("y", "f4"), ("w", "f4"), ("h", "f4"), ("class_id", "u1"), ("track_id", "u4")]


def write(path: Path, events: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, events, (WIDTH, HEIGHT))
    return path


@pytest.fixture
def root(tmp_path):
    """Two recordings to train on, one to test on."""
    for number, name in enumerate(("train/a.raw", "train/b.dat", "test/c.aedat4")):
        write(tmp_path / name, make_events(3000, seed=number))
    return tmp_path


def report_of(root, name, **options):
    (found,) = (each for each in examine(root, **options).recordings if each.name == name)
    return found


def test_a_sound_folder_has_no_problems(root):
    (root / "train" / "notes.txt").write_text("no recording")
    report = examine(root)
    assert report.problems() == []
    assert [each.name for each in report.recordings] == ["test/c.aedat4", "train/a.raw", "train/b.dat"]
    events, first = make_events(3000, seed=0), report.recordings[1]
    assert (first.events, first.on_events) == (3000, int(events["p"].sum()))
    assert (first.t_start_us, first.t_stop_us) == (events["t"][0], events["t"].max() + 1)


def test_rates_are_those_of_tenths_of_the_time(tmp_path):
    events = make_events(1000)
    events["t"] = np.concatenate([np.arange(900), 900 + np.linspace(0, 8_099, 100).astype(int)])
    write(tmp_path / "a.raw", events)
    (report,) = examine(tmp_path).recordings
    span, edges = 9_000, np.arange(11) * 900
    expected = np.histogram(events["t"], edges)[0] / (span / 10 / 1e6)
    assert len(report.rates_hz) == 10 and np.allclose(report.rates_hz, expected)
    assert sum(report.rates_hz) * 900e-6 == pytest.approx(1000)


def test_the_same_events_in_two_splits_are_found_in_any_format(root):
    write(root / "test" / "copy.npz", make_events(3000, seed=0))
    write(root / "train" / "twice.aedat4", make_events(3000, seed=1))
    report = examine(root, shape=(WIDTH, HEIGHT))
    assert report.leaks == [["test/copy.npz", "train/a.raw"]]
    assert report.duplicates == [*report.leaks, ["train/b.dat", "train/twice.aedat4"]]
    assert report.problems() == [
        "the same events in several splits: test/copy.npz, train/a.raw",
        "the same events: train/b.dat, train/twice.aedat4",
    ]


def hot(events):
    events["x"][::2], events["y"][::2] = 5, 7


def silent(events):
    events["t"][1500:] += 2_000_000


def all_on(events):
    events["p"] = True


def back(events):
    events["t"][100] -= 50


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (hot, "1 hot pixels, the first at x=5, y=7 with 150"),
        (silent, "1 gaps, the longest silence is 200"),
        (all_on, "all events are ON: was the polarity read right?"),
        (back, "time steps back 1 times"),
    ],
)
def test_what_is_wrong_with_a_recording_is_said(root, harm, problem):
    events = make_events(3000, seed=9)
    events["t"] = 1_000_000 + np.arange(3000) * 20
    harm(events)
    write(root / "train" / "d.raw", events)
    (line,) = examine(root).problems()
    assert line.startswith(f"train/d.raw: {problem}")


def test_events_outside_none_at_all_and_files_that_are_none_are_said(root):
    write(root / "train" / "empty.raw", make_events(0))
    (root / "train" / "other.raw").write_bytes(b"\x89PNG\r\n\x1a\n")
    whole = (root / "train" / "b.dat").read_bytes()
    (root / "train" / "b.dat").write_bytes(whole[:-3])
    lines = examine(root, shape=(WIDTH - 4, HEIGHT), hot_factor=1e9).problems()
    assert any(line.startswith("train/b.dat: ") and "truncated" in line.lower() for line in lines), lines
    assert any(line.startswith("train/a.raw: shape 60x48 disagrees with the header") for line in lines)
    outside = int((make_events(3000, seed=0)["x"] >= WIDTH - 4).sum())
    assert f"train/a.raw: {outside} events outside of ({WIDTH - 4}, {HEIGHT}): they are in no tensor" in lines
    assert "train/empty.raw: no event: its items are zeros" in lines
    assert any(line.startswith("train/other.raw: cannot be read: ") for line in lines)


def boxes_of(*rows):
    return np.array(list(rows), BOX)


def test_doubtful_boxes_are_counted(tmp_path):
    events = make_events(3000)
    events["t"] = 1_000_000 + np.arange(3000) * 100
    events["x"] %= 32  # nothing in the right half
    write(tmp_path / "a_td.dat", events)
    times = 1_060_000 + np.arange(12) * 10_000
    rows = [(t, 3, 3, 20, 20, 0, 1) for t in times]  # frozen
    rows += [(t, 2 + i, 3, 20, 20, 0, 2) for i, t in enumerate(times)]  # moves
    rows += [(1_100_000, 40, 5, 10, 10, 1, 3)]  # nothing there
    rows += [(1_200_000, -5, 5, 20, 20, 1, 4), (1_000_000, 1, 1, 30, 30, 1, 5)]  # beyond, too early
    np.save(tmp_path / "a_bbox.npy", boxes_of(*rows))
    boxes = report_of(tmp_path, "a_td.dat").boxes
    assert (boxes.boxes, boxes.times, boxes.frozen) == (27, 14, 12)
    assert (boxes.beyond_sensor, boxes.before_first_event, boxes.without_events) == (1, 1, 2)
    assert "a_td.dat: 2 of 27 boxes have no event in the 50 ms before them" in examine(tmp_path).problems()


def test_a_table_that_is_none_is_said(tmp_path):
    write(tmp_path / "a_td.dat", make_events())
    np.save(tmp_path / "a_bbox.npy", np.zeros(3))
    (line,) = examine(tmp_path).problems()
    assert "labels cannot be read: expected fields t, x, y, w, h, class_id" in line


def run(*arguments, fails):
    result = CliRunner().invoke(app, ["doctor", *map(str, arguments)])
    assert result.exit_code == fails, result.output
    return result.output


def test_the_command_says_it_in_text_and_json(root):
    assert "3 recordings, 0 problems" in run(root, fails=0)
    write(root / "test" / "copy.raw", make_events(3000, seed=0))
    text = run(root, fails=1)
    assert "the same events in several splits: test/copy.raw, train/a.raw" in text and "█" in text
    found = json.loads(run(root, "--json", fails=1))
    assert found["problems"] == ["the same events in several splits: test/copy.raw, train/a.raw"]
    assert {each["name"]: each["events"] for each in found["recordings"]}["train/a.raw"] == 3000


def test_a_folder_without_recordings_fails(tmp_path):
    assert "expected recordings in" in run(tmp_path, fails=1)
    with pytest.raises(ValueError, match="gap_us must be 1 or more"):
        examine(tmp_path, gap_us=0)
