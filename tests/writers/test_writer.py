"""Writer: a file that appears when it is complete or not at all, options with a meaning, memory that is bounded."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.checks import assert_same_events, run_python
from support.files import HEIGHT, WIDTH, make_events
from support.strategies import split_points

import aestream
from aestream import Events, Writer, save
from aestream.formats import open_file

SHAPE = (WIDTH, HEIGHT)
WRITERS = ("a.aedat4", "a.raw")  # one of Python, one of the core
FILES = ("a.aedat4", "a.raw", "a.dat", "a.es", "a.csv", "a.txt")
EVENTS = make_events(1000)


def load(path: Path) -> np.ndarray:
    return open_file(path).recording.load(1)[0]


@pytest.mark.parametrize("name", FILES)
def test_the_file_appears_when_the_writer_is_closed(tmp_path, name):
    path = tmp_path / name
    with Writer(path, SHAPE) as writer:
        writer.write(EVENTS[:400])
        assert writer.num_events == 400
        writer.write(EVENTS[400:])
        writer.write(EVENTS[:0])
        assert [each.suffix for each in tmp_path.iterdir()] == [".tmp"]
    assert list(tmp_path.iterdir()) == [path]
    assert writer.num_events == 1000
    save(tmp_path / f"at_once.{name}", EVENTS, SHAPE)
    assert path.read_bytes() == (tmp_path / f"at_once.{name}").read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_an_exception_leaves_what_was_there(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), Writer(path, SHAPE) as writer:
        writer.write(EVENTS)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize("name", FILES)
def test_a_closed_file_replaces_what_was_there(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"before")
    writer = Writer(path, SHAPE)
    writer.write(EVENTS)
    writer.close()
    writer.close()
    assert b"before" not in path.read_bytes()
    with pytest.raises(ValueError, match=r"write\(\) after close\(\)"):
        writer.write(EVENTS)


@pytest.mark.parametrize("name", WRITERS)
def test_a_killed_process_leaves_no_file_of_that_name(tmp_path, name):
    script = f"""
        import os, signal
        import numpy as np
        from aestream import EVENT_DTYPE, Writer
        writer = Writer({str(tmp_path / name)!r}, (10, 10))
        events = np.zeros(100_000, EVENT_DTYPE)
        writer.write(events)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = run_python(script)
    assert killed.returncode == -signal.SIGKILL
    assert [each.suffix for each in tmp_path.iterdir()] == [".tmp"]


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_what_was_there(tmp_path, name):
    (tmp_path / name).write_bytes(b"before")
    script = f"""
        import resource
        import numpy as np
        from aestream import EVENT_DTYPE, Writer
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        events = np.zeros(1_000_000, EVENT_DTYPE)
        events["t"] = np.arange(len(events)) * 64
        events["x"] = np.random.default_rng(0).integers(0, 100, len(events))
        writer = Writer({str(tmp_path / name)!r}, (100, 100))
        for _ in range(2):
            try:
                writer.write(events)
            except (OSError, ValueError) as error:
                print(type(error).__name__)
    """
    done = run_python(script)
    assert done.stdout.split() == ["OSError", "ValueError"], done.stderr  # the writer is closed after the first
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"before"]


@pytest.mark.parametrize("name", FILES)
def test_refused_events_are_not_written_but_later_ones_are(tmp_path, name):
    path = tmp_path / name
    outside = EVENTS[500:].copy()
    outside["x"][499] = WIDTH
    with Writer(path, SHAPE) as writer:
        writer.write(EVENTS[:500])
        with pytest.raises(ValueError, match=f"event 999: x must be from 0 to {WIDTH - 1}; got {WIDTH}"):
            writer.write(outside)
        assert writer.num_events == 500
        writer.write(EVENTS[500:])
    assert_same_events(load(path), EVENTS)


def test_a_time_before_the_last_one_written_is_refused(tmp_path):
    with Writer(tmp_path / "a.es", SHAPE) as writer:
        writer.write(EVENTS[500:])
        with pytest.raises(
            ValueError, match=f"event 500: t must not step back in es files; got .* after {EVENTS['t'][-1]}"
        ):
            writer.write(EVENTS[:500])


