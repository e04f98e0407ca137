"""AEStream's grammar: several outputs at once, live sources, and its options."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from reference import spif
from reference.speck import record
from support.checks import assert_same_events
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.speck_publisher import SpeckPublisher

import aestream
import aestream.cli.route as route
from aestream.cli.app import app

EVENTS = make_events(1000)


def run(*arguments: object, fails: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == fails, result.output
    return result


@pytest.fixture
def dat(tmp_path: Path) -> Path:
    return write_file(tmp_path, "dat", EVENTS)


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.settimeout(30)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        listening.bind(("127.0.0.1", 0))
        yield listening


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "aestream", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/")


def send(process: subprocess.Popen[str], *datagrams: bytes) -> None:
    """Send to the port that the program says."""
    said = process.stderr.readline()
    assert said.startswith("listening at port "), said + process.stderr.read()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, ("127.0.0.1", int(said.split()[-1])))


def lines(events: np.ndarray) -> list[str]:
    return [f"{t},{x},{y},{int(p)}" for t, x, y, p in events.tolist()]


@pytest.mark.parametrize("more", [[], ["output", "stdout"]])
def test_a_file_is_not_written_onto_itself(dat, more):
    before = dat.read_bytes()
    failed = run("input", "file", dat, "--ignore-time", "output", "file", dat, *more, fails=1)
    assert "target must not be the source" in failed.output
    assert dat.read_bytes() == before


def test_several_outputs_get_the_same_events(dat: Path, tmp_path: Path, receiver: socket.socket) -> None:
    port = receiver.getsockname()[1]
    targets = ["output", "file", tmp_path / "a.aedat4", "output", "stdout", "output", "file", tmp_path / "b.raw"]
    done = run("input", "file", dat, "--ignore-time", *targets, "output", "udp", "127.0.0.1", port)
    assert done.stdout.split() == lines(EVENTS)
    assert_same_events(aestream.FileInput(tmp_path / "a.aedat4").load(), EVENTS)
    assert_same_events(aestream.FileInput(tmp_path / "b.raw").load(), EVENTS)
    datagrams = b"".join(receiver.recv(2048) for _ in range(8))
    assert datagrams == spif.encode(EVENTS)
    assert "b.raw: 1,000 events" in done.stderr


def test_an_output_that_fails_leaves_no_file_of_another(dat: Path, tmp_path: Path) -> None:
    targets = ["output", "file", tmp_path / "a.aedat4", "output", "file", tmp_path / "missing" / "b.raw"]
    assert "b.raw" in run("input", "file", dat, *targets, fails=1).stderr
    assert os.listdir(tmp_path) == [dat.name]


def test_datagrams_hold_times_and_words_as_asked(dat: Path, receiver: socket.socket) -> None:
    output = ("output", "udp", "127.0.0.1", receiver.getsockname()[1])
    run("input", "file", dat, "--ignore-time", *output, "--buffer-size", "1024")
    assert receiver.recv(8192) == spif.encode(EVENTS)
    run("input", "file", dat, "--ignore-time", *output, "--packet-size", "500", "--include-timestamp")
    for part in (EVENTS[:500], EVENTS[500:]):
        assert receiver.recv(8192) == spif.encode(part, timestamps=True)


@pytest.mark.parametrize(("words", "given"), [(["--time-unit", "ms"], "ms"), (["--time-unit=s"], "s"), ([], None)])
def test_the_time_unit_is_file_input_s(dat: Path, monkeypatch: pytest.MonkeyPatch, words, given) -> None:
    asked = []

    def opened(path, shape, *, time_unit=None, **options):
        asked.append(time_unit)
        return aestream.FileInput(path, shape, **options)

    monkeypatch.setattr(route, "FileInput", opened)
    assert len(run("input", "file", dat, "--ignore-time", *words).stdout.split()) == 1000
    assert asked == [given]


@pytest.mark.parametrize("format", ["dat", "evt3", "aedat4", "es", "csv", "npy", "hdf5"])
def test_microseconds_are_taken_of_any_file(tmp_path: Path, format: str) -> None:
    path = write_file(tmp_path, format, EVENTS)
    words = ["input", "file", path, "--ignore-time", "--time-unit", "us"]
    assert run("resolution", WIDTH, HEIGHT, *words).stdout.split() == lines(EVENTS)


def test_another_unit_is_refused_where_the_format_has_its_own(dat: Path) -> None:
    assert "time_unit" in run("input", "file", dat, "--time-unit", "s", fails=1).output


def test_udp_goes_into_a_file_and_to_the_standard_output(tmp_path: Path) -> None:
    target = tmp_path / "live.aedat4"
    words = ["input", "udp", "0", "--timeout", "1.5", "output", "file", target, "output", "stdout"]
    with start("resolution", WIDTH, HEIGHT, *words) as process:
        send(process, *(spif.encode(EVENTS[i : i + 100], timestamps=True) for i in range(0, 1000, 100)))
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert stdout.split() == lines(EVENTS)
    assert_same_events(aestream.FileInput(target).load(), EVENTS)


def test_ctrl_c_completes_the_file(tmp_path: Path) -> None:
    target = tmp_path / "live.dat"
    words = ["input", "udp", "0", "output", "file", target, "output", "stdout"]
    with start("resolution", WIDTH, HEIGHT, *words) as process:
        # the second event closes the first one's window
        send(process, spif.encode(EVENTS[:1], timestamps=True) + spif.word(1, 1, 1, int(EVENTS["t"][0]) + 50_000))
        assert process.stdout.readline().strip() == lines(EVENTS[:1])[0]
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert_same_events(aestream.FileInput(target).load()[:1], EVENTS[:1])


def test_a_file_from_udp_needs_a_size() -> None:
    assert (
        "aestream resolution WIDTH HEIGHT input udp"
        in run("input", "udp", "0", "output", "file", "a.raw", fails=1).stderr
    )


@pytest.mark.parametrize("words", [["zmq"], ["zmq", "sock"], ["speck"]])
def test_a_speck_s_events_come_over_zmq(words: list[str]) -> None:
    with SpeckPublisher() as publisher:

        def publish() -> None:
            publisher.wait_for_receiver()
            publisher.send(b"V", record(5, 7, 1, 1000) + record(6, 8, 0, 2000))

        thread = threading.Thread(target=publish)
        thread.start()
        found = run("input", *words, publisher.address, "--timeout", "2", "output", "stdout").stdout
        thread.join()
    assert found.split() == ["1000,5,7,1", "2000,6,8,0"]


@pytest.mark.parametrize("maker", ["inivation", "prophesee"])
def test_a_camera_that_is_not_there_fails(maker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aestream.streams.drivers.find.DRIVERS", ())
    assert "no driver is usable" in run("input", maker, fails=1).stderr
