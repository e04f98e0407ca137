"""The index: on disk, inside pickles, in workers."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import torch
from support.checks import assert_same_events
from support.files import FORMATS, HEIGHT, WIDTH, make_events, write_file
from torch.utils.data import DataLoader

from aestream import Events, FileInput, collate_events
from aestream.datasets import index_cache

SHAPE = (WIDTH, HEIGHT)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("aestream.datasets.event_file.MIN_FILE_BYTES", 0)
    return tmp_path / "cache" / "aestream" / "index"


@pytest.mark.parametrize("format", FORMATS)
def test_cached_index_gives_the_same_items(tmp_path, cache, format):
    path = write_file(tmp_path, format, make_events())
    first = [item.clone() for item in FileInput(path, SHAPE)]
    (entry,) = cache.iterdir()
    written = entry.stat().st_mtime_ns
    second = FileInput(path, SHAPE)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert entry.stat().st_mtime_ns == written


def test_cache_is_not_written_when_not_wanted(tmp_path, cache):
    len(FileInput(write_file(tmp_path, "evt2", make_events()), cache_index=False))
    assert not cache.exists()


def test_small_files_are_not_cached(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    len(FileInput(write_file(tmp_path, "evt2", make_events())))
    assert not (tmp_path / "cache").exists()


def test_stale_index_is_rebuilt(tmp_path, cache):
    path = write_file(tmp_path, "evt2", make_events(1000))
    assert FileInput(path).num_events == 1000
    write_file(tmp_path, "evt2", make_events(700, seed=2))
    assert FileInput(path).num_events == 700


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b"", lambda b: b[:40]]
)
def test_corrupt_cache_is_rebuilt(tmp_path, cache, damage):
    path = write_file(tmp_path, "evt2", make_events(1000))
    assert FileInput(path).num_events == 1000
    (entry,) = cache.iterdir()
    entry.write_bytes(damage(entry.read_bytes()))
    assert_same_events(FileInput(path).slice(0, 2**40), make_events(1000))


def test_unwritable_cache_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("aestream.datasets.event_file.MIN_FILE_BYTES", 0)
    assert FileInput(write_file(tmp_path, "evt2", make_events(1000))).num_events == 1000


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert index_cache.cache_folder() == tmp_path / "aestream" / "index"


@pytest.mark.parametrize("format", FORMATS)
def test_pickle_holds_parameters_and_index_but_no_events(tmp_path, format):
    path = write_file(tmp_path, format, make_events())
    file = FileInput(path, SHAPE, window_us=7_000)
    packed = pickle.dumps(file)
    assert len(packed) < os.path.getsize(path) / 4 + 4096
    copy = pickle.loads(packed)
    assert copy._file.has_index
    assert len(copy) == len(file) and all(torch.equal(a, b) for a, b in zip(file, copy, strict=True))
    assert_same_events(copy.load(), file.load())


@pytest.mark.filterwarnings("ignore:os.fork", "ignore:This process .* is multi-threaded")  # other tests import jax
@pytest.mark.parametrize("format", ["evt3", "aedat4", "npy", "hdf5"])
@pytest.mark.parametrize("context", ["fork", "spawn", "forkserver"])
def test_workers_give_the_same_batches(tmp_path, format, context):
    path = write_file(tmp_path, format, make_events())
    file = FileInput(path, SHAPE, threads=2)  # whose helper threads no fork takes along
    alone = list(DataLoader(file, batch_size=3, num_workers=0))
    workers = list(DataLoader(file, batch_size=3, num_workers=2, multiprocessing_context=context))
    assert len(alone) == len(workers) == 4
    assert all(torch.equal(a, b) for a, b in zip(alone, workers, strict=True))


def test_shuffled_loader_covers_every_event_once(tmp_path):
    events = make_events()
    file = FileInput(write_file(tmp_path, "evt21", events), window_events=90)
    total = sum(batch.sum() for batch in DataLoader(file, batch_size=7, shuffle=True))
    assert total == len(events)


@pytest.mark.filterwarnings("ignore:os.fork", "ignore:This process .* is multi-threaded")
@pytest.mark.parametrize("num_workers", [0, 2])
def test_events_are_collated_by_column(tmp_path, num_workers):
    events = make_events(1000)
    file = FileInput(write_file(tmp_path, "evt3", events), window_events=300, representation=None)
    batches = list(DataLoader(file, batch_size=3, collate_fn=collate_events, num_workers=num_workers))
    assert isinstance(batches[0].events, Events)
    assert [batch.offsets.tolist() for batch in batches] == [[0, 300, 600, 900], [0, 100]]
    assert_same_events(np.concatenate([batch.events.numpy() for batch in batches]), events)
    assert batches[0].batch.tolist() == [0] * 300 + [1] * 300 + [2] * 300
