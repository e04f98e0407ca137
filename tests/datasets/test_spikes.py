"""SHD and SSC: spikes of 700 channels, many recordings a file."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from aestream import FileInput, FormatError
from aestream.datasets import SHD, SSC

TIMES = [[0.0, 0.25, 0.5], [], [1.0]]
UNITS = [[0, 699, 5], [], [7]]


def write_spikes(path, *, labels=(1, 0, 1), units=UNITS, keys=(b"null", b"eins")):
    with h5py.File(path, "w") as file:
        for name, rows, dtype in (("times", TIMES, np.float16), ("units", units, np.uint16)):
            stored = file.create_dataset(f"spikes/{name}", (len(rows),), h5py.vlen_dtype(dtype))
            for number, row in enumerate(rows):
                stored[number] = np.array(row, dtype)
        file["labels"] = np.array(labels, np.uint16)
        file["extra/keys"] = np.array(keys)


def test_shd_items_are_spikes_of_a_line_of_channels(tmp_path):
    write_spikes(tmp_path / "shd_test.h5")
    dataset = SHD(tmp_path, "test")
    assert len(dataset) == 3 and dataset.shape == (700, 1)
    assert dataset.classes == ("null", "eins") and dataset.labels == [1, 0, 1]
    x, label = dataset[0]
    assert x.shape == (2, 1, 700) and label == 1
    assert np.argwhere(x.numpy()).tolist() == [[1, 0, 0], [1, 0, 5], [1, 0, 699]]
    assert dataset[1][0].sum() == 0
    events = SHD(tmp_path, "test", representation=None)[0][0]
    assert events.t.tolist() == [0, 250000, 500000] and events.p.all() and not events.y.any()


def test_ssc_calls_its_validation_set_valid(tmp_path):
    write_spikes(tmp_path / "ssc_valid.h5")
    assert len(SSC(tmp_path, "val")) == 3
    with pytest.raises(ValueError, match=r"ssc_train\.h5 of SSC.*zenkelab\.org"):
        SSC(tmp_path, "train")
    with pytest.raises(ValueError, match="'train', 'val', 'test'; got 'valid'"):
        SSC(tmp_path, "valid")


def test_one_recording_is_chosen_by_its_number(tmp_path):
    write_spikes(tmp_path / "shd_train.h5")
    file = FileInput(tmp_path / "shd_train.h5", stream=2)
    assert file.load()["x"].tolist() == [7] and file.metadata["recordings"] == 3
    for stream in (None, 3, -1, "0"):
        with pytest.raises(ValueError, match="recording's number, 0 to 2"):
            FileInput(tmp_path / "shd_train.h5", stream=stream)


def test_labels_that_do_not_match_are_told(tmp_path):
    path = tmp_path / "shd_train.h5"
    write_spikes(path, labels=(1, 0))
    with pytest.raises(ValueError, match=r"shd_train\.h5' has 3 recordings, but 2 labels"):
        SHD(tmp_path)
    write_spikes(path, labels=(1, 0, 2))
    with pytest.raises(ValueError, match="labels from 0 to 2, but 2 names"):
        SHD(tmp_path)


def test_a_file_of_something_else_is_named(tmp_path):
    with h5py.File(tmp_path / "shd_train.h5", "w") as file:
        file["pictures"] = np.zeros(3)
    with pytest.raises(FormatError, match=r"shd_train\.h5: expected spikes/times"):
        SHD(tmp_path)
    (tmp_path / "shd_train.h5").write_bytes(b"nothing")
    with pytest.raises(FormatError, match=r"shd_train\.h5|HDF5"):
        SHD(tmp_path)


def test_a_spike_without_a_unit_fails(tmp_path):
    write_spikes(tmp_path / "shd_train.h5", units=[[0, 1], [], [7]])
    with pytest.raises(FormatError, match="recording 0, found 3 and 2"):
        SHD(tmp_path)[0]
