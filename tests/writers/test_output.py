"""Where a writer's file goes: full disks, links, pipes, devices, modes, long names, killed runs, signals, forks."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.checks import assert_same_events, run_python
from support.files import make_events

from aestream import Writer, save
from aestream.formats import open_file

SHAPE = (640, 480)
EVENTS = make_events(1000)
EVENTS["t"].sort()
STREAMS = ("a.raw", "a.dat", "a.es", "a.csv", "a.txt")
SEEKING = ("a.aedat4", "a.npz", "a.h5", "a.hdf5")
FILES = (*STREAMS, *SEEKING)

# Prints what every writer says, and whether the process can write another file afterwards, which is read by the test.
WRITES = """
    import os, resource, sys
    import numpy as np
    from aestream import EVENT_DTYPE, Writer, save
    folder, elsewhere, *limits = sys.argv[1:]
    unlimited = resource.RLIM_INFINITY
    rng = np.random.default_rng(0)
    events = np.zeros(300_000, EVENT_DTYPE)
    events["t"] = np.arange(len(events)) * 64
    events["x"] = rng.integers(0, 640, len(events))
    events["y"] = rng.integers(0, 480, len(events))
    for limit in limits:
        for name in "a.raw a.dat a.es a.csv a.txt a.aedat4 a.npz a.h5 a.hdf5".split():
            path = os.path.join(folder, name)
            if int(limit):
                resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), unlimited))
            try:
                with Writer(path, (640, 480)) as writer:
                    for start in range(0, len(events), 100_000):
                        writer.write(events[start : start + 100_000])
            except OSError as error:
                print(limit, name, error.errno, error.filename == path)
            resource.setrlimit(resource.RLIMIT_FSIZE, (unlimited, unlimited))
            save(os.path.join(elsewhere, name), events, (640, 480))
    print("lives")
"""


def load(path: Path) -> np.ndarray:
    return open_file(path).recording.load(1)[0]


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of 1 MiB at the folder; skips where that is not for this user."""
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("only root mounts a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def check_full(folder: Path, elsewhere: Path, limits: list[int], number: int) -> None:
    """Every writer fails with the error of that number and its path, and the process goes on to write and to end."""
    elsewhere.mkdir()
    done = run_python(WRITES, folder, elsewhere, *limits)
    said = [f"{limit} {name} {number} True" for limit in limits for name in FILES]
    assert (done.stdout.splitlines(), done.returncode, done.stderr) == ([*said, "lives"], 0, "")
    for name in FILES:
        assert len(load(elsewhere / name)) == 300_000


def test_a_file_that_may_not_grow_names_the_path_and_the_process_lives(tmp_path):
    folder = tmp_path / "full"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes(b"before")
    check_full(folder, tmp_path / "elsewhere", [1, 3000, 90_000, 600_000], errno.EFBIG)
    assert sorted(each.name for each in folder.iterdir()) == sorted(FILES)
    assert {each.read_bytes() for each in folder.iterdir()} == {b"before"}


def test_a_full_disk_names_the_path_and_the_process_lives(tmp_path):
    folder = tmp_path / "full"
    folder.mkdir()
    with small_disk(folder):
        (folder / "other").write_bytes(bytes(400_000))
        check_full(folder, tmp_path / "elsewhere", [0], errno.ENOSPC)
        assert [each.name for each in folder.iterdir()] == ["other"]


@pytest.mark.parametrize("name", ["a.csv", "a.aedat4", "a.h5"])
def test_a_link_is_written_through_and_modes_are_kept(tmp_path, name):
    real, link = tmp_path / "real" / name, tmp_path / name
    real.parent.mkdir()
    real.write_bytes(b"before")
    real.chmod(0o640)
    link.symlink_to(Path("real") / name)
    save(link, EVENTS, SHAPE)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert_same_events(load(real), EVENTS)
    assert sorted(each.name for each in tmp_path.rglob("*")) == sorted([name, "real", name])


def test_a_link_to_nothing_makes_the_file_that_it_names(tmp_path):
    (tmp_path / "a.csv").symlink_to("b.csv")
    save(tmp_path / "a.csv", EVENTS, SHAPE)
    assert (tmp_path / "a.csv").is_symlink()
    assert_same_events(load(tmp_path / "b.csv"), EVENTS)


def test_a_new_file_has_the_mode_of_new_files(tmp_path):
    save(tmp_path / "a.csv", EVENTS, SHAPE)
    (tmp_path / "other").write_bytes(b"")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("name", STREAMS)
def test_a_pipe_is_written_to(tmp_path, name):
    os.mkfifo(tmp_path / name)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / name).read_bytes()))
    reader.start()
    save(tmp_path / name, EVENTS, SHAPE)
    reader.join(30)
    save(tmp_path / f"file.{name}", EVENTS, SHAPE)
    assert read == [(tmp_path / f"file.{name}").read_bytes()]
    assert stat.S_ISFIFO((tmp_path / name).stat().st_mode)


