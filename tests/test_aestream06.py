"""AEStream 0.6's scripts, in our words: its names do what they did."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from support.files import HEIGHT, WIDTH, make_events, write_file

import aestream
from aestream import FileInput, ShapeWarning


def test_load_all_is_load(tmp_path):
    file = FileInput(write_file(tmp_path, "dat", make_events(10)))
    assert np.array_equal(file.load_all(), file.load())


def test_a_given_shape_wins_and_warns_once(tmp_path):
    path = write_file(tmp_path, "dat", make_events(10))
    with pytest.warns(ShapeWarning, match=f"10x10 disagrees with the header .* {WIDTH}x{HEIGHT}"):
        file = FileInput(path, (10, 10))
    assert (file.shape, tuple(file[0].shape)) == ((10, 10), (2, 10, 10))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert FileInput(path, (10, 10)).shape == (10, 10)


def test_the_header_s_shape_does_not_warn(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert FileInput(write_file(tmp_path, "dat", make_events(10)), (WIDTH, HEIGHT)).shape == (WIDTH, HEIGHT)


def test_start_stream_and_stop_stream(tmp_path):
    stream = FileInput(write_file(tmp_path, "dat", make_events(10)), (WIDTH, HEIGHT), ignore_time=True)
    total = 0.0
    stream.start_stream()
    while stream.is_streaming():
        total += stream.read().sum()
    stream.stop_stream()
    assert total == 10


def test_version():
    assert aestream.__version__.count(".") >= 1


def test_filename_is_path(tmp_path):
    path = write_file(tmp_path, "dat", make_events(10))
    assert np.array_equal(FileInput(filename=str(path)).load(), FileInput(path).load())


def test_filename_and_path_fails(tmp_path):
    path = write_file(tmp_path, "dat", make_events(10))
    with pytest.raises(ValueError, match="pass one path"):
        FileInput(path, filename=path)
    with pytest.raises(ValueError, match="pass one path"):
        FileInput()
