"""Prepared folders in other layouts, read by other readers."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  # registers Blosc
import numpy as np
import pytest
import torch
import webdataset
from support.trees import write_recording

from aestream import FileInput, StackedHistogram, save
from aestream.datasets import EventFolder, RecordingDataset, export_rvt, export_webdataset, prepare, rvt_windows

BOX = np.dtype([("t", "<u8"), ("x", "<f4"), ("y", "<f4"), ("w", "<f4"), ("h", "<f4"), ("class_id", "u1")])


@pytest.fixture
def folder(tmp_path):
    for label, name in enumerate(("left", "right")):
        for number in range(3):
            write_recording(tmp_path / "data" / name / f"{number}.dat", count=40 + 10 * number, seed=3 * label + number)
    return tmp_path / "data"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # webdataset leaves its files open
@pytest.mark.parametrize("what", ["events", "tensors"])
def test_webdataset_reads_the_items(folder, tmp_path, what):
    options = {} if what == "tensors" else {"representation": None}
    dataset = EventFolder(folder, window_us=1000, **options)
    prepare(dataset, tmp_path / "out", what=what)
    tars = export_webdataset(tmp_path / "out", tmp_path / "tars", shard_bytes=40_000)
    assert len(tars) > 1
    again = export_webdataset(tmp_path / "out", tmp_path / "again", shard_bytes=40_000)
    assert [Path(path).read_bytes() for path in tars] == [Path(path).read_bytes() for path in again]
    found = list(webdataset.WebDataset(tars, shardshuffle=False, empty_check=False).decode())
    gc.collect()
    assert [item["__key__"] for item in found] == [f"{index:012}" for index in range(len(dataset))]
    for index, item in enumerate(found):
        x, label = dataset[index]
        assert item["cls"] == label
        assert item["times.npy"].tolist() == list(dataset.window(index))
        if what == "tensors":
            assert torch.equal(torch.from_numpy(item["x.npy"]), x)
        else:
            assert all((item["x.npy"][name] == x[name].numpy()).all() for name in "txyp")


def plain_rvt(events, end, bins=10, cutoff=10, length=50_000, shape=(16, 12)):
    """RVT's histogram of the window that ends at a time, in the plainest numpy, from REPRESENTATIONS.md."""
    events = events[(events["t"] >= end - length) & (events["t"] <= end)]
    counts = np.zeros((2, bins, shape[1], shape[0]), np.int64)
    if len(events):
        first, span = events["t"][0], max(events["t"][-1] - events["t"][0], 1)
        for t, x, y, p in events.tolist():
            counts[int(p), min((t - first) * bins // span, bins - 1), y, x] += 1
    return np.minimum(counts, cutoff).astype(np.uint8).reshape(2 * bins, shape[1], shape[0])


def test_rvt_finds_its_layout(tmp_path):
    random = np.random.default_rng(0)
    events = write_recording(tmp_path / "seq_td.dat", count=4000, seed=1)  # 400 ms
    events["t"][1::7] = events["t"][0:-1:7]
    label_times = np.array([50_000, 250_000])
    save(tmp_path / "seq_td.dat", events, (16, 12))
    windows = rvt_windows(label_times)
    assert windows[:, 1].tolist() == [50_001, 100_001, 150_001, 200_001, 250_001]
    boxes = [np.zeros(0, BOX)] * len(windows)
    for row in (0, 4):
        boxes[row] = np.zeros(row + 1, BOX)
        boxes[row]["t"], boxes[row]["x"] = label_times[row // 4], random.random(row + 1)
    dataset = RecordingDataset([(tmp_path / "seq_td.dat", windows, boxes)], representation=StackedHistogram.rvt())
    prepare(dataset, tmp_path / "out", what="tensors")
    (where,) = export_rvt(tmp_path / "out", tmp_path / "rvt")
    assert where == str(tmp_path / "rvt" / "seq")
    inside = Path(where) / "event_representations_v2" / "stacked_histogram_dt=50_nbins=10"
    with h5py.File(inside / "event_representations.h5") as file:
        data = file["data"]
        assert data.chunks == (1, 20, 12, 16)
        for row, end in enumerate(windows[:, 1] - 1):
            np.testing.assert_array_equal(data[row], plain_rvt(events, end))
            assert data[row].any()
    assert np.load(inside / "timestamps_us.npy").tolist() == (windows[:, 1] - 1).tolist()
    assert np.load(inside / "objframe_idx_2_repr_idx.npy").tolist() == [0, 4]
    labels = np.load(Path(where) / "labels_v2" / "labels.npz")
    assert labels["objframe_idx_2_label_idx"].tolist() == [0, 1]
    assert labels["labels"]["t"].tolist() == [50_000] + [250_000] * 5
    assert np.load(Path(where) / "labels_v2" / "timestamps_us.npy").tolist() == label_times.tolist()
    with pytest.raises(ValueError, match="expected tensors of StackedHistogram"):
        prepare(FileInput(tmp_path / "seq_td.dat"), tmp_path / "frames", what="tensors")
        export_rvt(tmp_path / "frames", tmp_path / "rvt")


def test_the_command_line_prepares(folder, tmp_path):
    command = [sys.executable, "-m", "aestream", "prepare", str(folder), str(tmp_path / "out"), "--window", "1ms"]
    more = ["--what", "tensors", "--representation", "VoxelGrid:bins=3,polarity=split", "--workers", "2"]
    run = subprocess.run([*command, *more], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stderr
    assert f"{len(EventFolder(folder, window_us=1000))} items" in run.stdout
    for wrong, said in ((["--representation", "Voxel"], "type must be one of"), (["--window", "2ms"], "passport")):
        run = subprocess.run([*command, *wrong], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
        assert run.returncode in (1, 2)
        assert said in run.stderr or "tensors" in run.stderr
        assert "Traceback" not in run.stderr