def test_a_device_is_written_to_and_stays_one(tmp_path):
    (tmp_path / "a.csv").symlink_to("/dev/null")
    save(tmp_path / "a.csv", EVENTS, SHAPE)
    save("/dev/null", EVENTS[:0], SHAPE, format="txt")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv"]


def test_a_full_device_names_the_path(tmp_path):
    (tmp_path / "a.csv").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        save(tmp_path / "a.csv", EVENTS, SHAPE)
    assert caught.value.filename == str(tmp_path / "a.csv")


@pytest.mark.parametrize("name", SEEKING)
def test_a_pipe_or_device_is_refused_by_formats_that_go_back(tmp_path, name):
    (tmp_path / name).symlink_to("/dev/null")
    with pytest.raises(OSError, match="expected a regular file, found another kind"):
        save(tmp_path / name, EVENTS, SHAPE)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(OSError, match="expected a regular file, found another kind"):
        save(tmp_path / name, EVENTS, SHAPE)
    assert stat.S_ISFIFO((tmp_path / name).stat().st_mode)


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(OSError, match="found another kind"):
        save(tmp_path / "a.csv", EVENTS, SHAPE)


@pytest.mark.parametrize("length", [240, 250, 255])
@pytest.mark.parametrize("name", FILES)
def test_names_may_be_long(tmp_path, name, length):
    path = tmp_path / name.rjust(length, "n")
    save(path, EVENTS, SHAPE)
    assert list(tmp_path.iterdir()) == [path]
    assert len(load(path)) == len(EVENTS)


WAITS = """
    import sys
    import numpy as np
    from aestream import EVENT_DTYPE, Writer
    {before}
    writer = Writer(sys.argv[1], (10, 10))
    writer.write(np.zeros(100_000, EVENT_DTYPE))
    print("open", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def waiting_writer(path: Path, before: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that has a writer open until it is killed."""
    command = [sys.executable, "-c", textwrap.dedent(WAITS).format(before=before), str(path)]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=path.parent
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize(("name", "by"), [("a.hdf5", signal.SIGTERM), ("a.raw", signal.SIGHUP)])
def test_a_signal_that_ends_the_process_removes_the_unfinished_file(tmp_path, name, by):
    with waiting_writer(tmp_path / name) as child:
        assert len(list(tmp_path.iterdir())) == 1
        child.send_signal(by)
        assert child.wait(30) == -by
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_ignores_the_signal_goes_on(tmp_path):
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with waiting_writer(tmp_path / "a.csv", ignore) as child:
        child.send_signal(signal.SIGHUP)
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_handles_the_signal_does_so(tmp_path):
    handle = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))"
    with waiting_writer(tmp_path / "a.csv", handle) as child:
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 7
    assert list(tmp_path.iterdir()) == []


