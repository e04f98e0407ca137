"""Batches of a DataLoader: the tensors that were made, without a copy, wherever that is the same."""

from __future__ import annotations

import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler, Subset

from aestream import FileInput


@pytest.fixture
def file(tmp_path):
    return FileInput(write_file(tmp_path, "evt3", make_events()))


def test_default_collate_hands_out_the_batch_as_it_lies(file):
    items = file.__getitems__([0, 1, 2])
    (batch,) = DataLoader(file, batch_sampler=[[0, 1, 2]])
    assert type(batch) is torch.Tensor
    assert torch.equal(batch, torch.stack([file[0], file[1], file[2]]))
    collated = torch.utils.data.default_collate(items)
    assert collated.data_ptr() == items[0].data_ptr()


def test_items_out_of_order_are_stacked(file):
    items = file.__getitems__([0, 1, 2])
    for chosen in ([2, 1, 0], [0, 2, 1], [0, 1], [0, 1, 1], [0, 0, 0], [0, 1, 2, 0], [1, 2]):
        collated = torch.utils.data.default_collate([items[i] for i in chosen])
        assert torch.equal(collated, torch.stack([file[i] for i in chosen]))
    mixed = [items[0], file.__getitems__([1])[0]]
    assert torch.equal(torch.utils.data.default_collate(mixed), torch.stack([file[0], file[1]]))
    other = file.__getitems__([3, 4, 5])
    exchanged = torch.utils.data.default_collate([items[0], other[1], items[2]])
    assert torch.equal(exchanged, torch.stack([file[0], file[4], file[2]]))


def test_a_batch_of_none_has_no_items(file):
    assert file.__getitems__([]) == []


def test_items_are_plain_tensors_to_every_operation(file):
    item = file.__getitems__([0])[0]
    assert isinstance(item, torch.Tensor)
    assert type(item + 1) is type(item[0]) is type(torch.stack([item])) is torch.Tensor
    assert type(file[0]) is type(next(iter(file))) is torch.Tensor


def test_subsets_and_own_collate_functions_work(file):
    subset = Subset(file, [4, 2, 3])
    (batch,) = DataLoader(subset, batch_size=3)
    assert torch.equal(batch, torch.stack([file[4], file[2], file[3]]))
    (batch,) = DataLoader(subset, batch_size=3, collate_fn=lambda items: torch.stack(items).sum(0))
    assert torch.equal(batch, file[4] + file[2] + file[3])


def test_batches_are_not_changed_by_later_ones(file):
    batches = list(DataLoader(file, batch_sampler=BatchSampler(SequentialSampler(file), 4, drop_last=False)))
    again = list(DataLoader(file, batch_size=4))
    assert all(torch.equal(a, b) for a, b in zip(batches, again, strict=True))
    assert sum(float(batch.sum()) for batch in batches) == 5000


def test_iterating_gives_the_items_in_order(file):
    items = list(file)
    assert len(items) == len(file)
    assert all(torch.equal(item, file[i]) for i, item in enumerate(items))
    assert items[0].shape == (2, HEIGHT, WIDTH)
