"""Sequences: what lanes hold, and that nothing but seed, epoch and rank decides it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.files import make_events, write_file
from support.recordings import Recordings
from support.transforms import OneColumn
from torch.utils.data import ConcatDataset, Subset

from aestream import FileInput
from aestream.datasets.loader import EventLoader
from aestream.datasets.recordings import RecordingDataset
from aestream.datasets.samplers import recording_lengths
from aestream.datasets.sequences import MixedSampler, SequenceSampler

LENGTHS = st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any)
pytestmark = pytest.mark.filterwarnings("ignore:.*all padding:UserWarning")


def batches_of(lengths, **options):
    """The chunks of one epoch."""
    return list(SequenceSampler(Recordings(lengths), **options))


def lanes_of(chunks, lanes):
    """For each lane its chunks: (is_first, indices), by the definition of a chunk's order."""
    found = [[] for _ in range(lanes)]
    for chunk in chunks:
        items = [[] for _ in range(lanes)]
        rest = list(chunk)
        for step in range(chunk.steps):
            for lane in range(lanes):
                if step < chunk.lengths[lane]:
                    items[lane].append(int(rest.pop(0)))
        assert rest == []
        for lane in range(lanes):
            found[lane].append((chunk.is_first[lane], items[lane]))
    return found


@given(LENGTHS, st.integers(1, 4), st.integers(1, 4), st.booleans(), st.integers(1, 3), st.integers(0, 3))
def test_each_window_once_in_order_within_its_lane(lengths, lanes, steps, shuffle, world_size, epoch):
    dataset, seen, counts = Recordings(lengths), [], set()
    for rank in range(world_size):
        sampler = SequenceSampler(dataset, lanes=lanes, steps=steps, shuffle=shuffle, rank=rank, world_size=world_size)
        sampler.set_epoch(epoch)
        chunks = list(sampler)
        counts.add(len(chunks))
        assert len(sampler) == len(chunks)
        for lane in lanes_of(chunks, lanes):
            before = None  # the recording and place of the window before
            for is_first, indices in lane:
                places = [dataset.places[index] for index in indices]
                assert len({recording for recording, _ in places}) <= 1
                assert is_first == (bool(places) and places[0][1] == 0)
                for recording, place in places:
                    assert place == 0 or before == (recording, place - 1)
                    if place == 0 and before is not None:
                        assert before[1] == lengths[before[0]] - 1
                    before = recording, place
                seen += indices
            assert before is None or before[1] == lengths[before[0]] - 1
    assert sorted(seen) == list(range(len(dataset)))
    assert len(counts) == 1


@given(LENGTHS, st.integers(1, 3), st.integers(1, 4), st.integers(1, 2))
def test_drop_last_leaves_no_padding_and_repeats_nothing(lengths, lanes, steps, world_size):
    if sum(length >= steps for length in lengths) < lanes * world_size:
        with pytest.raises(ValueError, match="fewer lanes, or drop_last=False"):
            batches_of(lengths, lanes=lanes, steps=steps, world_size=world_size, rank=0, drop_last=True)
        return
    ranks = [
        batches_of(lengths, lanes=lanes, steps=steps, world_size=world_size, rank=rank, drop_last=True)
        for rank in range(world_size)
    ]
    assert len({len(chunks) for chunks in ranks}) == 1 and ranks[0]
    assert all(chunk.lengths == [steps] * lanes for chunks in ranks for chunk in chunks)
    seen = [int(index) for chunks in ranks for chunk in chunks for index in chunk]
    assert len(seen) == len(set(seen))


@given(LENGTHS, st.integers(1, 4), st.integers(1, 4))
def test_every_epoch_has_as_many_batches(lengths, lanes, steps):
    sampler = SequenceSampler(Recordings(lengths), lanes=lanes, steps=steps, shuffle=True)
    counts = set()
    for epoch in range(4):
        sampler.set_epoch(epoch)
        counts.add(len(list(sampler)))
    assert counts == {len(sampler)}


