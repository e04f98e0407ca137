"""The recipes run, on the recording that ships, and do what they say."""

from __future__ import annotations

import argparse
import re
import runpy
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence
from support.files import make_events, write_file
from support.speck_publisher import SpeckPublisher

from aestream import FormatError, SpeckInput

RECIPES = Path(__file__).parents[1] / "recipes"


def run(name: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(RECIPES)  # as python does with the folder of a script
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    threads = torch.get_num_threads()
    try:
        runpy.run_path(str(RECIPES / name), run_name="__main__")
    finally:
        torch.set_num_threads(threads)


@pytest.mark.filterwarnings("ignore:.*LeafSpec.*", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:part . has no recording of class")  # of so few digits
def test_demo_draws_a_frame_runs_an_epoch_and_reads_digits_live(tmp_path, monkeypatch, capsys):
    options = ["--digits", "60", "--epochs", "1"]
    run("demo.py", "--frame", str(tmp_path / "frame.png"), *options, monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    for part in ("aedat4, 346x260, 41309 events", "one epoch: 41309 events", "Mev/s"):
        assert part in printed
    picture = Image.open(tmp_path / "frame.png")
    assert picture.size == (2 * 346, 2 * 260)
    assert len(picture.getcolors()) > 2  # white, and events of both polarities
    assert "12 of 12 are the same to 1e-5" in printed
    assert len(re.findall(r"^    \d  .*%.*%$", printed, re.MULTILINE)) == 12
    assert pictures(tmp_path / "digits.gif")[0].shape == (6 * 34, 6 * 34, 3)


def test_training_reduces_the_error(monkeypatch, capsys):
    run("train.py", "--epochs", "2", monkeypatch=monkeypatch)
    first, second = (float(error) for error in re.findall(r"error (\d+\.\d+)", capsys.readouterr().out))
    assert second < first


def test_the_detector_learns_in_lanes(tmp_path, monkeypatch, capsys):
    options = ["--recordings", "10", "--lanes", "4", "--epochs", "6"]
    run("detect.py", str(tmp_path / "shapes"), *options, monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    assert "200 labelled windows in 10 recordings" in printed
    losses = [float(loss) for loss in re.findall(r"loss (\d+\.\d+)", printed)]
    assert len(losses) == 6 and losses[-1] < 0.8 * losses[0]


def test_a_shape_makes_events_at_its_edges_and_boxes_around_it(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(RECIPES)
    import detect

    detect.simulate(tmp_path, 2, seconds=0.5, seed=3)
    dataset = detect.DetectionDataset(
        tmp_path, detect.SHAPE, classes=detect.CLASSES, length_us=10_000, boxes="array", representation=None
    )
    assert len(dataset) == 20
    near = total = 0
    for events, boxes in (dataset[i] for i in range(len(dataset))):
        (box,) = boxes
        x, y = events.x.numpy(), events.y.numpy()
        near += ((x > box["x"] - 3) & (x < box["x"] + box["w"] + 3) & (y > box["y"] - 3)).sum()
        total += len(events)
    assert total > 100 and near > 0.9 * total


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_resumed_training_has_the_same_losses(workers, monkeypatch, capsys):
    run("resume.py", "--kill-after", "4", "--workers", workers, monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    assert "resumed here" in printed and printed.endswith("the losses are equal to the bit\n")


def test_shards_of_the_demo_are_made_on_a_cluster(tmp_path):
    """In a process of its own, for dask's threads and warnings."""
    command = [sys.executable, str(RECIPES / "preprocess.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=tmp_path, check=True)
    assert re.search(r"^120 items, .* 0 kept\nan epoch of 120 items: \d+ items/s$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("recipe", sorted(RECIPES.glob("[!_]*.py")), ids=lambda path: path.name)
def test_help_says_how_to_run(recipe, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        run(recipe.name, "--help", monkeypatch=monkeypatch)
    assert f"python recipes/{recipe.name}" in capsys.readouterr().out


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pictures(path: Path) -> list[np.ndarray]:
    """The frames of a GIF, [height, width, 3]; equal neighbours are one."""
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


def test_file_read_prints_the_first_events(monkeypatch, capsys, tmp_path):
    run("file_read.py", str(write_file(tmp_path, "dat", make_events(20))), monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    t, x, y, p = make_events(20)[0].tolist()
    assert f"t={t} µs  x={x}  y={y}  {'ON' if p else 'OFF'}" in printed
    assert "20 events, the first ones:" in printed and "t torch.int64" in printed


VIDEOS = {
    "file_stream.py": [],
    "usb_video.py": ["--file"],
    "usb_edgedetection.py": ["--file"],
    "speck_video.py": ["--file"],
}


@pytest.mark.parametrize(("name", "options"), VIDEOS.items(), ids=VIDEOS)
def test_videos_of_a_file_are_saved(name, options, tmp_path, monkeypatch, capsys):
    path = tmp_path / "video.gif"
    run(name, *options, "--save", str(path), "--frames", "6", "--scale", "2", monkeypatch=monkeypatch)
    assert "wrote 6 frames" in capsys.readouterr().out
    frames = pictures(path)
    assert 2 <= len(frames) <= 6
    assert {frame.shape for frame in frames} == {(2 * 260, 2 * 346, 3)}
    assert any(frame.any() for frame in frames)


def test_stream_of_a_file_ends_with_it(tmp_path, monkeypatch, capsys):
    path = tmp_path / "video.gif"
    run("file_stream.py", "--fast", "--save", str(path), "--fps", "100", monkeypatch=monkeypatch)
    assert "received=41309, delivered=41309, pending=0" in capsys.readouterr().out


def test_udp_client_counts_what_it_sends_to_itself(monkeypatch, capsys):
    options = ["--frames", "3", "--interval", "0.2", "--port", str(free_port()), "--file"]
    run("udp_client.py", *options, monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    counts = [int(count) for count in re.findall(r"^(\d+) events,", printed, re.MULTILINE)]
    assert len(counts) == 3 and max(counts) > 0
    assert sum(counts) <= int(re.search(r"received=(\d+)", printed)[1])


@pytest.mark.parametrize("protocol", ["spif", "t64_x16_y16_on8"])
def test_udp_video_records_what_it_sends_to_itself(protocol, tmp_path, monkeypatch):
    path = tmp_path / "udp.gif"
    options = ["--port", str(free_port()), "--shape", "346x260", "--protocol", protocol, "--file"]
    run("udp_video.py", *options, "--frames", "15", "--save", str(path), monkeypatch=monkeypatch)
    frames = pictures(path)
    assert frames[-1].shape == (260, 346, 3)
    assert any(frame.any() for frame in frames)


@pytest.mark.parametrize("name", ["udp_video.py", "udp_client.py"])
@pytest.mark.parametrize(
    ("data", "error"), [(None, FileNotFoundError), (b"Notes.\n", FormatError), (b"t,x,y,p\n", ValueError)]
)
def test_a_recording_that_cannot_be_sent_ends_the_recipe(name, data, error, tmp_path, monkeypatch):
    path = tmp_path / "recording.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(error, match=re.escape("recording.csv")):
        run(name, "--port", str(free_port()), "--file", str(path), monkeypatch=monkeypatch)


def test_speck_video_shows_what_a_publisher_sends(tmp_path, monkeypatch):
    path, events = tmp_path / "speck.gif", make_events(2000)
    with SpeckPublisher() as publisher:

        class Received(SpeckInput):
            """Opened once everything was received, so that two frames are enough."""

            def __enter__(self) -> SpeckInput:
                super().__enter__()
                publisher.wait_for_receiver()
                packets = publisher.send_events(events)
                while self.stats.packets < packets:
                    time.sleep(0.001)
                return self

        monkeypatch.setattr("aestream.SpeckInput", Received)
        options = ["--address", publisher.address, "--frames", "2", "--save", str(path)]
        run("speck_video.py", *options, monkeypatch=monkeypatch)
    lit = pictures(path)[0].any(axis=2)
    assert lit[events["y"], events["x"]].all()
    assert lit.sum() == len(np.unique(events[["x", "y"]]))


def test_without_a_file_usb_recipes_look_for_a_camera(monkeypatch):
    opened = []
    monkeypatch.setattr("aestream.USBInput", lambda *args, **options: opened.append((args, options)), raising=False)
    monkeypatch.syspath_prepend(RECIPES)
    from _sources import add_camera_options, open_camera

    parser = argparse.ArgumentParser()
    add_camera_options(parser)
    open_camera(parser.parse_args(["--shape", "1280x720", "--serial", "7"]))
    assert opened == [(((1280, 720),), {"camera": None, "serial": "7"})]


def test_window_shows_the_picture_until_it_is_closed(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.syspath_prepend(RECIPES)
    import pygame
    from _video import Window

    picture = np.random.default_rng(1).integers(0, 256, (30, 20, 3), np.uint8)
    window = Window((30, 20), 3, "test")
    try:
        assert window.show(picture)
        shown = pygame.surfarray.array3d(pygame.display.get_surface())
        np.testing.assert_array_equal(shown, picture.repeat(3, axis=0).repeat(3, axis=1))
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        assert not window.show(picture)
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE))
        assert not window.show(picture)
    finally:
        window.close()


def test_video_runs_in_a_window(monkeypatch, capsys):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    run("usb_video.py", "--file", "--frames", "3", "--fps", "100", monkeypatch=monkeypatch)
    assert "StreamStats(received=" in capsys.readouterr().out


def test_edges_are_told_by_their_direction(monkeypatch):
    monkeypatch.syspath_prepend(RECIPES)
    detect = runpy.run_path(str(RECIPES / "usb_edgedetection.py"))["EdgeDetector"]()
    frame = torch.zeros(40, 60)
    frame[5:35, 20] = 1  # upright
    frame[20, 35:55] = 1  # level
    upright, level = detect(frame)
    assert upright[8:16, 20].all() and not level[8:16, 20].any()
    assert level[20, 40:50].all() and not upright[20, 40:50].any()
    assert not detect(torch.zeros(40, 60))[:, 20, 40:50].any()  # neurons that fired start anew
