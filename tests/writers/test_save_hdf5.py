"""HDF5 as written, DSEC's layout and Prophesee's: read by h5py alone, its ECF chunks by the slow reference."""

from __future__ import annotations

import sys

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import EVENT_DTYPE, ecf, to_events
from support.checks import assert_same_events, limited_memory
from support.strategies import event_arrays

from aestream.io import Writer, save

FORMATS = {"dsec": "a.h5", "prophesee": "a.hdf5"}
CHUNKS = {"dsec": 65536, "prophesee": 16384}
FEW = to_events([(1000, 3, 2, True), (1001, 0, 1, False), (4999, 639, 479, True)])


def many_events(count: int, step_us: int = 9) -> np.ndarray:
    """Events in all of ECF's modes, and gaps longer than an entry of either index."""
    rng = np.random.default_rng(0)
    events = np.zeros(count, EVENT_DTYPE)
    steps = rng.integers(0, 2 * step_us, count)
    steps[rng.integers(0, max(count, 1), count // 1000)] = 12_345
    events["t"] = 10**12 + np.cumsum(steps)
    events["x"], events["y"] = rng.integers(0, 640, count), np.sort(rng.integers(0, 480, count))
    events["p"] = rng.random(count) < 0.5
    half = count // 2
    events["y"][:half] = rng.integers(0, 480, half)
    return events


def read_dsec(path) -> np.ndarray:
    """The events of DSEC's layout: t is relative to t_offset."""
    with h5py.File(path) as file:
        columns = {name: file["events"][name][:] for name in "txyp"}
        assert {name: column.dtype.str for name, column in columns.items()} == {
            **dict.fromkeys("xy", "<u2"),
            "t": "<u4",
            "p": "|u1",
        }
        columns["t"] = columns["t"].astype(np.int64) + file["t_offset"][()]
    events = np.zeros(len(columns["t"]), EVENT_DTYPE)
    for name, column in columns.items():
        events[name] = column
    return events


def read_prophesee(path) -> np.ndarray:
    """The events of Prophesee's layout: every chunk raw, as no plugin is installed."""
    with h5py.File(path) as file:
        dataset = file["CD/events"]
        blocks = []
        for i in range(dataset.id.get_num_chunks()):
            info = dataset.id.get_chunk_info(i)
            mask, block = dataset.id.read_direct_chunk(info.chunk_offset)
            blocks.append(ecf.decode(block, 16384))
            assert (mask, info.chunk_offset) == (0, (i * 16384,))
            assert len(blocks[-1]) == min(16384, len(dataset) - i * 16384)
        assert sum(map(len, blocks)) == len(dataset)
    return to_events([row for block in blocks for row in block.tolist()])


READERS = {"dsec": read_dsec, "prophesee": read_prophesee}


def contents(path) -> dict[str, tuple]:
    """Every dataset and attribute of a file, the ECF chunks as they are."""
    found: dict[str, tuple] = {}

    def visit(name: str, holder) -> None:
        found[name] = tuple(sorted(holder.attrs.items()))
        if name == "CD/events":
            chunks = (holder.id.read_direct_chunk((start,)) for start in range(0, len(holder), 16384))
            found[name] += (holder.dtype, len(holder), *chunks)
        elif isinstance(holder, h5py.Dataset):
            found[name] += (holder.dtype, holder.shape, holder[()].tobytes())

    with h5py.File(path) as file:
        found[""] = tuple(sorted(file.attrs.items()))
        file.visititems(visit)
    return found


@pytest.mark.parametrize("format", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(events=event_arrays())
def test_saved_events_are_read_back(tmp_path, format, events):
    path = tmp_path / FORMATS[format]
    save(path, events, (640, 480))
    assert_same_events(READERS[format](path), events)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_whole_chunks_and_one_event_more_or_less_are_read_back(tmp_path, format, more):
    path, events = tmp_path / FORMATS[format], many_events(2 * CHUNKS[format] + more)
    save(path, events, (640, 480))
    assert_same_events(READERS[format](path), events)


@pytest.mark.parametrize("format", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(cuts=st.lists(st.integers(0, 150_000), max_size=8).map(sorted))
def test_pieces_are_the_same_file_as_the_whole(tmp_path, format, cuts):
    events = many_events(150_000)
    whole, parts = tmp_path / FORMATS[format], tmp_path / f"parts-{FORMATS[format]}"
    save(whole, events, (640, 480))
    with Writer(parts, (640, 480)) as writer:
        for piece in np.split(events, cuts):
            writer.write(piece)
    assert contents(parts) == contents(whole)


def test_dsec_names_its_columns_offset_and_sensor(tmp_path):
    save(tmp_path / "a.h5", FEW, (640, 480))
    with h5py.File(tmp_path / "a.h5") as file:
        assert sorted(file) == ["events", "ms_to_idx", "t_offset"]
        assert sorted(file["events"]) == ["p", "t", "x", "y"]
        assert dict(file["events"].attrs) == {"width": 640, "height": 480}
        assert (file["t_offset"].shape, file["t_offset"].dtype.str, file["t_offset"][()]) == ((), "<i8", 1000)
        assert file["events/t"][:].tolist() == [0, 1, 3999]
        blosc = file["events/x"].id.get_create_plist().get_filter(0)
        assert (blosc[0], blosc[2][6]) == (hdf5plugin.BLOSC_ID, 5)  # 5: zstd


@pytest.mark.parametrize(
    ("times", "index"),
    [
        ([0, 500, 2100, 5000, 5000, 7100, 7200, 7200, 8100, 9000], [0, 2, 2, 3, 3, 3, 5, 5, 8, 9]),  # DSEC's own page
        ([77], [0]),
        ([77, 1076], [0]),
        ([77, 1077], [0, 1]),
        ([-5, -5, 5994, 5995], [0, 2, 2, 2, 2, 2, 3]),
        ([], []),
    ],
)
def test_dsec_indexes_milliseconds(tmp_path, times, index):
    save(tmp_path / "a.h5", to_events([(t, 0, 0, True) for t in times]), (640, 480))
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["ms_to_idx"].dtype.str == "<u8"
        assert file["ms_to_idx"][:].tolist() == index


def test_dsec_index_of_many_events(tmp_path):
    events = many_events(200_000)
    save(tmp_path / "a.h5", events, (640, 480))
    times = events["t"] - events["t"][0]
    expected = [int((times < 1000 * ms).sum()) for ms in range(int(times[-1]) // 1000 + 1)]
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["ms_to_idx"][:].tolist() == expected


def test_dsec_holds_all_times_of_its_32_bits(tmp_path):
    events = to_events([(-7, 0, 0, True), (2**32 - 8, 0, 0, True)])
    save(tmp_path / "a.h5", events, (640, 480))
    assert_same_events(read_dsec(tmp_path / "a.h5"), events)
    with h5py.File(tmp_path / "a.h5") as file:
        assert len(file["ms_to_idx"]) == 4294968
        assert (file["ms_to_idx"][1:] == 1).all()


def test_prophesee_layout(tmp_path):
    save(tmp_path / "a.hdf5", FEW, (640, 480))
    with h5py.File(tmp_path / "a.hdf5") as file:
        assert dict(file.attrs) == {"version": "1.0", "geometry": "640x480"}
        text = file.attrs.get_id("geometry").get_type()
        assert text.is_variable_str() and text.get_cset() == h5py.h5t.CSET_ASCII
        events, properties = file["CD/events"], file["CD/events"].id.get_create_plist()
        assert [(name, *events.dtype.fields[name]) for name in events.dtype.names] == [
            ("x", np.dtype("<u2"), 0),
            ("y", np.dtype("<u2"), 2),
            ("p", np.dtype("<i2"), 4),
            ("t", np.dtype("<i8"), 8),
        ]
        assert (events.chunks, events.maxshape, properties.get_nfilters()) == ((16384,), (None,), 1)
        assert properties.get_filter(0)[:3] == (36559, h5py.h5z.FLAG_OPTIONAL, ())
        triggers = file["EXT_TRIGGER/events"].dtype
        assert [(name, *triggers.fields[name]) for name in triggers.names] == [
            ("p", np.dtype("<i2"), 0),
            ("t", np.dtype("<i8"), 8),
            ("id", np.dtype("<i2"), 16),
        ]
        assert triggers.itemsize == 24
        assert len(file["EXT_TRIGGER/events"]) == len(file["EXT_TRIGGER/indexes"]) == 0


def prophesee_index(times: np.ndarray) -> list[tuple[int, int]]:
    """FORMATS.md, section 6.2, event by event."""
    entries = [(0, -1)]
    relative = (times - times[0]).tolist()
    for bucket in range(relative[-1] // 2000 + 1):
        inside = [(i, t) for i, t in enumerate(relative) if t // 2000 == bucket]
        entries.append(inside[0] if inside else entries[-1])
    return entries


@pytest.mark.parametrize(
    "times",
    [[0], [12345], [5, 2004], [5, 2005], [100_000, 101_999, 109_000, 109_099, 140_000], list(range(0, 9000, 500))],
)
def test_prophesee_indexes_buckets_of_2_ms(tmp_path, times):
    events = to_events([(t, 0, 0, True) for t in times])
    save(tmp_path / "a.hdf5", events, (640, 480))
    with h5py.File(tmp_path / "a.hdf5") as file:
        assert file["CD/indexes"].dtype == np.dtype([("id", "<u8"), ("ts", "<i8")])
        assert file["CD/indexes"].attrs["offset"] == str(-times[0])
        assert [tuple(entry) for entry in file["CD/indexes"][:].tolist()] == prophesee_index(events["t"])


def test_prophesee_index_of_many_events(tmp_path):
    events = many_events(40_000, step_us=1)
    save(tmp_path / "a.hdf5", events, (640, 480))
    with h5py.File(tmp_path / "a.hdf5") as file:
        assert [tuple(entry) for entry in file["CD/indexes"][:].tolist()] == prophesee_index(events["t"])


def test_prophesee_file_without_events(tmp_path):
    with Writer(tmp_path / "a.hdf5", (640, 480)) as writer:
        writer.write(FEW[:0])
    with h5py.File(tmp_path / "a.hdf5") as file:
        assert len(file["CD/events"]) == len(file["CD/indexes"]) == 0
        assert dict(file["CD/indexes"].attrs) == {}


@pytest.mark.parametrize("format", FORMATS)
def test_memory_does_not_grow_with_the_file(tmp_path, format):
    events = many_events(1 << 17)
    with limited_memory(10 << 20), Writer(tmp_path / FORMATS[format], (640, 480)) as writer:
        for _ in range(20):  # 42 MB
            writer.write(events)
            events["t"] += 10**7


@pytest.mark.parametrize("format", FORMATS)
def test_memory_does_not_grow_with_a_gap(tmp_path, format):
    events = to_events([(0, 0, 0, True), (2**32 - 1, 0, 0, True)])
    with limited_memory(4 << 20):  # an index of 34 MB
        save(tmp_path / FORMATS[format], events, (640, 480))


REFUSED = [
    ("dsec", [(5, 0, 0, True), (4, 0, 0, True)], "event 1: t must not step back in dsec files"),
    (
        "dsec",
        [(5, 0, 0, True), (2**32 + 5, 0, 0, True)],
        "t must be at most 4294967295 µs after the first event in dsec",
    ),
    (
        "prophesee",
        [(5, 0, 0, True), (4, 0, 0, True)],
        "event 1: t must not step back in prophesee files",
    ),
    ("prophesee", [(-1, 0, 0, True)], "event 0: t must be at least 0 in prophesee files; got -1"),
    ("prophesee", [(0, 2048, 0, True)], "event 0: x must be from 0 to 2047; got 2048"),
    ("prophesee", [(0, 0, 2048, True)], "event 0: y must be from 0 to 2047; got 2048"),
    ("prophesee", [(0, 0, 0, True), (2**37, 0, 0, True)], "t must be at most 137438953471 µs after the first event"),
]


@pytest.mark.parametrize(("format", "rows", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_events_that_a_layout_cannot_hold_are_refused(tmp_path, format, rows, message):
    with pytest.raises(ValueError, match=message):
        save(tmp_path / FORMATS[format], to_events(rows), (4096, 4096))
    assert list(tmp_path.iterdir()) == []


def test_prophesee_may_be_asked_for_by_name(tmp_path):
    save(tmp_path / "a.h5", FEW, (640, 480), format="prophesee")
    assert_same_events(read_prophesee(tmp_path / "a.h5"), FEW)


@pytest.mark.parametrize("format", FORMATS)
def test_a_failed_write_leaves_no_file(tmp_path, format, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("aestream.writers.hdf5.Column.append", fail)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path / FORMATS[format], FEW, (640, 480))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("format", "module"), [("dsec", "dsec"), ("prophesee", "prophesee_hdf5")])
def test_without_h5py_the_extra_is_named(tmp_path, format, module, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    monkeypatch.delitem(sys.modules, f"aestream.writers.{module}", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'aestream\[hdf5\]'"):
        save(tmp_path / FORMATS[format], FEW, (640, 480))
