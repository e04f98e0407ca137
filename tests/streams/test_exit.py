"""The end of a program that is not tidy: open playbacks, Ctrl-C. It ends, at once, as it should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

import numpy as np
import pytest
from support.checks import run_python
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.words import raw_header

SHAPE = (WIDTH, HEIGHT)


@pytest.mark.parametrize("ignore_time", [True, False])
@pytest.mark.parametrize("format", ["evt3", "aedat4", "hdf5"])
def test_exit_with_a_playing_file(tmp_path, format, ignore_time):
    path = write_file(tmp_path, format, make_events(100_000))
    code = f"""
        import sys
        from aestream import FileInput
        stream = FileInput(sys.argv[1], {SHAPE}, ignore_time={ignore_time}, cache_index=False)
        stream.start_stream()
        stream.read()
    """
    child = run_python(code, path, timeout=60)
    assert (child.returncode, child.stderr) == (0, "")


DAEMONS = {
    "load": "file.load()",
    "replay": """
        with file:
            while file.is_streaming():
                file.read()""",
    "read": "stream.read()",
    "iterate": "next(iter(stream))",
}


@pytest.mark.parametrize(
    ("format", "use"),
    [(format, use) for format in ("evt3", "aedat4", "hdf5") for use in ("load", "replay")]
    + [("evt3", "read"), ("evt3", "iterate")],
)
def test_exit_with_daemon_threads(tmp_path, format, use):
    """Without items and opening: torch aborts and h5py keeps its lock where such a thread ends inside of them."""
    code = f"""
import sys, threading, time
from aestream import FileInput, UDPInput
path, shape = sys.argv[1], {SHAPE}
stream = UDPInput(shape, port=0, host="127.0.0.1", window_us=1000)
if {use in ("read", "iterate")}:
    stream.start_stream()
def work(file):
    while True:
        {DAEMONS[use]}
files = [FileInput(path, shape, ignore_time=True, cache_index=False, threads=2) for _ in range(3)]
for file in files:
    threading.Thread(target=work, args=[file], daemon=True).start()
time.sleep(0.3)
"""
    child = run_python(code, write_file(tmp_path, format, make_events(100_000)), timeout=60)
    assert child.returncode == 0, child.stderr


def interrupted(code, *arguments):
    """Seconds from SIGINT, a moment into the call, to the child's KeyboardInterrupt."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    with subprocess.Popen(command, cwd=tempfile.gettempdir(), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "begins\n"
        time.sleep(0.3)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        try:
            answer = child.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            child.kill()
            raise
    return float(answer) - sent


HEARD_WITHIN_S = 2.0  # 0.1 where nothing else runs

LONG = {
    "evt2": raw_header("EVT2", width=WIDTH, height=HEIGHT) + b"\0\0\0\x80",
    "evt3": raw_header("EVT3", width=WIDTH, height=HEIGHT) + b"\0\x80",
    "evt3 without time": raw_header("EVT3", width=WIDTH, height=HEIGHT),
    "dat": b"% Version 2\n% Width 64\n% Height 48\n\x0c\x08",
}
CALLS = [(format, call) for format in LONG for call in ("file.num_events", "file.load()", "file.slice(1, 2)")]


@pytest.mark.parametrize(("format", "call"), [*CALLS, ("evt2", "file.triggers()"), ("evt3", "file.triggers()")])
def test_ctrl_c_is_heard_in_a_huge_file(tmp_path, format, call):
    path = tmp_path / "sparse.raw"
    path.write_bytes(LONG[format])
    os.truncate(path, 100 << 30)
    code = f"""
        import sys, time
        from aestream import FileInput
        file = FileInput(sys.argv[1], {SHAPE}, cache_index=False, threads=2)
        file.format
        print("begins", flush=True)
        try:
            {call}
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)
    """
    assert interrupted(code, path) < HEARD_WITHIN_S


def test_ctrl_c_is_heard_while_a_huge_text_is_opened(tmp_path):
    path = tmp_path / "sparse.csv"
    path.write_bytes(b"t,x,y,p\n" + b"1,1,1,1\n" * (1 << 18))  # which leave open whether a later time has a fraction
    os.truncate(path, 100 << 30)
    code = f"""
        import sys, time
        from aestream import FileInput
        print("begins", flush=True)
        try:
            FileInput(sys.argv[1], {SHAPE}, cache_index=False)
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)
    """
    assert interrupted(code, path) < HEARD_WITHIN_S


@pytest.mark.parametrize("call", ["send_file(FileInput(sys.argv[1]))", "send(FileInput(sys.argv[1]).load())"])
def test_ctrl_c_is_heard_while_sending(tmp_path, call):
    events = make_events(200_000)
    events["t"] = np.linspace(0, 100_000_000, len(events)).astype(np.int64)
    code = f"""
        import sys, time
        from aestream import FileInput, UDPOutput
        output = UDPOutput("127.0.0.1", 9, speed=1)
        print("begins", flush=True)
        try:
            output.{call}
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)
    """
    assert interrupted(code, write_file(tmp_path, "evt2", events)) < HEARD_WITHIN_S
