"""What an index of a dataset may be, and how targets are found by it."""

import numpy as np
import pytest
import torch
from support.files import make_events, write_file

from aestream import FileInput
from aestream.datasets import RecordingDataset


def datasets_of(path, tmp_path):
    file = FileInput(path, window_us=10_000)
    recordings = RecordingDataset([(path, None, 0)], window_us=10_000)
    return {"file": file, "recordings": recordings, "cached": recordings.cached(tmp_path / "kept")}


@pytest.mark.parametrize("which", ["file", "recordings", "cached"])
def test_an_index_is_a_whole_number(tmp_path, which):
    dataset = datasets_of(write_file(tmp_path, "evt3", make_events()), tmp_path)[which]
    assert len(dataset) > 3
    for odd in (1.0, "1", None, [0, 1], (0, 1), np.array([0, 1]), ...):
        with pytest.raises(TypeError, match="an index is a whole number; got .*Subset"):
            dataset[odd]
        with pytest.raises(TypeError, match="an index is a whole number; got .*Subset"):
            dataset.__getitems__([0, odd])
    with pytest.raises(IndexError, match=f"index {len(dataset)} is out of range for {len(dataset)} "):
        dataset[len(dataset)]
    first = dataset[1:][0]
    for index in (1, np.int64(1), torch.tensor(1), True, np.uint8(1), 1 - len(dataset)):
        again = dataset[index]
        assert all(torch.equal(*map(torch.as_tensor, pair)) for pair in zip(listed(first), listed(again), strict=True))


def listed(item):
    return item if isinstance(item, tuple) else (item,)


class Table:
    """What matters of a column of pandas whose rows were filtered: [] goes by label."""

    iloc = None

    def __init__(self, labels, values):
        self.values = dict(zip(labels, values, strict=True))

    def __len__(self):
        return len(self.values)

    def __getitem__(self, label):
        return self.values[label]

    def to_numpy(self):
        return np.array(list(self.values.values()))


def test_targets_of_pandas_go_by_row(tmp_path):
    path = write_file(tmp_path, "evt3", make_events(10))
    windows, labels = [[0, 1], [1, 2], [2, 3]], Table([2, 0, 1], [5, 6, 7])
    assert [y for _, y in FileInput(path, windows=windows, targets=labels)] == [5, 6, 7]
    assert [y for _, y in RecordingDataset([(path, windows, labels)])] == [5, 6, 7]
