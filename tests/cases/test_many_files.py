"""Tens of thousands of files in a dataset of one file per sample: more than a process may map, or have open."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.checks import assert_same_events
from support.files import make_events, write_file

import aestream.datasets.event_file as event_file
from aestream import FileInput
from aestream.datasets.open_files import OpenFiles


def mappings() -> int:
    with open("/proc/self/maps", "rb") as maps:
        return sum(1 for _ in maps)


def test_open_files_cost_no_mapping_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "MAPPED", OpenFiles(10))
    events = make_events(20)
    first = write_file(tmp_path, "dat", events)
    before = mappings()
    files = []
    for number in range(500):
        os.link(first, tmp_path / f"{number}.dat")
        files.append(FileInput(tmp_path / f"{number}.dat"))
    assert mappings() - before < 100
    for file in files:
        assert_same_events(file.load(), events)
        assert file.num_events == len(events)
    assert mappings() - before < 100


def test_a_process_opens_more_files_than_it_may_map(tmp_path: Path) -> None:
    path = write_file(tmp_path, "dat", make_events(3))
    count = int(Path("/proc/sys/vm/max_map_count").read_text()) + 500
    if count > 200_000:
        pytest.skip("this machine allows so many mappings that the test would take long")
    files = [FileInput(path, cache_index=False) for _ in range(count)]
    assert files[0].num_events == files[-1].num_events == 3


def test_more_hdf5_files_than_descriptors_are_read(tmp_path: Path) -> None:
    import resource

    columns = {name: np.arange(3) for name in "txy"} | {"p": np.array([1, 0, 1], "i8")}
    with h5py.File(tmp_path / "a.h5", "w") as root:
        for name, column in columns.items():  # of this kind h5py reads the rows
            root.create_dataset(f"events/{name}", data=column, chunks=(2,), compression="lzf", fletcher32=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    try:
        files = [FileInput(tmp_path / "a.h5") for _ in range(1200)]
        assert all(file.load()["t"].tolist() == [0, 1, 2] for file in files)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_file_is_indexed_once_however_often_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "MAPPED", OpenFiles(1))
    one, two = (FileInput(write_file(tmp_path, format, make_events(100))) for format in ("evt2", "evt3"))
    assert one.num_events == two.num_events == 100
    assert one._file.has_index
    assert two._file.has_index


def test_a_file_that_was_replaced_meanwhile_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "MAPPED", OpenFiles(1))
    file = FileInput(write_file(tmp_path, "dat", make_events(100)))
    assert file.num_events == 100
    write_file(tmp_path, "dat", make_events(90))
    FileInput(write_file(tmp_path, "evt3", make_events(5)))
    with pytest.raises(OSError, match="has changed since it was opened"):
        file.load()


def test_a_stream_goes_on_when_its_file_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "MAPPED", OpenFiles(1))
    events = make_events(1000)
    path, other = write_file(tmp_path, "dat", events), write_file(tmp_path, "evt3", make_events(5))
    with FileInput(path, ignore_time=True) as stream:
        FileInput(other)
        total = 0
        while stream.is_streaming():
            total += int(stream.read().sum())
    assert total == len(events)
