"""Items with targets, times and event transforms: what they hold, and that every way to them gives the same."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.transforms import Corner, Drop, Length, only_on
from torch.utils.data import DataLoader, default_collate

from aestream import Events, FileInput, Frame, VoxelGrid
from aestream.transforms.base import Sample, seeded

SHAPE = (WIDTH, HEIGHT)
WINDOWS = [[1_030_000, 1_040_000], [1_000_000, 1_010_000], [0, 5], [1_035_000, 1_035_000], [1_000_000, 1_090_000]]


@pytest.fixture
def path(tmp_path):
    return write_file(tmp_path, "evt3", make_events())


def same(one, other) -> bool:
    """Whether two items, or batches, hold the same, whatever they consist of."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, Events):
        return all(torch.equal(*pair) for pair in zip(tuple(one), tuple(other), strict=True))
    if isinstance(one, tuple | list):
        return all(same(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


@pytest.mark.parametrize("targets", [[5, 6, 7, 8, 9], torch.arange(5, 10), np.arange(5, 10)], ids=type)
def test_targets_belong_to_their_windows(path, targets):
    file = FileInput(path, windows=WINDOWS, targets=targets)
    plain = FileInput(path, windows=WINDOWS)
    for i in (0, 3, -1):
        x, target = file[i]
        assert torch.equal(x, plain[i]) and int(target) == targets[i]
    labelled = FileInput(path, windows=WINDOWS, targets=targets, target_transform=lambda label: f"class {int(label)}")
    assert [label for _, label in labelled] == [f"class {i}" for i in range(5, 10)]


def test_rows_of_a_structured_array_are_targets(path):
    boxes = np.array([(i, 2 * i) for i in range(5)], [("x", "f4"), ("y", "f4")])
    file = FileInput(path, windows=WINDOWS, targets=boxes)
    assert file[3][1]["y"] == 6
    rows = FileInput(path, windows=WINDOWS, targets=boxes, target_transform=lambda box: torch.tensor([box["y"]]))
    (batch,) = DataLoader(rows, batch_size=5)
    assert batch[1].tolist() == [[0], [2], [4], [6], [8]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"windows": WINDOWS, "targets": [1, 2]}, "targets must be one per window; got 2 for 5 windows"),
        ({"window_us": None, "targets": [1, 2]}, "targets must be one per window; got 2 for 1 windows"),
        ({"windows": WINDOWS, "targets": 5}, "targets must be a sequence, a tensor or an array; got int"),
        ({"windows": WINDOWS, "targets": {0: 1}}, "targets must be a sequence, a tensor or an array; got dict"),
        ({"representation": Frame}, r"representation must be an object, Frame\(\), not its class"),
        ({"event_transform": Corner}, r"event_transform must be an object, Corner\(\), not its class"),
        ({"event_transform": 3}, "event_transform must be callable or None; got 3"),
        ({"target_transform": 3}, "target_transform must be callable or None; got 3"),
        ({"seed": 0.5}, "seed must be a whole number; got 0.5"),
    ],
)
def test_options_of_items_fail_with_what_came(path, options, message):
    with pytest.raises(ValueError, match=message):
        FileInput(path, **options)


def test_a_wrong_number_of_targets_fails_as_soon_as_windows_are_counted(path):
    file = FileInput(path, targets=[1])
    with pytest.raises(ValueError, match="targets must be one per window; got 1 for 10 windows"):
        len(file)


def test_times_are_the_last_member(path):
    plain, file = FileInput(path, windows=WINDOWS), FileInput(path, windows=WINDOWS, with_times=True)
    for i, window in enumerate(WINDOWS):
        x, times = file[i]
        assert times.dtype == torch.int64 and times.tolist() == window and torch.equal(x, plain[i])
    both = FileInput(path, windows=WINDOWS, with_times=True, targets=list("abcde"), transform=torch.sum)
    x, target, times = both[1]
    assert (float(x), target, times.tolist()) == (float(plain[1].sum()), "b", WINDOWS[1])
    assert FileInput(path, with_times=True)[1][1].tolist() == list(FileInput(path).window(1))


def test_batches_of_tuples_are_handed_out_as_they_lie(path):
    file = FileInput(path, windows=WINDOWS, targets=torch.arange(5), with_times=True)
    items = file.__getitems__([4, 0, 2])
    x, target, times = default_collate(items)
    assert x.data_ptr() == items[0][0].data_ptr() and times.data_ptr() == items[0][2].data_ptr()
    assert type(x) is type(target) is type(times) is torch.Tensor
    assert target.tolist() == [4, 0, 2] and times.tolist() == [WINDOWS[4], WINDOWS[0], WINDOWS[2]]
    assert torch.equal(x, torch.stack([file[4][0], file[0][0], file[2][0]]))
    shuffled = default_collate([items[2], items[0]])
    assert torch.equal(shuffled[0], torch.stack([file[2][0], file[4][0]])) and shuffled[1].tolist() == [2, 4]