def test_signals_do_what_they_did_when_no_writer_is_open(tmp_path):
    script = """
        import signal, sys
        from pathlib import Path
        from aestream import Writer
        def caught():  # as the system has it: Python knows only of its own
            status = Path("/proc/self/status").read_text()
            return int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
        before = caught()
        with Writer(sys.argv[1], (10, 10)):
            during = caught()
        print((during ^ before) == (1 << signal.SIGTERM - 1 | 1 << signal.SIGHUP - 1), caught() == before)
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here")
    assert run_python(script, tmp_path / "a.csv").stdout == "True True\n"


def test_the_next_run_removes_what_killed_ones_have_left(tmp_path):
    path = tmp_path / "a.csv"
    with waiting_writer(path) as first, waiting_writer(path) as second:
        assert len(list(tmp_path.iterdir())) == 2
        first.kill()
        second.kill()
    assert len(list(tmp_path.iterdir())) == 2
    save(tmp_path / "b.csv", EVENTS, SHAPE)
    assert len(list(tmp_path.iterdir())) == 3
    save(path, EVENTS, SHAPE)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.csv", "b.csv"]


def test_what_a_living_run_writes_is_left_alone(tmp_path):
    path = tmp_path / ("n" * 240 + ".csv")
    with waiting_writer(path):
        (writing,) = tmp_path.iterdir()
        for _ in range(2):
            save(path, EVENTS, SHAPE)
            assert sorted(tmp_path.iterdir()) == sorted([path, writing])


def test_a_file_of_somebody_else_that_has_the_temporary_name_is_left_alone(tmp_path):
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / "a.csv.aestream0.tmp").symlink_to("victim")
    (tmp_path / "a.csv.aestream1.tmp").mkdir()
    save(tmp_path / "a.csv", EVENTS, SHAPE)
    assert (tmp_path / "victim").read_bytes() == b"mine"
    assert (tmp_path / "a.csv.aestream0.tmp").is_symlink()
    assert (tmp_path / "a.csv.aestream1.tmp").is_dir()
    assert_same_events(load(tmp_path / "a.csv"), EVENTS)


def test_a_writer_that_nobody_keeps_leaves_nothing(tmp_path):
    Writer(tmp_path / "a.csv", SHAPE).write(EVENTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.aedat4", "a.h5"])
def test_a_process_that_ends_with_an_open_writer_leaves_nothing(tmp_path, name):
    with waiting_writer(tmp_path / name) as child:
        assert child.stdin is not None
        child.stdin.close()
        child.stdin = None
        assert child.wait(60) == 0
    assert list(tmp_path.iterdir()) == []


FORKS = """
    import os, signal, sys
    import numpy as np
    from aestream import EVENT_DTYPE, Writer
    folder, end = sys.argv[1:]
    events = np.zeros(200_000, EVENT_DTYPE)
    events["t"] = np.arange(len(events)) * 100
    events["x"] = np.random.default_rng(0).integers(0, 100, len(events))
    parent, writers = os.getpid(), {}
    for name in "a.raw a.dat a.es a.csv a.txt a.aedat4 a.npz a.h5 a.hdf5".split():
        writers[name] = Writer(os.path.join(folder, name), (100, 100))
        writers[name].write(events[:70_000])
    child = os.fork()
    if child == 0:
        if end == "exits":
            sys.exit(0)  # through the interpreter's end
        for name, writer in writers.items():
            if end == "closes":
                writer.close()
            if end == "writes":
                try:
                    writer.write(events)
                    os._exit(1)
                except ValueError as error:
                    if "forked" not in str(error):
                        os._exit(2)
        if end == "dies":
            with Writer(os.path.join(folder, "own.txt"), (100, 100)) as own:
                own.write(events)
                os.kill(os.getpid(), signal.SIGTERM)
        os._exit(0)
    print(os.waitpid(child, 0)[1])
    for writer in writers.values():
        writer.write(events[70_000:])
        writer.close()
"""


@pytest.mark.parametrize(("end", "status"), [("exits", 0), ("closes", 0), ("writes", 0), ("dies", 15)])
def test_a_forked_child_leaves_the_files_of_its_parent_alone(tmp_path, end, status):
    done = run_python(FORKS, tmp_path, end)
    assert (done.stdout, done.returncode) == (f"{status}\n", 0), done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        got = load(tmp_path / name)
        assert (got["t"] - got["t"][0]).tolist() == (np.arange(200_000) * 100).tolist()
        assert (got["x"] == np.random.default_rng(0).integers(0, 100, 200_000)).all()