def test_order_depends_on_seed_and_epoch_only_if_shuffled():
    def order(epoch, **options):
        sampler = SequenceSampler(Recordings([2] * 30), lanes=3, steps=2, **options)
        sampler.set_epoch(epoch)
        return [list(map(int, chunk)) for chunk in sampler]

    assert order(0, shuffle=True) == order(0, shuffle=True)
    assert order(0, shuffle=True) != order(1, shuffle=True)
    assert order(0, shuffle=True) != order(0, shuffle=True, seed=1)
    assert order(0) == order(1)


def test_a_batch_has_its_windows_where_its_masks_say():
    loader = EventLoader(
        Recordings([3, 5], with_targets=True), batch_sampler=SequenceSampler(Recordings([3, 5]), lanes=2, steps=2)
    )
    first, second, third = loader
    assert first.x.shape == (2, 2, 3)
    assert first.x[..., :2].tolist() == [[[0, 0], [1, 0]], [[0, 1], [1, 1]]]
    assert first.targets.tolist() == [[0, 3], [1, 4]]
    assert first.is_first.tolist() == [True, True] and not first.is_padded.any()
    assert second.is_first.tolist() == [False, False]
    assert second.is_padded.tolist() == [[False, False], [True, False]]
    assert third.is_padded.tolist() == [[True, False], [True, True]]
    assert third.x[0, 1, :2].tolist() == [1, 4]
    assert third.x[third.is_padded].count_nonzero() == 0
    assert third.targets.tolist() == [[0, 7], [0, 0]]


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_rank_without_any_window_gets_padding_of_the_same_shape(num_workers):
    dataset = Recordings([3], with_targets=True)
    sampler = SequenceSampler(dataset, lanes=2, steps=2, rank=1, world_size=2)
    batches = list(EventLoader(dataset, batch_sampler=sampler, num_workers=num_workers))
    assert len(batches) == 2
    for batch in batches:
        assert batch.x.shape == (2, 2, 3) and batch.x.count_nonzero() == 0
        assert batch.targets.tolist() == [[0, 0], [0, 0]]
        assert batch.is_padded.all() and not batch.is_first.any()


def test_the_picture_in_the_docs_is_true():
    dataset = Recordings([7, 3, 5, 2])
    chunks = list(SequenceSampler(dataset, lanes=2, steps=3))
    names = ["".join(f"{'ABCD'[r]}{p} " for r, p in (dataset.places[i] for i in chunk)) for chunk in chunks]
    assert names == ["A0 B0 A1 B1 A2 B2 ", "A3 C0 A4 C1 A5 C2 ", "A6 C3 C4 ", "D0 D1 "]
    assert [chunk.is_first for chunk in chunks] == [[True, True], [False, True], [False, False], [True, False]]


def test_a_sequence_draws_once():
    dataset = Recordings([4, 4])
    loader = EventLoader(dataset, batch_sampler=SequenceSampler(dataset, lanes=2, steps=2))
    first, second = loader
    drawn = torch.cat([first.x, second.x])[..., 2]
    assert (drawn == drawn[0]).all() and drawn[0, 0] != drawn[0, 1]
    other, _ = loader  # the next epoch
    assert (other.x[0, :, 2] != drawn[0]).all()


@pytest.mark.parametrize("num_workers", [0, 1])
def test_files_draw_once_per_recording_and_epoch(num_workers, tmp_path):
    paths = []
    for name in "ab":
        (tmp_path / name).mkdir()
        paths.append((write_file(tmp_path / name, "evt3", make_events(2000)), None, None))
    dataset = RecordingDataset(paths, window_us=5_000, event_transform=OneColumn(), seed=3)

    def columns(batches):
        """The column of every window's events, [steps, lanes]."""
        x = torch.cat([batch.x for batch in batches])
        padded = torch.cat([batch.is_padded for batch in batches])
        assert (x.sum((2, 3)).count_nonzero(-1)[~padded] == 1).all()
        return x.sum((2, 3)).argmax(-1)[~padded.any(1)]

    sampler = SequenceSampler(dataset, lanes=2, steps=2)
    loader = EventLoader(dataset, batch_sampler=sampler, num_workers=num_workers)
    first, second = columns(list(loader)), columns(list(loader))
    assert len(first) > 4 and (first == first[0]).all() and (second == second[0]).all()
    assert first[0, 0] != first[0, 1] and (first[0] != second[0]).any()
    alone = torch.stack([x.sum((0, 1)).argmax() for x in dataset])  # every item of the dataset draws for itself
    half = len(dataset) // 2
    assert len(alone.unique()) > half > 4 and (alone[:half] != alone[half:]).any()