def test_functions_of_events_run_before_the_representation(path):
    events = make_events()
    file = FileInput(path, windows=WINDOWS, event_transform=only_on)
    plain = FileInput(path, windows=WINDOWS)
    for item, whole in zip(file, plain, strict=True):
        assert torch.equal(item[1], whole[1]) and item[0].sum() == 0
    raw = FileInput(path, window_us=None, event_transform=only_on, representation=None)[0]
    assert raw.t.tolist() == events["t"][events["p"]].tolist()
    with pytest.raises(ValueError, match="event_transform must give Events, or be a Transform; got int"):
        FileInput(path, event_transform=len)[0]


def test_functions_of_events_need_no_shape_without_a_representation(tmp_path):
    path = write_file(tmp_path, "csv", make_events(30))
    assert FileInput(path, window_us=None, event_transform=only_on, representation=None)[0].p.all()


def test_transforms_change_events_shape_and_target(path):
    file = FileInput(path, windows=WINDOWS, targets=[0] * 5, event_transform=Corner(10, 8), representation=Length())
    plain = FileInput(path, windows=WINDOWS)
    for (lengths, target), window, whole in zip(file, WINDOWS, plain, strict=True):
        inside = int(whole[:, :8, :10].sum())
        assert lengths.tolist() == [inside, 10, 8, *window] and target == (0, int(whole.sum()) - inside)
    frames = FileInput(path, windows=WINDOWS, event_transform=Corner(10, 8))
    assert all(torch.equal(item, whole[:, :8, :10]) for item, whole in zip(frames, plain, strict=True))


def test_a_draw_has_the_address_of_seed_epoch_and_item(path):
    file = FileInput(path, windows=WINDOWS, event_transform=Drop(), seed=7)
    plain = FileInput(path, windows=WINDOWS, representation=None)
    for epoch in (0, 3, 0):
        file.set_epoch(epoch)
        for index in (4, 0):
            sample = Sample(plain[index], SHAPE, *WINDOWS[index])
            kept = Drop()(sample, generator=seeded(7, epoch, index)).events
            assert torch.equal(file[index], Frame()(kept, SHAPE))
    assert not torch.equal(file[0], FileInput(path, windows=WINDOWS, event_transform=Drop(), seed=8)[0])


MAKERS = {
    "fused": {"windows": WINDOWS, "targets": list(range(5)), "with_times": True},
    "equal windows": {"window_us": 20_000, "representation": VoxelGrid(2), "with_times": True},
    "counts": {"window_events": 1000, "with_times": True},
    "transformed": {"windows": WINDOWS, "event_transform": Corner(9, 9), "targets": list(range(5))},
    "random": {"windows": WINDOWS, "event_transform": Drop(), "with_times": True},
}


@pytest.mark.parametrize("options", MAKERS.values(), ids=MAKERS)
def test_every_way_gives_the_same_batches(path, options):
    file = FileInput(path, **options)
    file.set_epoch(2)
    expected = [default_collate([file[i] for i in range(at, min(at + 2, len(file)))]) for at in range(0, len(file), 2)]
    assert len(expected) > 2
    assert same(list(file), [file[i] for i in range(len(file))])
    assert same(list(DataLoader(file, batch_size=2)), expected)
    again = pickle.loads(pickle.dumps(file))
    assert same(list(DataLoader(again, batch_size=2)), expected)
    assert same(list(DataLoader(again, batch_size=2, num_workers=2)), expected)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_epochs_reach_workers_that_live_on(path, method):
    file = FileInput(path, windows=WINDOWS, event_transform=Drop(), targets=list(range(5)), with_times=True)
    loader = DataLoader(file, batch_size=2, num_workers=2, persistent_workers=True, multiprocessing_context=method)
    epochs = []
    for epoch in (0, 1, 0):
        file.set_epoch(epoch)
        epochs.append(list(loader))
        assert same(epochs[-1], list(DataLoader(file, batch_size=2)))
    assert same(epochs[0], epochs[2]) and not same(epochs[0], epochs[1])


def test_copies_follow_the_epoch_of_the_file(path):
    file = FileInput(path, event_transform=Drop())
    copy, pickled = file._with(windows=WINDOWS), pickle.loads(pickle.dumps(file))
    before = copy[0], pickled[0]
    file.set_epoch(1)
    assert not torch.equal(copy[0], before[0]) and torch.equal(pickled[0], before[1])
    pickled.set_epoch(1)
    assert torch.equal(pickled[0], file[0])


def test_files_without_chance_take_an_epoch_and_no_shared_memory(path):
    file = FileInput(path, windows=WINDOWS, event_transform=Corner(9, 9))
    before = file[0]
    file.set_epoch(5)
    assert torch.equal(file[0], before) and file._epoch is None
