"""Windows gathered for a device: the events of each, in words of 8 bytes or as they are, one behind the other."""

from __future__ import annotations

import numpy as np
import pytest
from support.files import FORMATS, HEIGHT, WIDTH, make_events, write_file

import aestream._core as _core
from aestream import EVENT_DTYPE, FileInput

CORNER = 16383


def gather(file, spans, *, by_time=True, threads=2, maps=(), packed=True, room=1 << 20):
    """Events, and the table of counts, bases, first and latest times; None if they cannot be packed.

    Windows that one thread has decoded lie in any order: here they come in theirs.
    """
    memory = np.full(room, 0xAB, np.uint8)
    recording = file._file.indexed
    spans = np.asarray(spans, np.int64).reshape(-1, 2)
    gathered = _core.GatheredEvents(recording, spans, by_time, threads, list(maps), packed, memory.ctypes.data, room)
    if not gathered.is_complete:
        return None
    small = memory
    if gathered.nbytes > room:
        memory = np.full(gathered.nbytes, 0xAB, np.uint8)
        gathered.place(memory.ctypes.data, gathered.nbytes, threads)
    del small
    table, all_ = gathered.table[:, 1:], memory[: gathered.nbytes].view(np.uint64 if packed else EVENT_DTYPE)
    assert len(all_) == table[:, 0].sum()
    words = np.concatenate([*(all_[at : at + count] for at, count in gathered.table[:, :2]), all_[:0]])
    if not packed:
        return words, table
    events = np.zeros(len(words), EVENT_DTYPE)
    events["t"] = (words & np.uint64(0xFFFFFFFF)).astype(np.int64) + np.repeat(table[:, 1], table[:, 0])
    events["x"], events["y"] = words >> np.uint64(32) & np.uint64(CORNER), words >> np.uint64(46) & np.uint64(CORNER)
    events["p"] = words >> np.uint64(60)
    return events, table


def check(file, spans, *, by_time=True, **how):
    """Compare with the arrays that the file gives of the same windows."""
    recording = file._file.indexed
    expected = [recording.read(*recording.find(int(a), int(b), by_time, 1), 1) for a, b in spans]
    for packed in (True, False):
        events, table = gather(file, spans, by_time=by_time, packed=packed, **how)
        wanted = np.concatenate([*expected, np.zeros(0, EVENT_DTYPE)])
        if packed:
            beyond = (wanted["x"] < 0) | (wanted["y"] < 0) | (wanted["x"] > CORNER) | (wanted["y"] > CORNER)
            wanted["x"][beyond] = wanted["y"][beyond] = CORNER
        assert np.array_equal(events, wanted)
        assert table[:, 0].tolist() == [len(each) for each in expected]
        edges = [(each["t"][0], each["t"].max()) if len(each) else (0, 0) for each in expected]
        assert table[:, 2:].tolist() == [list(map(int, edge)) for edge in edges]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("threads", [1, 3])
def test_gathered_windows_hold_what_slices_hold(tmp_path, format, threads):
    events = make_events(20_000, outside=format in ("dat", "csv", "npy"), step_back_us=3000 if format == "dat" else 0)
    file = FileInput(write_file(tmp_path, format, events), shape=(WIDTH, HEIGHT))
    start, stop = file.t_start, file.t_stop
    check(file, [(start, stop)], threads=threads)
    check(file, [(start - 10**6, start), (start, start), (stop, stop + 10**6)], threads=threads)
    check(file, [(t, t + 9000) for t in range(start, stop, 4000)], threads=threads)
    check(file, [(0, 20_000), (1999, 2000), (15_000, 30_000), (7, 7)], by_time=False, threads=threads)


def test_memory_that_is_too_small_is_filled_later(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events(20_000)))
    spans = [(file.t_start, file.t_start + 100_000), (file.t_start + 50_000, file.t_stop)]
    check(file, spans, room=64)
    check(file, spans, room=40_000)


def test_memory_that_is_too_small_is_refused(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events(100)))
    spans = np.array([[file.t_start, file.t_stop]])
    gathered = _core.GatheredEvents(file._file.indexed, spans, True, 1, [], True, 0, 0)
    with pytest.raises(ValueError, match="more memory"):
        gathered.place(0, 799, 1)


def test_coordinates_and_times_that_do_not_fit(tmp_path):
    events = make_events(3000)
    events["x"][::7], events["y"][3::50] = -2, 20_000
    np.save(tmp_path / "odd.npy", events)
    check(FileInput(tmp_path / "odd.npy"), [(0, 10**9)])
    events["t"][2000:] += 1 << 32
    np.save(tmp_path / "long.npy", events)
    file = FileInput(tmp_path / "long.npy")
    spans = [(file.t_start, file.t_stop)]
    assert gather(file, spans) is None
    assert np.array_equal(gather(file, spans, packed=False)[0], file.load())
    check(file, [(file.t_start, file.t_start + 10**6), (file.t_stop - 10**6, file.t_stop)])


def test_events_pass_through_a_map_and_its_window_keeps_its_times(tmp_path):
    events = make_events(3000, outside=True)
    file = FileInput(write_file(tmp_path, "dat", events), shape=(WIDTH, HEIGHT))
    map = _core.CoordinateMap(WIDTH, HEIGHT)
    map.crop(10, 5, 20, 30)
    map.flip_x()
    spans = [(0, 1000), (1000, 3000)]
    gathered, table = gather(file, spans, by_time=False, maps=[map, map])
    expected = [_core.filter_events(events[a:b], map) for a, b in spans]
    assert np.array_equal(gathered, np.concatenate(expected))
    assert table[:, 2].tolist() == [int(events["t"][a]) for a, _ in spans]
    assert table[:, 3].tolist() == [int(events["t"][a:b].max()) for a, b in spans]
    with pytest.raises(ValueError, match="one for each window"):
        gather(file, spans, maps=[map])
