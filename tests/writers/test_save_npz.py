"""NPZ files as written: what NumPy reads of them, in memory that does not grow with the file."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import EVENT_DTYPE, to_events
from support.checks import assert_same_events, limited_memory
from support.strategies import event_arrays

from aestream.io import Writer, save

EXTREMES = to_events([(-(2**63), 0, 0, False), (2**63 - 1, 32766, 32766, True), (5, 1, 2, True)])


def read(path) -> np.ndarray:
    """The events of a file, by NumPy alone."""
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays.files == ["t", "x", "y", "p", "sensor_size"]
        assert arrays["sensor_size"].dtype.str == "<i8" and arrays["sensor_size"].shape == (2,)
        assert [arrays[name].dtype.str for name in "txyp"] == ["<i8", "<u2", "<u2", "|u1"]
        events = np.zeros(len(arrays["t"]), EVENT_DTYPE)
        for name in "txyp":
            assert arrays[name].shape == events.shape
            assert name != "p" or arrays[name].max(initial=0) <= 1
            events[name] = arrays[name]
    return events


@pytest.mark.parametrize("compression", [None, "none", "deflate"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(events=event_arrays(monotonic=False))
def test_numpy_reads_what_was_saved(tmp_path, compression, events):
    save(tmp_path / "a.npz", events, (640, 480), compression=compression)
    assert_same_events(read(tmp_path / "a.npz"), events)


def test_every_representable_event_is_kept(tmp_path):
    save(tmp_path / "a.npz", EXTREMES, (32767, 32767))
    assert_same_events(read(tmp_path / "a.npz"), EXTREMES)


@given(sizes=st.lists(st.integers(0, 3000), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_pieces_are_the_same_file_as_the_whole(tmp_path, sizes):
    events = np.zeros(sum(sizes), EVENT_DTYPE)
    events["t"] = np.arange(len(events)) * 7
    events["x"], events["p"] = np.arange(len(events)) % 640, np.arange(len(events)) % 3 == 0
    with Writer(tmp_path / "a.npz", (640, 480)) as writer:
        for piece in np.split(events, np.cumsum(sizes)):
            writer.write(piece)
    assert_same_events(read(tmp_path / "a.npz"), events)


def test_arrays_are_stored_or_deflated(tmp_path):
    events = np.zeros(10_000, EVENT_DTYPE)
    for compression, method in (("none", zipfile.ZIP_STORED), ("deflate", zipfile.ZIP_DEFLATED)):
        save(tmp_path / "a.npz", events, (1, 1), compression=compression)
        with zipfile.ZipFile(tmp_path / "a.npz") as archive:
            assert {entry.compress_type for entry in archive.infolist()} == {method}
            assert archive.testzip() is None


def test_memory_does_not_grow_with_the_file(tmp_path):
    events = np.zeros(1 << 17, EVENT_DTYPE)
    with limited_memory(8 << 20), Writer(tmp_path / "a.npz", (640, 480)) as writer:
        for _ in range(20):  # 34 MB of columns
            writer.write(events)
    assert len(read(tmp_path / "a.npz")) == 20 << 17


def test_an_unknown_compression_is_refused(tmp_path):
    with pytest.raises(ValueError, match="compression must be one of none, deflate; got 'zstd'"):
        save(tmp_path / "a.npz", EXTREMES, (32767, 32767), compression="zstd")
    assert list(tmp_path.iterdir()) == []


def test_an_exception_leaves_no_file(tmp_path):
    with pytest.raises(KeyError), Writer(tmp_path / "a.npz", (640, 480)) as writer:
        writer.write(EXTREMES[2:])
        raise KeyError
    assert list(tmp_path.iterdir()) == []
