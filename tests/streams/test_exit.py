"""The end of a program that is not tidy: open playbacks, Ctrl-C. It ends, at once, as it should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

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


def interrupted(code, *arguments):
    """Seconds from SIGINT, half a second into the call, to the child's KeyboardInterrupt."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    with subprocess.Popen(command, cwd=tempfile.gettempdir(), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "begins\n"
        time.sleep(0.3)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        ended = float(child.stdout.readline())
        child.wait(60)
    return ended - sent


@pytest.mark.parametrize("use", ["file.num_events"])
def test_ctrl_c_is_heard(tmp_path, use):
    path = tmp_path / "sparse.raw"
    path.write_bytes(raw_header("EVT2", width=WIDTH, height=HEIGHT) + b"\0\0\0\x80")
    os.truncate(path, 100 << 30)
    code = f"""
        import sys, time
        from aestream import FileInput
        file = FileInput(sys.argv[1], cache_index=False, threads=1)
        print("begins", flush=True)
        try:
            {use}
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)
    """
    assert interrupted(code, path) < 2  # 0.1 s where nothing else runs
