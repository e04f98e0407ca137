"""Paths as bytes, paths that are no UTF-8 or have a NUL, and what is at a path but is no file."""

from __future__ import annotations

import os
import pickle

import pytest
from support.checks import assert_same_events, run_python
from support.files import FORMATS, HEIGHT, WIDTH, make_events, write_file

from aestream import FileInput, Frame
from aestream.datasets import RecordingDataset

SHAPE = (WIDTH, HEIGHT)


@pytest.mark.parametrize("format", FORMATS)
def test_paths_as_bytes_that_are_no_utf8(tmp_path, format):
    events = make_events(2000)
    plain = write_file(tmp_path, format, events)
    odd = os.fsencode(tmp_path) + b"/\xff\xe9" + os.fsencode(plain.suffix)
    os.rename(plain, odd)
    for path in (odd, os.fsdecode(odd)):
        file = FileInput(path, SHAPE, window_us=10_000, representation=Frame())
        assert file.path == os.fsdecode(odd)
        assert_same_events(pickle.loads(pickle.dumps(file)).load(), events)
    assert len(RecordingDataset([(odd, None, 0)], shape=SHAPE, window_us=10_000)) == len(file)
    os.unlink(odd)
    with pytest.raises(FileNotFoundError) as missing:
        FileInput(odd, SHAPE)
    assert missing.value.filename == os.fsdecode(odd)


@pytest.mark.parametrize("path", ["a.raw\0.dat", b"a.raw\0.dat"])
def test_path_with_a_nul_is_refused(path):
    with pytest.raises(ValueError, match="null byte"):
        FileInput(path, SHAPE)


def test_fifo_that_nobody_writes_to_is_not_waited_for(tmp_path):
    code = """
        import sys
        from aestream import FileInput
        try:
            FileInput(sys.argv[1])
        except OSError as error:
            print(error.filename, "write them to a file first" in str(error))
    """
    path = tmp_path / "events.raw"
    os.mkfifo(path)
    child = run_python(code, path, timeout=60)
    assert (child.returncode, child.stdout.strip()) == (0, f"{path} True"), child.stderr
