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
from aestream.datasets import (
    EventFolder,
    RecordingDataset,
    export_rvt,
    export_webdataset,
    prepare,
    rvt_labels,
    rvt_windows,
)

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


def plain_rvt_labels(boxes, dataset, split):
    """What RVT keeps, box by box: its times and rows."""
    width, height, side, across = (304, 240, 10, 30) if dataset == "gen1" else (1280, 720, 5, 0)
    one, kept = np.float32, []
    for t, x, y, w, h, kind in boxes.tolist():
        left, right = (min(max(edge, 0), width - 1) for edge in (one(x), one(x) + one(w)))
        top, bottom = (min(max(edge, 0), height - 1) for edge in (one(y), one(y) + one(h)))
        w, h = one(right) - one(left), one(bottom) - one(top)
        if dataset == "gen4" and kind > 2:
            continue
        if w <= 0 or h <= 0 or min(w, h) < side or w * w + h * h < across**2:
            continue
        if split == "train" and w > 9 * width // 10:
            continue
        kept.append((t, left, top, w, h, kind))
    times = sorted({row[0] for row in kept})
    period = 250_000
    if dataset == "gen4":
        median = np.median(np.diff(times))
        period = int({30: 3, 60: 6}[round(1e6 / median)] * median)
    frames = []
    for time in times:
        if time < 100_000:
            continue
        if not frames:
            frames.append(time)
            continue
        count = round((time - frames[-1]) / period)
        if count and abs(time - frames[-1] - count * period) <= 2000:
            frames.append(time)
    ends = list(range(frames[0], 0, -50_000))[::-1][1:-1] if frames else []
    for first, last in zip(frames[:-1], frames[1:], strict=True):
        count = 2 * round((last - first) / period)
        ends += [int(first + (last - first) * i / count) for i in range(count)]
    return ends + frames[-1:], {time: [row for row in kept if row[0] == time] for time in frames}


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize(("dataset", "every"), [("gen1", 250_000), ("gen4", 33_333), ("gen4", 16_667)])
@pytest.mark.parametrize("seed", range(3))
def test_rvt_keeps_these_labels_and_windows(dataset, every, split, seed):
    random = np.random.default_rng(seed)
    stamps = random.integers(1, 200_000) + every * np.arange(60) + random.choice([0, 0, 0, 900, -3000], 60)
    boxes = np.zeros(180, BOX)
    boxes["t"] = np.repeat(np.maximum(stamps, 1), 3)
    width, height = (304, 240) if dataset == "gen1" else (1280, 720)
    boxes["x"], boxes["y"] = random.uniform(-60, width, 180), random.uniform(-60, height, 180)
    boxes["w"], boxes["h"] = random.uniform(1, 90, 180), random.uniform(1, 60, 180)
    boxes["w"][::20], boxes["x"][::20] = 0.95 * width, 3
    boxes["class_id"] = random.integers(0, 7 if dataset == "gen4" else 2, 180)
    before = boxes.copy()
    windows, targets = rvt_labels(boxes, dataset=dataset, split=split)
    ends, want = plain_rvt_labels(boxes, dataset, split)
    assert windows.tolist() == [[end - 50_000, end + 1] for end in ends]
    assert [rows.tolist() for rows in targets] == [want.get(end, []) for end in ends]
    assert 3 < len(want) < 60
    assert np.array_equal(boxes, before)


def test_rvt_leaves_out_a_recording_without_labels(tmp_path):
    for name in "ab":
        write_recording(tmp_path / f"{name}_td.dat", count=4000, seed=ord(name))
    boxes = np.array([(200_000, 1, 1, 40, 40, 0), (90_000, 1, 1, 40, 40, 1), (450_500, -70, 1, 40, 40, 1)], BOX)
    windows, targets = rvt_labels(boxes)
    assert windows[:, 1].tolist() == [100_001, 150_001, 200_001]
    assert [rows.tolist() for rows in targets] == [[], [], [(200_000, 1, 1, 40, 40, 0)]]
    items = [(tmp_path / "a_td.dat", windows, targets), (tmp_path / "b_td.dat", *rvt_labels(boxes[1:]))]
    prepare(RecordingDataset(items, representation=StackedHistogram.rvt()), tmp_path / "out", what="tensors")
    assert export_rvt(tmp_path / "out", tmp_path / "rvt") == [str(tmp_path / "rvt" / "a")]
    assert [path.name for path in (tmp_path / "rvt").iterdir()] == ["a"]
    with pytest.raises(ValueError, match="expected labels at 30 or 60 Hz, found 10"):
        rvt_labels(np.array([(100_000 * i, 1, 1, 40, 40, 0) for i in range(5)], BOX), dataset="gen4")
    with pytest.raises(ValueError, match="dataset must be one of"):
        rvt_labels(boxes, dataset="gen2")
    with pytest.raises(ValueError, match="expected labels, a length and a step of 1 µs or more; got 0"):
        rvt_windows([])


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
