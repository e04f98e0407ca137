"""How rows of HDF5 are read: chunks and filters, ECF blocks, rows through h5py, and a file's own index of time."""

from __future__ import annotations

import pickle
from collections import Counter

import h5py
import hdf5plugin
import numpy as np
import pytest
import torch
from support.checks import assert_same_events, slice_by_running_maximum
from support.files import HEIGHT, WIDTH, make_events
from support.hdf5_files import ECF_CHUNK, columns_of, compound, write_dsec, write_ecf, write_group
from torch.utils.data import DataLoader

from aestream import FileInput, FormatError, _core

EVENTS = make_events(40_000)
SHAPE = (WIDTH, HEIGHT)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.h5"


@pytest.fixture
def opened(monkeypatch):
    """Counts how recordings were opened."""
    count = Counter()

    def counting(name):
        real = getattr(_core, name)

        def call(*args, **kwargs):
            count[name] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(_core, name, call)

    for name in ("open_chunks", "open_ecf", "open_fetched"):
        counting(name)
    return count


def check(path, events=EVENTS, **options):
    """Load, index, slices and a pickled copy give the events."""
    file = FileInput(path, SHAPE, cache_index=False, window_us=20_000, **options)
    assert_same_events(file.load(), events)
    assert (file.num_events, file.t_start, file.t_stop) == (len(events), events["t"][0], events["t"].max() + 1)
    assert_same_events(file.load(), events)  # by the index now
    edges = np.linspace(file.t_start - 5, file.t_stop + 5, 8).astype(int).tolist()
    for start, stop in zip(edges, edges[1:], strict=False):
        assert_same_events(file.slice(start, stop), slice_by_running_maximum(events, start, stop))
    copy = pickle.loads(pickle.dumps(file))
    assert torch.equal(copy[3], file[3]) and copy[3].sum() > 0


DIRECT = {
    "contiguous": {},
    "chunked": {"chunks": (1000,)},
    "one chunk": {"chunks": (40_000,)},
    "gzip": {"chunks": (3000,), "compression": "gzip"},
    "shuffle": {"chunks": (3000,), "shuffle": True},
    "gzip and shuffle": {"chunks": (20_000,), "compression": "gzip", "compression_opts": 1, "shuffle": True},
}
for codec in ("lz4", "lz4hc", "zlib", "zstd"):
    for shuffle in (0, 1):
        for chunk in (100, 20_000):
            DIRECT[f"blosc {codec} {shuffle} {chunk}"] = {
                "chunks": (chunk,),
                "compression": hdf5plugin.Blosc(cname=codec, clevel=5, shuffle=shuffle),
            }
FETCHED = {
    "lzf": {"chunks": (3000,), "compression": "lzf"},
    "checksum": {"chunks": (3000,), "fletcher32": True},
    "blosclz": {"chunks": (3000,), "compression": hdf5plugin.Blosc(cname="blosclz")},
    "shuffled bits": {"chunks": (3000,), "compression": hdf5plugin.Blosc(cname="zstd", shuffle=2)},
    "zstd": {"chunks": (3000,), "compression": hdf5plugin.Zstd()},
    "offset": {"chunks": (3000,), "scaleoffset": 0},
}


@pytest.mark.parametrize("storage", DIRECT.values(), ids=DIRECT)
def test_chunks_are_read_without_h5py(path, opened, storage):
    check(write_group(path, EVENTS, **storage))
    assert opened.keys() == {"open_chunks"}


@pytest.mark.parametrize("storage", FETCHED.values(), ids=FETCHED)
def test_other_filters_are_left_to_h5py(path, opened, storage):
    check(write_group(path, EVENTS, **storage))
    assert opened.keys() == {"open_fetched"}