@pytest.mark.parametrize("compression", ["none", "lz4", "zstd"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(cuts=split_points(20_000), packet_us=st.sampled_from((2000, 10_000, 10**9)))
def test_aedat4_packets_are_the_same_for_any_pieces(tmp_path, compression, cuts, packet_us):
    events = make_events(20_000, step_back_us=500)
    options = {"compression": compression, "packet_us": packet_us}
    save(tmp_path / "whole.aedat4", events, SHAPE, **options)
    with Writer(tmp_path / "pieces.aedat4", SHAPE, **options) as writer:
        for piece in np.split(events, cuts):
            writer.write(piece)
    assert (tmp_path / "pieces.aedat4").read_bytes() == (tmp_path / "whole.aedat4").read_bytes()
    assert_same_events(load(tmp_path / "pieces.aedat4"), events)


def test_what_was_written_may_be_changed_afterwards(tmp_path):
    for name in FILES[:3]:
        with Writer(tmp_path / name, SHAPE) as writer:
            piece = np.empty(10, EVENTS.dtype)
            for start in range(0, 1000, 10):
                piece[:] = EVENTS[start : start + 10]
                writer.write(piece)
        assert_same_events(load(tmp_path / name), EVENTS)


def as_columns(events: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(events[name] for name in "txyp")


SAME_EVENTS: dict[str, Any] = {
    "records": EVENTS,
    "columns": as_columns(EVENTS),
    "tensors": Events.from_numpy(EVENTS.copy()),
    "other tensors": Events(*(torch.from_numpy(column.copy()) for column in as_columns(EVENTS))),
    "every second": np.repeat(EVENTS, 2)[::2],
    "fields of other sizes": EVENTS.astype([("t", ">u8"), ("x", "<u2"), ("y", "<i4"), ("p", "i1")]),
    "unaligned": np.frombuffer(b"-" + EVENTS.tobytes(), np.uint8)[1:].view(EVENTS.dtype),
}


@pytest.mark.parametrize("kind", SAME_EVENTS)
def test_events_may_come_in_any_shape(tmp_path, kind):
    save(tmp_path / "a.dat", SAME_EVENTS[kind], SHAPE)
    assert_same_events(load(tmp_path / "a.dat"), EVENTS)


@pytest.mark.parametrize(
    ("name", "format", "read_as"),
    [
        ("a.raw", None, "evt3"),
        ("a.RAW", None, "evt3"),
        ("a.raw", "evt2", "evt2"),
        ("a.raw", "evt21", "evt21"),
        ("a", "dat", "dat"),
        ("a.events", "aedat4", "aedat4"),
        ("a.txt", None, "csv"),
    ],
)
def test_the_format_is_the_one_given_or_that_of_the_ending(tmp_path, name, format, read_as):
    save(tmp_path / name, EVENTS, SHAPE, format=format)
    opened = open_file(tmp_path / name)
    assert opened.format == read_as
    assert opened.shape == SHAPE


BAD_ARGUMENTS = [
    ("a.xyz", {}, r"path must end in one of \.aedat4, \.raw, \.dat, \.es, .*\.csv, \.txt.*; got '.*a\.xyz'"),
    ("a", {}, "path must end in one of"),
    ("a.raw", {"format": "evt4"}, "format must be one of aedat4, evt3, evt21, evt2, dat, es, .*csv, txt.*; got 'evt4'"),
    ("a.raw", {"format": "dat"}, r"a file of format 'dat' ends in \.dat; got '.*a\.raw'"),
    ("a.aedat4", {"format": "evt3"}, r"a file of format 'evt3' ends in \.raw; got"),
    ("a.raw", {"compression": "lz4"}, "compression='lz4' is for aedat4.* files; the format is evt3"),
    ("a.dat", {"source": "camera"}, "source='camera' is for aedat4.* files; the format is dat"),
    ("a.es", {"packet_us": 5}, "packet_us=5 is for aedat4.* files; the format is es"),
    ("a.aedat4", {"compression": "gzip"}, "compression must be one of none, lz4, zstd; got 'gzip'"),
    ("a.raw", {"shape": (0, 5)}, r"shape must be \(width, height\), each from 1 to 32767, got \(0, 5\)"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), BAD_ARGUMENTS)
def test_writer_fails_and_leaves_nothing(tmp_path, name, arguments, message):
    with pytest.raises(ValueError, match=message):
        Writer(tmp_path / name, **({"shape": SHAPE} | arguments))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", WRITERS)
def test_writer_fails_where_there_is_no_folder(tmp_path, name):
    with pytest.raises(FileNotFoundError):
        Writer(tmp_path / "none" / name, SHAPE)


@pytest.mark.skipif("AESTREAM_SANITIZED" in os.environ, reason="a sanitizer keeps what is freed")
@pytest.mark.parametrize("name", WRITERS)
def test_memory_does_not_grow_with_the_file(tmp_path, name):
    compression = "compression='lz4'" if name == "a.aedat4" else ""
    script = f"""
        import resource
        import numpy as np
        from aestream import EVENT_DTYPE, Writer
        events = np.zeros(250_000, EVENT_DTYPE)
        events["x"], events["y"] = np.arange(len(events)) * 7919 % 640, np.arange(len(events)) * 104729 % 480
        with Writer({str(tmp_path / name)!r}, (640, 480), {compression}) as writer:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for i in range(80):
                events["t"] = i * 500_000 + np.arange(len(events)) * 2
                writer.write(events)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, writer.num_events)
    """
    grown, count = run_python(script).stdout.split()
    assert int(count) == 20_000_000
    assert int(grown) < 100  # MiB


def test_writer_is_public():
    assert {"Writer", "save"} <= set(aestream.__all__)
