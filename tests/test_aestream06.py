"""AEStream 0.6's scripts, in our words: its names do what they did."""

from __future__ import annotations

import pickle
import socket
import time
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


def test_event_has_four_names_that_can_be_set():
    event = aestream.Event(1000, 5, 7, True)
    assert (event.timestamp, event.x, event.y, event.polarity) == (1000, 5, 7, True)
    event.x = 6
    assert np.array([tuple(event)], aestream.EVENT_DTYPE).tolist() == [(1000, 6, 7, True)]


@pytest.mark.parametrize("format", ["aedat4", "dat"])
def test_load_with_any_shape_has_fields_by_aestream_s_names(tmp_path, format):
    path, events = write_file(tmp_path, format, make_events(500)), make_events(500)
    with pytest.warns(ShapeWarning):
        loaded = FileInput(str(path), shape=(600, 400)).load()
    assert len(loaded) == 500
    for name, ours in (("timestamp", "t"), ("x", "x"), ("y", "y"), ("polarity", "p")):
        assert loaded[0][name] == events[0][ours]


@pytest.mark.parametrize("format", ["aedat4", "dat"])
def test_frames_of_a_stream_hold_every_event(tmp_path, format):
    path, total = write_file(tmp_path, format, make_events(500)), 0.0
    with FileInput(filename=str(path), shape=(WIDTH, HEIGHT), ignore_time=True) as stream:
        while stream.is_streaming():
            total += stream.read().sum()
    assert total == 500


@pytest.mark.parametrize("backend", [aestream.Backend.Numpy, "Numpy"])
def test_read_before_opening_is_zeros(tmp_path, backend):
    frame = FileInput(write_file(tmp_path, "dat", make_events(10)), shape=(WIDTH, HEIGHT)).read(backend)
    assert (type(frame), frame.shape, frame.sum()) == (np.ndarray, (WIDTH, HEIGHT), 0)


def test_an_unknown_backend_is_an_attribute_error(tmp_path):
    with pytest.raises(AttributeError, match="backend must be one of"):
        FileInput(write_file(tmp_path, "dat", make_events(10)), shape=(WIDTH, HEIGHT)).read("NonexistentBackend")


@pytest.mark.parametrize(("protocol", "count"), [("spif", 1), ("aestream", 1)])
def test_a_datagram_of_one_word_without_flag_and_time_is_an_event(protocol, count):
    with aestream.UDPInput((640, 480), port=0, host="127.0.0.1", protocol=protocol) as stream:
        frame, end = np.zeros((640, 480), np.float32), time.monotonic() + 30
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"\x0f\x00\xda\x00", ("127.0.0.1", stream.port))
        while not frame.any() and time.monotonic() < end:
            frame += stream.read()
        assert (frame[218, 15], stream.stats.malformed) == (count, 0)


def test_inputs_that_are_not_open_read_zeros_and_do_not_stream(tmp_path):
    path = write_file(tmp_path, "dat", make_events(10))
    inputs = [FileInput(path), aestream.UDPInput((64, 48)), aestream.USBInput((64, 48)), aestream.SpeckInput((64, 48))]
    for each in inputs:
        assert (each.read().shape, each.read().sum(), each.is_streaming()) == ((64, 48), 0, False)


def test_drivers_are_names_and_a_call():
    names = list(aestream.drivers)
    assert set(names) <= {"caer", "metavision", "zmq"}
    assert len(aestream.drivers) == len(names)
    assert "zmq" in aestream.drivers  # pyzmq is one of the packages that tests need
    assert ("metavision" in aestream.drivers) == any(
        aestream.Camera.Prophesee in driver.cameras for driver in aestream.drivers() if driver.version is not None
    )


@pytest.mark.parametrize("shape", [(10, 8), (200, 100)])
def test_a_given_shape_wins_everywhere_downstream(tmp_path, shape):
    events = make_events(500)
    path = write_file(tmp_path, "dat", events)
    inside = int(((events["x"] < shape[0]) & (events["y"] < shape[1])).sum())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShapeWarning)
        file = FileInput(path, shape, window_us=None, ignore_time=True)
        again = pickle.loads(pickle.dumps(file))
    for each in (file, again):
        assert each[0].shape[1:] == shape[::-1]
        assert each[0].sum() == inside
        total = np.zeros(shape, np.float32)
        with each as stream:
            while stream.is_streaming():
                total += stream.read()
        assert (total.shape, total.sum(), stream.stats.out_of_bounds) == (shape, inside, 500 - inside)