@pytest.mark.parametrize("num_workers", [0, 2])
def test_nothing_depends_on_workers(num_workers):
    dataset = Recordings([3, 5, 1, 4], with_targets=True)
    options = {"lanes": 2, "steps": 2, "shuffle": True}
    here = EventLoader(dataset, batch_sampler=SequenceSampler(dataset, **options))
    there = EventLoader(dataset, batch_sampler=SequenceSampler(dataset, **options), num_workers=num_workers)
    for _ in range(2):
        for one, other in zip(here, there, strict=True):
            assert all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(one, other, strict=True))


def test_a_file_is_one_recording(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events()))
    loader = EventLoader(file, batch_sampler=SequenceSampler(file, lanes=1, steps=4))
    x = torch.cat([batch.x[~batch.is_padded] for batch in loader])
    assert torch.equal(x, torch.stack(list(file)))
    two = ConcatDataset([file, file])
    assert recording_lengths(two) == [len(file), len(file)]
    loader = EventLoader(two, batch_sampler=SequenceSampler(two, lanes=2, steps=4))
    assert all(torch.equal(batch.x[:, 0], batch.x[:, 1]) for batch in loader)


def test_events_stay_events(tmp_path):
    file = FileInput(write_file(tmp_path, "evt3", make_events()), representation=None)
    *_, batch = EventLoader(file, batch_sampler=SequenceSampler(file, lanes=1, steps=len(file) + 1))
    assert [len(row[0]) for row in batch.x[:-1]] == [len(item) for item in file]
    assert batch.x[-1] == [None] and batch.targets is None


def test_mixed_batches_come_in_their_ratio():
    dataset = Recordings([8] * 6)
    sequences = SequenceSampler(dataset, lanes=2, steps=2, shuffle=True)
    plain = [list(chunk) for chunk in sequences]
    chunks = list(MixedSampler(sequences, ratio=0.25))
    assert [list(chunk) for chunk in chunks if not chunk.is_random] == plain
    drawn = [chunk for chunk in chunks if chunk.is_random]
    assert len(drawn) == 4 and len(chunks) == len(MixedSampler(sequences, ratio=0.25)) == 16
    assert all(chunk.is_first == [True, True] for chunk in drawn)
    starts = [int(start) for chunk in drawn for start in chunk[:2]]
    assert len(set(starts)) == len(starts)
    flags = [batch.is_random for batch in EventLoader(dataset, batch_sampler=MixedSampler(sequences, ratio=0.25))]
    assert flags == [chunk.is_random for chunk in chunks]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lanes": 0, "steps": 1}, "lanes must be"),
        ({"lanes": 1, "steps": 0}, "steps must be"),
        ({"lanes": 1, "steps": 1, "rank": 2, "world_size": 2}, "rank must be from 0 to world_size - 1 = 1; got 2"),
    ],
)
def test_wrong_arguments_fail(options, message):
    with pytest.raises(ValueError, match=message):
        SequenceSampler(Recordings([3]), **options)


def test_wrong_ratio_fails():
    with pytest.raises(ValueError, match="ratio must be from 0 to below 1"):
        MixedSampler(SequenceSampler(Recordings([3]), lanes=1, steps=1), ratio=1.0)


@pytest.mark.filterwarnings("default::UserWarning")
def test_more_lanes_than_recordings_is_said():
    with pytest.warns(UserWarning, match="3 lanes on 1 rank.*only 1 recording.*take fewer lanes"):
        SequenceSampler(Recordings([3, 0]), lanes=3, steps=1)


def test_lengths_that_are_not_the_datasets_fail():
    dataset = Recordings([3, 2])
    with pytest.raises(ValueError, match="need not follow each other"):
        SequenceSampler(Subset(dataset, [0, 2]), lanes=1, steps=1)
    dataset.recording_lengths = [3]
    with pytest.raises(ValueError, match="must sum up to the 5 items of the dataset; got 3"):
        SequenceSampler(dataset, lanes=1, steps=1)
