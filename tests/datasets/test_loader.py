"""EventLoader: resumed anywhere, with any workers, on any rank, it goes on with the very next batch."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import recordings
from support.files import make_events, write_file
from support.recordings import LENGTHS, Recordings, Undisciplined, make_loader, through_a_file, train, x_of
from torch.utils.data import DistributedSampler, IterableDataset

from aestream import FileInput
from aestream.datasets.collate import collate_padded
from aestream.datasets.loader import EventLoader
from aestream.datasets.recordings import RecordingDataset
from aestream.datasets.samplers import ItemSampler
from aestream.transforms import FlipX


@pytest.mark.parametrize("kind", ["random", "sequences"])
@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0)])
@pytest.mark.parametrize("stop", [1, 6, 7, 9])
def test_resumed_training_is_the_uninterrupted_one(kind, before, after, stop):
    whole, weights, _ = train(make_loader(kind), 2)
    assert len(whole) > 9
    first, _, state = train(make_loader(kind, before), 2, stop=stop)
    rest, resumed, _ = train(make_loader(kind, after), 2, start=state)
    assert len(first) == stop
    assert all(torch.equal(a, b) for a, b in zip(first + rest, whole, strict=True))
    assert torch.equal(resumed, weights)


@given(st.sampled_from(["random", "sequences"]), st.integers(0, 14))
@settings(max_examples=30)
def test_state_after_any_batch_gives_the_next(kind, stop):
    whole, _, _ = train(make_loader(kind), 3)
    loader, count = make_loader(kind), 0
    while count < stop:
        for _ in loader:
            count += 1
            if count == stop:
                break
    other = make_loader(kind)
    other.load_state_dict(through_a_file(loader.state_dict()))
    assert torch.equal(x_of(next(iter(other))), whole[stop])


def test_a_file_resumes(tmp_path):
    path = write_file(tmp_path, "evt3", make_events())
    loaders = [EventLoader(FileInput(path), batch_size=3, shuffle=True, num_workers=n) for n in (0, 2)]
    whole = list(loaders[0])
    batches = iter(loaders[1])
    for expected in whole[:2]:
        assert torch.equal(next(batches), expected)
    resumed = EventLoader(FileInput(path), batch_size=3, shuffle=True)
    resumed.load_state_dict(loaders[1].state_dict())
    assert all(torch.equal(a, b) for a, b in zip(resumed, whole[2:], strict=True))


def test_another_loaders_state_fails():
    state = make_loader("random").state_dict()
    with pytest.raises(ValueError, match="other batches:\n  state: .*'items'.*\n  this loader: .*'sequences'"):
        make_loader("sequences").load_state_dict(state)
    other = EventLoader(Undisciplined(LENGTHS), batch_size=5, shuffle=True, seed=3)
    with pytest.raises(ValueError, match="other batches"):
        other.load_state_dict(state)


@pytest.mark.parametrize("state", [{}, {"epoch": 1}, None, [], "state"])
def test_what_is_no_state_fails(state):
    with pytest.raises(ValueError, match=r"expected what state_dict\(\) of an EventLoader gave; got"):
        make_loader("random").load_state_dict(state)


@pytest.mark.parametrize("epoch", ["1", 1.0, None, True, 2**63])
def test_an_epoch_is_a_whole_number(epoch, tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events(10)))
    turned = FileInput(file.path, event_transform=FlipX())
    recordings = RecordingDataset([(file.path, None, 0)])
    for each in (file, turned, recordings, make_loader("random"), make_loader("sequences")):
        with pytest.raises(ValueError, match="epoch must be a whole number; got"):
            each.set_epoch(epoch)
        each.set_epoch(np.int64(3))


def test_a_loader_draws_nothing_from_the_default_generator():
    for workers in (0, 2):
        before = torch.get_rng_state()
        list(make_loader("random", workers))
        assert torch.equal(torch.get_rng_state(), before)


def test_epochs_reach_persistent_workers():
    loader = make_loader("random", 1, Recordings, persistent_workers=True)
    plain = make_loader("random", 0, Recordings)
    epochs = [torch.cat(list(loader)) for _ in range(3)]
    assert not torch.equal(epochs[0].sort(0).values, epochs[1].sort(0).values)
    assert all(torch.equal(epoch, torch.cat(list(plain))) for epoch in epochs)
    loader.set_epoch(1)
    assert torch.equal(torch.cat(list(loader)), epochs[1])


def test_an_epoch_chosen_after_iter_counts():
    for workers in (0, 1):
        loader, expected = make_loader("random", workers, Recordings), make_loader("random", 0, Recordings)
        expected.set_epoch(4)
        batches = iter(loader)
        loader.set_epoch(4)
        assert torch.equal(next(batches), next(iter(expected)))
        assert loader.state_dict()["epoch"] == 4 and loader.state_dict()["received"] == 1


def test_an_abandoned_epoch_begins_anew():
    loader = make_loader("random")
    first = next(iter(loader))
    assert torch.equal(next(iter(loader)), first)


class Own(Recordings):
    def collate(self, items):
        return len(items)


def test_the_datasets_collate_is_used():
    assert list(EventLoader(Own([5]), batch_size=2)) == [2, 2, 1]
    assert list(EventLoader(Own([5]), batch_size=2, collate_fn=type)) == [list] * 3


@given(st.integers(0, 40), st.integers(1, 6), st.integers(1, 5), st.booleans())
def test_ranks_are_disjoint_complete_and_equal(length, batch_size, world_size, shuffle):
    ranks = [
        list(ItemSampler(length, batch_size=batch_size, shuffle=shuffle, rank=rank, world_size=world_size))
        for rank in range(world_size)
    ]
    assert {len(batches) for batches in ranks} == {
        len(ItemSampler(length, batch_size=batch_size, rank=0, world_size=world_size))
    }
    assert all(1 <= len(batch) <= batch_size for batches in ranks for batch in batches)
    seen = [index for batches in ranks for batch in batches for index in batch]
    assert set(seen) == set(range(length))
    if batch_size > 1 and length >= world_size:
        assert len(seen) == length


@given(st.integers(0, 40), st.integers(1, 6), st.integers(1, 5))
def test_drop_last_leaves_full_batches(length, batch_size, world_size):
    seen, counts = [], set()
    for rank in range(world_size):
        batches = list(ItemSampler(length, batch_size=batch_size, rank=rank, world_size=world_size, drop_last=True))
        counts.add(len(batches))
        assert all(len(batch) == batch_size for batch in batches)
        seen += [index for batch in batches for index in batch]
    assert len(counts) == 1 and len(seen) == len(set(seen))


def two_ranks(folder, kind, *arguments):
    """What two processes leave in a folder."""
    folder.mkdir()
    script = str(Path(recordings.__file__).with_name("rank_of_two.py"))
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo"}
    commands = [[sys.executable, script, kind, str(rank), str(folder), *map(str, arguments)] for rank in range(2)]
    processes = [subprocess.Popen(command, env=environment) for command in commands]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("kind", ["random", "sequences"])
@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0)])
def test_two_ranks_share_an_epoch_and_resume(kind, before, after, tmp_path):
    whole = two_ranks(tmp_path / "whole", kind, 0, 0)
    assert len({len(rank["batches"]) for rank in whole}) == 1
    first_epoch = [rank["batches"][: len(rank["batches"]) // 2] for rank in whole]
    seen = sorted(tuple(place) for rank in first_epoch for batch in places_of(rank) for place in batch)
    assert seen == sorted(Recordings(LENGTHS).places)
    killed = two_ranks(tmp_path / "killed", kind, before, 2)
    rest = two_ranks(
        tmp_path / "rest", kind, after, 0, tmp_path / "killed" / "0.pt"
    )  # rank 0's state, as Lightning has it
    for first, last, expected in zip(killed, rest, whole, strict=True):
        batches = first["batches"] + last["batches"]
        assert all(torch.equal(a, b) for a, b in zip(batches, expected["batches"], strict=True))
        assert torch.equal(last["weights"], expected["weights"])


def places_of(batches):
    """Recording and place of every item that is no padding; the third number of an item is above 0."""
    return [[tuple(item[:2].int().tolist()) for item in batch.reshape(-1, 3) if item[2] > 0] for batch in batches]


def test_lightning_finds_a_distributed_sampler():
    assert isinstance(make_loader("random").sampler, DistributedSampler)


class Endless(IterableDataset):
    def __iter__(self):
        return iter(int, 1)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (partial(EventLoader, Endless()), TypeError, "Endless has no indices: use DataLoader"),
        (partial(EventLoader, Recordings([3]), batch_size=0), ValueError, "batch_size must be"),
        (partial(EventLoader, Recordings([3]), batch_sampler=[[0]], shuffle=True), ValueError, "batch_sampler's"),
        (partial(EventLoader, Recordings([3]), sampler=[0]), ValueError, "use batch_sampler"),
    ],
)
def test_wrong_arguments_fail(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_items_of_different_lengths_are_padded():
    batch = collate_padded([(torch.ones(2, 3), 5), (torch.full((1, 3), 2.0), 6)])
    assert batch.x.tolist() == [[[1, 1, 1], [1, 1, 1]], [[2, 2, 2], [0, 0, 0]]]
    assert batch.lengths.tolist() == [2, 1] and batch.targets.tolist() == [5, 6]
    assert collate_padded([torch.ones(0), torch.ones(1)]).x.tolist() == [[0], [1]]


@pytest.mark.parametrize("items", [[], [torch.ones(())], [torch.ones(1, 2), torch.ones(1, 3)]])
def test_items_that_differ_in_more_fail(items):
    with pytest.raises(ValueError, match="that differ in T only"):
        collate_padded(items)
