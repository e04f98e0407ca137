"""Gen1 and 1 megapixel: boxes, and windows that end at them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.trees import frame_of, write_recording
from torch.utils.data import DataLoader

from aestream.datasets import Gen1Detection, OneMegapixelDetection
from aestream.datasets.windows import windows_before

GEN1 = np.dtype(
    [("ts", "<u8"), ("x", "<f4"), ("y", "<f4"), ("w", "<f4"), ("h", "<f4"), ("class_id", "u1"), ("confidence", "<f4")]
)
NAMES = ["t", "x", "y", "w", "h", "class_id", "track_id", "class_confidence"]
GEN4 = np.dtype({"names": NAMES, "formats": ["<i8"] + ["<f4"] * 4 + ["<u4"] * 2 + ["<f4"], "itemsize": 40})


def boxes(dtype, rows):
    table = np.zeros(len(rows), dtype)
    time = "t" if "t" in dtype.names else "ts"
    for row, (t, x, y, w, h, label) in zip(table, rows, strict=True):
        row[time], row["x"], row["y"], row["w"], row["h"], row["class_id"] = t, x, y, w, h, label
    return table


ROWS = [(2000, 1, 2, 3, 4, 0), (2000, 300, 2, 30, 4, 1), (500, -5, 0, 9, 9, 1), (2600, 5, 6, 7, 8, 0)]


@pytest.fixture(params=[GEN1, GEN4], ids=["ts", "t"])
def root(request, tmp_path):
    """One recording of 20 events from 1000 µs on, and four boxes at three times, out of order; one before all."""
    events = write_recording(tmp_path / "val" / "a_td.dat", shape=(304, 240))
    np.save(tmp_path / "val" / "a_bbox.npy", boxes(request.param, ROWS))
    return tmp_path, events


def test_items_end_at_the_distinct_times_of_labels(root):
    folder, events = root
    dataset = Gen1Detection(folder, "val", length_us=600)
    assert [dataset.window(i) for i in range(len(dataset))] == [(-100, 500), (1400, 2000), (2000, 2600)]
    x, target = dataset[1]
    np.testing.assert_array_equal(x, frame_of(events[(events["t"] >= 1400) & (events["t"] < 2000)], (304, 240)))
    assert target.dtype == torch.float32
    assert target.tolist() == [[0, 1, 2, 3, 4], [1, 300, 2, 30, 4]]
    assert dataset[0][0].sum() == 0 and dataset[0][1].tolist() == [[1, -5, 0, 9, 9]]


def test_boxes_as_the_publisher_has_them(root):
    folder, _ = root
    target = Gen1Detection(folder, "val", boxes="array").target(1)
    stored = np.load(folder / "val" / "a_bbox.npy")
    assert target.dtype == stored.dtype
    np.testing.assert_array_equal(target, stored[:2])


def test_batches_are_ragged(root):
    dataset = pickle.loads(pickle.dumps(Gen1Detection(root[0], "val")))
    ((x, target),) = DataLoader(dataset, batch_size=3, collate_fn=dataset.collate)
    assert x.shape == (3, 2, 240, 304)
    assert target.values.shape == (4, 5)
    assert target.batch.tolist() == [0, 1, 1, 2] and target.offsets.tolist() == [0, 1, 3, 4]
    arrays = Gen1Detection(root[0], "val", boxes="array")
    ((_, target),) = DataLoader(arrays, batch_size=3, collate_fn=arrays.collate)
    assert target.values["x"].tolist() == [-5, 1, 300, 5]


def test_a_half_of_a_pair_is_named(root):
    folder, _ = root
    (folder / "val" / "b_bbox.npy").write_bytes((folder / "val" / "a_bbox.npy").read_bytes())
    with pytest.raises(ValueError, match=r"b_bbox\.npy' alone"):
        Gen1Detection(folder, "val")
    (folder / "val" / "b_bbox.npy").unlink()
    (folder / "val" / "a_bbox.npy").unlink()
    with pytest.raises(ValueError, match=r"a_td\.dat' alone"):
        Gen1Detection(folder, "val")


def test_what_macos_leaves_beside_files_does_not_count(root):
    folder, _ = root
    before = len(Gen1Detection(folder, "val"))
    for path in [*folder.rglob("*_td.dat"), *folder.rglob("*_bbox.npy")]:
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    assert len(Gen1Detection(folder, "val")) == before


def test_a_table_that_is_none_is_named(root):
    folder, _ = root
    np.save(folder / "val" / "a_bbox.npy", np.zeros((3, 5)))
    with pytest.raises(ValueError, match=r"expected fields t, x, .*a_bbox\.npy.*float64 \[3, 5\]"):
        Gen1Detection(folder, "val")
    (folder / "val" / "a_bbox.npy").write_bytes(b"boxes")
    with pytest.raises(ValueError, match=r"expected a table of boxes in .*a_bbox\.npy"):
        Gen1Detection(folder, "val")


def test_arguments_and_places_that_are_none_fail(root):
    folder, _ = root
    with pytest.raises(ValueError, match="boxes must be one of 'tensor', 'array'"):
        Gen1Detection(folder, "val", boxes="list")
    with pytest.raises(ValueError, match="length_us must be 1 or more; got 0"):
        Gen1Detection(folder, "val", length_us=0)
    with pytest.raises(ValueError, match=r"train of the Gen1.*prophesee\.ai"):
        Gen1Detection(folder, "train")
    (folder / "test").mkdir()
    with pytest.raises(ValueError, match=r"<name>_td\.dat in .*found none"):
        Gen1Detection(folder, "test")


def test_one_megapixel(tmp_path):
    write_recording(tmp_path / "train" / "drive_0_td.dat", shape=(1280, 720))
    np.save(tmp_path / "train" / "drive_0_bbox.npy", boxes(GEN4, [(1500, 0, 0, 9, 9, 6)]))
    dataset = OneMegapixelDetection(tmp_path, "train")
    assert dataset.shape == (1280, 720)
    assert dataset.classes[int(dataset.target(0)[0, 0])] == "traffic light"
    assert dataset[0][0].sum() == 5


def test_a_table_without_rows_gives_no_items(tmp_path):
    write_recording(tmp_path / "train" / "a_td.dat", shape=(304, 240))
    np.save(tmp_path / "train" / "a_bbox.npy", boxes(GEN1, []))
    assert len(Gen1Detection(tmp_path)) == 0


@given(st.lists(st.integers(-(10**9), 10**15)), st.integers(1, 10**6))
def test_no_event_at_or_after_a_label_enters(times, length_us):
    for t, (start, stop) in zip(times, windows_before(times, length_us).tolist(), strict=True):
        assert stop == t and stop - start == length_us