@pytest.mark.parametrize("level", [1, 5, 9])
@pytest.mark.parametrize("dtype", ["u1", "i2", ">i4", "f8"])
@pytest.mark.parametrize("rows", [1, 15, 16, 127, 129, 1000, 5000, 300_000])
def test_blosc_blocks_of_every_size(path, rows, dtype, level):
    random = np.random.default_rng(rows)
    values = random.integers(0, 100, rows).cumsum() // 50 % 128
    columns = {"t": values.astype(dtype), "x": random.integers(0, 9, rows).astype(dtype)}
    with h5py.File(path, "w") as file:
        for name in "txyp":
            codec = hdf5plugin.Blosc(cname="lz4" if name == "x" else "zstd", clevel=level)
            file.create_dataset(
                f"events/{name}", data=columns.get(name, columns["x"] % 2), chunks=(rows,), compression=codec
            )
        file.attrs["timestamp_scale_ms"] = 0.001
    events = FileInput(path, cache_index=False).load()
    assert np.array_equal(events["t"], values) and np.array_equal(events["x"], columns["x"])
    assert np.array_equal(events["p"], columns["x"] % 2)


def test_columns_with_chunks_of_their_own(path, opened):
    with h5py.File(path, "w") as file:
        for (name, values), chunk in zip(columns_of(EVENTS).items(), (7000, 999, 40_000, 1), strict=True):
            size = 40_000 if chunk == 1 else chunk
            file.create_dataset(f"events/{name}", data=values, chunks=(size,), compression="gzip")
    check(path, threads=3)
    assert opened.keys() == {"open_chunks"}


def test_datasets_that_can_grow_have_a_last_chunk_that_is_not_full(path):
    check(write_group(path, EVENTS, chunks=(3000,), maxshape=(None,), compression="gzip"))


def test_chunks_that_skipped_their_filters(path):
    write_group(path, EVENTS, chunks=(3000,), compression="gzip", shuffle=True)
    with h5py.File(path, "a") as file:
        x = columns_of(EVENTS)["x"]
        file["events/x"].id.write_direct_chunk((6000,), x[6000:9000].tobytes(), 0b11)
    check(path)


def test_rows_of_missing_chunks_are_what_hdf5_fills_in(path, opened):
    write_group(path, EVENTS)
    with h5py.File(path, "a") as file:
        del file["events/p"]
        file.create_dataset("events/p", (40_000,), "u1", chunks=(1000,), fillvalue=1)
        file["events/p"][5000:5500] = 0
    want = EVENTS.copy()
    want["p"] = True
    want["p"][5000:5500] = False
    check(path, want)
    assert opened.keys() == {"open_fetched"}


