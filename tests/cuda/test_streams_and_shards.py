"""``device="cuda"`` of what is not a file: streams, and prepared items."""

from __future__ import annotations

import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file
from torch.utils.data import DataLoader

from aestream import Events, FileInput, Frame, StackedHistogram, Tore
from aestream.datasets import PreparedDataset, prepare
from aestream.transforms import Crop, DropEvents

SHAPE = (WIDTH, HEIGHT)


@pytest.fixture
def path(tmp_path):
    return write_file(tmp_path, "evt3", make_events(4000))


@pytest.mark.parametrize("representation", [Frame(), StackedHistogram(3), Tore(2), None], ids=str)
@pytest.mark.parametrize("length", [{"window_us": 9000}, {"window_events": 500}], ids=str)
@pytest.mark.parametrize("transform", [None, DropEvents(0.3)], ids=str)
def test_items_of_a_stream(path, cuda, representation, length, transform):
    options = {"representation": representation, "event_transform": transform, "with_times": True, **length}
    made = list(FileInput(path, SHAPE, cuda, True, **options).replay())
    expected = list(FileInput(path, SHAPE, "cpu", True, **options).replay())
    assert len(made) == len(expected) > 3
    for (one, times), (other, expected_times) in zip(made, expected, strict=True):
        assert torch.equal(times, expected_times)
        if isinstance(other, Events):
            assert all(torch.equal(a.cpu(), b) for a, b in zip(one, other, strict=True))
        else:
            assert one.dtype == other.dtype and torch.equal(one.cpu(), other)


def test_frames_of_a_stream(path, cuda):
    total = torch.zeros(SHAPE)
    with FileInput(path, SHAPE, cuda, True) as stream:
        while stream.is_streaming():
            total += stream.read("torch").cpu()
    assert torch.equal(total.T, Frame("sum")(FileInput(path).load(), SHAPE)[0])


@pytest.mark.parametrize("what", ["events", "tensors"])
def test_prepared_items(tmp_path, path, cuda, what):
    transform = DropEvents(0.2) if what == "events" else Crop(3, 4, 30, 20)
    options = {"representation": StackedHistogram(3), "window_us": 9000, "event_transform": transform}
    prepare(FileInput(path, SHAPE, cuda, **options), tmp_path / "out", what=what)
    made, expected = PreparedDataset(tmp_path / "out", device=cuda), FileInput(path, SHAPE, **options)
    loaders = (DataLoader(each, batch_size=5, collate_fn=made.collate) for each in (made, expected))
    for one, other in zip(*loaders, strict=True):
        assert torch.equal(one.cpu(), other)


def test_a_dataset_that_prepares_itself_keeps_its_device(tmp_path, path, cuda):
    cached = FileInput(path, SHAPE, cuda, window_us=9000).cached(tmp_path / "cache")
    assert cached.device == torch.device("cuda")
    for one, other in zip(cached, FileInput(path, SHAPE, window_us=9000), strict=False):
        assert torch.equal(one.cpu(), other)