def test_file_with_a_user_block_and_without_it(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in columns_of(EVENTS).items():
            file.create_dataset(f"events/{name}", data=values, chunks=(3000,), compression="gzip")
    check(path)
    path.write_bytes(path.read_bytes()[512:])  # which HDF5 knows how to read
    check(path)


def test_compound_rows(path, opened):
    for storage in (DIRECT["gzip and shuffle"], FETCHED["lzf"]):
        with h5py.File(path, "w") as file:
            file.create_dataset("CD/events", data=compound(EVENTS), **storage)
        check(path)
    assert opened.keys() == {"open_chunks", "open_fetched"}


@pytest.mark.parametrize("chunks", [(3000, 4), (3000, 2)])
def test_matrix_in_chunks_of_whole_or_half_rows(path, opened, chunks):
    rows = np.stack([EVENTS[name].astype("f8") for name in "xytp"], axis=1)
    rows[:, 2] /= 1e6
    with h5py.File(path, "w") as file:
        file.create_dataset("davis/left/events", data=rows, chunks=chunks, compression="gzip")
    check(path)
    assert opened.keys() == {"open_chunks" if chunks[1] == 4 else "open_fetched"}


def test_damaged_chunk_fails_with_its_place(path):
    write_group(path, EVENTS, chunks=(3000,), compression="gzip")
    with h5py.File(path) as file:
        chunk = file["events/y"].id.get_chunk_info(5)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset + chunk.size // 2] ^= 0x55
    data[chunk.byte_offset + chunk.size - 1] ^= 0x55  # of the checksum
    path.write_bytes(data)
    with pytest.raises(FormatError, match="chunk 5: expected a chunk that can be inflated") as caught:
        FileInput(path).load()
    assert caught.value.offset == chunk.byte_offset


@pytest.mark.parametrize("codec", ["lz4", "zstd", "zlib"])
def test_damaged_blosc_never_does_more_than_fail(path, codec):
    events = EVENTS[:4000]
    storage = {"chunks": (4000,), "compression": hdf5plugin.Blosc(cname=codec)}
    write_group(path, events, **storage)
    with h5py.File(path) as file:
        chunk = file["events/t"].id.get_chunk_info(0)
    data = path.read_bytes()
    refused = 0
    places = [*range(24), *range(24, chunk.size, chunk.size // 40)]
    for place in places:
        for flip in (0x01, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[chunk.byte_offset + place] ^= flip
            path.write_bytes(damaged)
            try:
                assert len(FileInput(path, cache_index=False).load()) == 4000
            except FormatError:
                refused += 1
    assert refused > len(places) // 2


def test_rows_that_h5py_cannot_read_fail(path):
    write_group(path, EVENTS, **FETCHED["checksum"])
    with h5py.File(path) as file:
        chunk = file["events/y"].id.get_chunk_info(5)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset + 7] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(FormatError, match=f"{path}: expected a sound HDF5 file, found: .*"):
        FileInput(path).load()


def test_filter_that_nobody_has_names_the_extra(path):
    write_group(path, EVENTS[:10])
    with h5py.File(path, "a") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((10,))
        properties.set_filter(40_000, h5py.h5z.FLAG_OPTIONAL, ())
        del file["events/p"]
        space = h5py.h5s.create_simple((10,))
        h5py.h5d.create(file["events"].id, b"p", h5py.h5t.NATIVE_UINT8, space, properties)
    with pytest.raises(ImportError, match=r"filter 40000: pip install 'aestream\[hdf5\]'"):
        FileInput(path)


@pytest.mark.filterwarnings("ignore:os.fork", "ignore:This process .* is multi-threaded")
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_workers_open_the_file_for_themselves(path, context):
    file = FileInput(write_group(path, EVENTS, **FETCHED["lzf"]), SHAPE, threads=2, window_us=100_000)
    alone = list(DataLoader(file, batch_size=2))
    workers = list(DataLoader(file, batch_size=2, num_workers=2, multiprocessing_context=context))
    assert len(alone) == len(workers) and all(torch.equal(a, b) for a, b in zip(alone, workers, strict=True))


def test_replay_of_fetched_rows(path):
    with FileInput(write_group(path, EVENTS, **FETCHED["lzf"]), SHAPE, ignore_time=True) as stream:
        total = 0.0
        while stream.is_streaming():
            total += stream.read().sum()
    assert total == len(EVENTS)


@pytest.mark.parametrize("skipped", [(), (0,), (1,), (2,), (0, 1, 2)])
def test_ecf_blocks_and_chunks_without(path, opened, skipped):
    check(write_ecf(path, EVENTS, skipped=skipped), threads=3)
    assert opened.keys() == {"open_ecf"}


def test_last_ecf_block_may_be_padded(path):
    padded = np.concatenate([EVENTS[2 * ECF_CHUNK :], np.repeat(EVENTS[-1:], 3 * ECF_CHUNK - len(EVENTS))])
    padded = padded.astype(EVENTS.dtype)
    check(write_ecf(path, EVENTS, blocks={2: _core.encode_ecf(padded)}))


@pytest.mark.parametrize(
    ("blocks", "skipped", "message"),
    [
        ({1: _core.encode_ecf(EVENTS[: ECF_CHUNK - 1].copy())}, (), "expected a block of 16384 events, found 16383"),
        ({1: b"\x06"}, (), "expected"),
        ({1: bytes(99)}, (1,), "expected a chunk of 16384 rows, found 99 bytes"),
        ({1: b""}, (), "expected a chunk for each 16384 rows of /CD/events, found fewer"),
    ],
)
def test_damaged_ecf_chunks_fail(path, blocks, skipped, message):
    with pytest.raises(FormatError, match=message):
        FileInput(write_ecf(path, EVENTS, blocks=blocks, skipped=skipped)).load()


LONG = make_events(120_000)


def damage_times(path, chunk_number: int):
    """Make a chunk of the column t unreadable."""
    with h5py.File(path) as file:
        chunk = file["events/t"].id.get_chunk_info(chunk_number)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset : chunk.byte_offset + chunk.size] = bytes(chunk.size)
    path.write_bytes(data)


def test_ms_to_idx_saves_reading_all_times(path):
    damage_times(write_dsec(path, LONG), 3)
    file = FileInput(path, SHAPE, cache_index=False)
    assert (file.num_events, file.t_start, file.t_stop) == (120_000, LONG["t"][0], LONG["t"][-1] + 1)
    start_us = int(LONG["t"][100_000])
    assert_same_events(file.slice(start_us, start_us + 5000), slice_by_running_maximum(LONG, start_us, start_us + 5000))
    with pytest.raises(FormatError, match="chunk 3"):
        file.load()
    with h5py.File(path, "a") as other:
        del other["ms_to_idx"]
    with pytest.raises(FormatError, match="chunk 3"):
        len(FileInput(path, SHAPE, cache_index=False))


def test_ms_to_idx_of_times_that_step_back(path):
    events = make_events(120_000, step_back_us=2000)
    events["t"][0] = events["t"].min()
    check(write_dsec(path, events), events)


def test_ms_to_idx_that_counts_from_elsewhere(path):
    start_ms = int(LONG["t"][0]) // 1000
    rows = np.searchsorted(LONG["t"], 1000 * np.arange(start_ms, LONG["t"][-1] // 1000 + 1))
    write_group(path, LONG, chunks=(16384,), compression="gzip", compression_opts=1)
    with h5py.File(path, "a") as file:
        file["ms_to_idx"] = rows
        file["ms_to_idx_offset"] = start_ms
    check(path, LONG)
    damage_times(path, 3)
    assert FileInput(path, SHAPE, cache_index=False).num_events == 120_000


LIES = {
    "all late": np.full(2000, 120_000),
    "all early": np.zeros(2000, int),
    "ends early": np.arange(200) * 30,
    "twice as fast": np.minimum(np.arange(4000) * 100, 120_000),
    "one entry": np.array([120_000]),
    "falls": np.arange(2000)[::-1],
    "beyond": np.arange(2000) * 1000,
    "negative": np.arange(2000) - 10,
    "empty": np.zeros(0, int),
    "fractions": np.arange(2000) * 0.5,
    "table": np.zeros((20, 20), int),
}


@pytest.mark.parametrize("rows", LIES.values(), ids=LIES)
def test_ms_to_idx_that_lies_changes_nothing(path, rows):
    write_dsec(path, LONG, ms_to_idx=rows)
    check(path, LONG)
    for start in (110_000, 60_000, 20_000, 90_000):  # at random, as a shuffled loader
        start_us = int(LONG["t"][start])
        got = FileInput(path, cache_index=False).slice(start_us, start_us + 1000)
        assert_same_events(got, slice_by_running_maximum(LONG, start_us, start_us + 1000))


def test_cached_index_from_ms_to_idx_is_verified_too(path, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("aestream.datasets.event_file.MIN_FILE_BYTES", 0)
    rows = np.searchsorted(LONG["t"], LONG["t"][0] - 300 + 1000 * np.arange(2500))
    rows[:2000] = rows[500:2500]  # half a second early, but for the end
    write_dsec(path, LONG, ms_to_idx=rows)
    for _ in range(2):  # the second time with the index of the first
        file, start_us = FileInput(path), int(LONG["t"][40_000])
        assert file.num_events == 120_000
        assert_same_events(
            file.slice(start_us, start_us + 900), slice_by_running_maximum(LONG, start_us, start_us + 900)
        )
