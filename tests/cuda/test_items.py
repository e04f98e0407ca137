"""Items of files with ``device="cuda"``: packed, uploaded and made by kernels, they are the CPU's."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from support.files import FORMATS, HEIGHT, WIDTH, make_events, write_file
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

from aestream import (
    AveragedTimeSurface,
    Concat,
    EventImage,
    Events,
    FileInput,
    Frame,
    LatestTime,
    MixedDensity,
    StackedHistogram,
    Steps,
    TimeSurface,
    Tore,
    VoxelGrid,
    collate_events,
)
from aestream.datasets import RecordingDataset
from aestream.transforms import Compose, Crop, DropEvents, FlipX, RandomCrop

SHAPE = (WIDTH, HEIGHT)


class Sums:
    """A representation of one's own, with its own C++ behind it, but without ``output_shape``."""

    def __repr__(self) -> str:
        return "Sums()"

    def spec(self):
        return Frame("sum").spec()

    def __call__(self, events, shape, *, start_us=None, stop_us=None):
        return Frame("sum")(events, shape)


def count_per_row(events, shape, *, start_us=None, stop_us=None):
    """A function of one's own, which works where the events are."""
    assert isinstance(events, Events)
    ones = torch.ones(len(events), device=events.device)
    return torch.zeros(shape[1], device=events.device).index_add_(0, events.y.long().clamp(0, shape[1] - 1), ones)


EXACT = [
    Frame(),
    Frame("sum", torch.uint8, clip=3),
    Frame("difference", torch.bfloat16),
    Frame("split", torch.bool),
    StackedHistogram(4),
    StackedHistogram(4, span="window", downsample=2),
    MixedDensity(3),
    LatestTime(),
    Steps(Frame(), 3),
    Steps(StackedHistogram(2), 4, by="events"),
    Concat(Frame("sum", torch.uint8), StackedHistogram(2)),
    Tore(),
    EventImage(),
    AveragedTimeSurface(cell=8, radius=2, tau_us=10_000),
    VoxelGrid(2, clip=1.0),
    Sums(),
    count_per_row,
]
NEARLY = [
    VoxelGrid(3),
    VoxelGrid(2, span="events", polarity="split"),
    VoxelGrid.event_cube(2),
    TimeSurface(20_000.0),
    TimeSurface(20_000.0, decay="linear", polarity="signed"),
    Steps(VoxelGrid(2), 2),
]


def same(made: torch.Tensor, expected: torch.Tensor, *, exact: bool) -> None:
    """Counts to the bit, sums of fractions to 2^-19."""
    assert made.dtype == expected.dtype and made.shape == expected.shape
    here = made.cpu()
    assert torch.equal(here, expected) if exact else torch.allclose(here, expected, rtol=1e-6, atol=2**-19)


def assert_same_items(path, cuda, *, exact=True, indices=None, **options):
    """Of one file on both devices, as a batch and one by one."""
    on_cpu, on_gpu = FileInput(path, SHAPE, **options), FileInput(path, SHAPE, cuda, **options)
    assert len(on_cpu) == len(on_gpu) > 0
    indices = list(range(len(on_cpu))) if indices is None else indices
    expected = on_cpu.__getitems__(indices)
    for made in (on_gpu.__getitems__(indices), [on_gpu[index] for index in indices[:3]]):
        for one, other in zip(made, expected, strict=False):
            same(one, other, exact=exact)
    same(next(iter(on_gpu)), on_cpu[0], exact=exact)
    return on_gpu


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Times step back, and some events lie outside."""
    events = make_events(6000, outside=True, step_back_us=2500)
    return write_file(tmp_path_factory.mktemp("cuda"), "dat", events)


@pytest.mark.parametrize("representation", [*EXACT, *NEARLY], ids=lambda each: getattr(each, "__name__", str(each)))
@pytest.mark.parametrize("length", [{"window_us": 17_000}, {"window_events": 700}], ids=["time", "count"])
def test_items_of_every_representation(path, cuda, representation, length):
    assert_same_items(path, cuda, exact=representation in EXACT, representation=representation, **length)


@pytest.mark.parametrize("format", FORMATS)
def test_items_of_every_format(tmp_path, cuda, format):
    file = write_file(tmp_path, format, make_events(5000))
    assert_same_items(file, cuda, window_us=9000)
    assert_same_items(file, cuda, window_us=None, representation=Steps(Frame(), 5))


WINDOWS = {
    "overlapping": {"window_us": 20_000, "stride": 7000},
    "with gaps": {"window_us": 2000, "stride": 9000},
    "by count, overlapping": {"window_events": 500, "stride": 120},
    "incomplete ones left out": {"window_events": 1700, "include_incomplete": False},
    "a part": {"window_us": 5000, "start_us": 1_020_000, "stop_us": 1_052_500},
    "all": {"window_us": None},
    "listed": {
        "windows": [[1_050_000, 1_060_000], [0, 10], [1_010_000, 1_010_000], [1_000_000, 1_100_000], [10**9, 10**10]]
    },
    "longer than packed times": {"windows": [[0, 2**40], [1_050_000, 1_060_000]]},
    "none with events": {"windows": [[0, 10], [5, 5]]},
}


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("representation", [Frame(), StackedHistogram(3), VoxelGrid(3), LatestTime()], ids=str)
def test_items_of_all_kinds_of_windows(path, cuda, windows, representation):
    exact = not isinstance(representation, VoxelGrid)
    assert_same_items(path, cuda, exact=exact, representation=representation, **windows)


def test_times_and_coordinates_that_cannot_be_packed(tmp_path, cuda):
    events = make_events(3000)
    events["x"][::9], events["y"][5::70] = -3, 20_000
    events["t"][2000:] += 2**33
    np.save(tmp_path / "wide.npy", events)
    for representation in (Frame(), StackedHistogram(3), Steps(Frame(), 2)):
        assert_same_items(tmp_path / "wide.npy", cuda, representation=representation, window_events=1500)
        assert_same_items(tmp_path / "wide.npy", cuda, representation=representation, window_us=None)


def test_a_batch_larger_than_the_pinned_memory(path, cuda):
    """100 times 6000 events of 8 bytes, where 4 MiB are pinned at first; windows of one part, and of several."""
    for index, length in ((1, {"window_us": 20_000}), (0, {"window_us": None})):
        options = {"representation": Frame("sum", torch.uint8), **length}
        assert_same_items(path, cuda, indices=[index] * 600 if index else [0] * 100, **options)


TRANSFORMS = {
    "a map": FlipX(1.0),
    "a map that drops": Crop(3, 4, 20, 30),
    "maps that are drawn": Compose([FlipX(0.5), RandomCrop((20, 16), probability=0.5)]),
    "no map": DropEvents(0.3),
    "maps and others": Compose([DropEvents(0.2), RandomCrop((20, 16), probability=0.5)]),
    "a function": lambda events: events[::2],
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("representation", [Frame(), StackedHistogram(3), Tore(2)], ids=str)
def test_items_behind_transforms(path, cuda, transform, representation):
    length = {"window_us": 15_000}
    assert_same_items(path, cuda, event_transform=transform, representation=representation, seed=5, **length)
    length = {"window_events": 900}
    assert_same_items(path, cuda, event_transform=transform, representation=representation, seed=5, **length)


def test_targets_and_times_come_along(path, cuda):
    options = {"window_us": 20_000, "with_times": True, "event_transform": FlipX(0.5)}
    count = len(FileInput(path, SHAPE, **options))
    options |= {"targets": torch.arange(count), "target_transform": lambda target: target * 2, "transform": torch.neg}
    for made, expected in zip(FileInput(path, SHAPE, cuda, **options), FileInput(path, SHAPE, **options), strict=True):
        same(made[0], expected[0], exact=True)
        assert made[1] == expected[1] and torch.equal(made[2], expected[2])


def test_events_go_up_as_columns(path, cuda):
    on_cpu = FileInput(path, SHAPE, representation=None, window_us=20_000, targets=None)
    on_gpu = FileInput(path, SHAPE, cuda, representation=None, window_us=20_000)
    for made, expected in zip(on_gpu, on_cpu, strict=True):
        assert isinstance(made, Events) and all(column.is_contiguous() for column in made)
        assert all(a.dtype == b.dtype and torch.equal(a.cpu(), b) for a, b in zip(made, expected, strict=True))
    spanned = FileInput(path, SHAPE).slice(1_010_000, 1_030_000, "torch"), on_gpu.slice(1_010_000, 1_030_000, "torch")
    for expected, made in ((on_cpu.load("torch"), on_gpu.load("torch")), spanned):
        assert all(torch.equal(a.cpu(), b) for a, b in zip(made, expected, strict=True))
    batch = collate_events(on_gpu.__getitems__([0, 1]))
    assert len(batch.events) == batch.offsets[-1]


def test_many_events_go_up_piece_by_piece(path, cuda, monkeypatch):
    monkeypatch.setattr("aestream.cuda._PIECE", 700)
    made, expected = FileInput(path, SHAPE, cuda).load("torch"), FileInput(path, SHAPE).load("torch")
    assert all(torch.equal(a.cpu(), b) for a, b in zip(made, expected, strict=True))


def test_a_loader_hands_out_the_batch_as_it_lies(path, cuda):
    file = FileInput(path, SHAPE, cuda, window_us=10_000)
    batches = BatchSampler(SequentialSampler(file), 4, drop_last=False)
    made = list(DataLoader(file, batch_sampler=batches))
    expected = list(DataLoader(FileInput(path, SHAPE, window_us=10_000), batch_sampler=batches))
    for one, other in zip(made, expected, strict=True):
        same(one, other, exact=True)
    items = file.__getitems__([0, 1, 2])
    assert torch.utils.data.default_collate(items) is items[0].batch


def test_workers_are_told_what_to_do_instead(path, cuda):
    for representation in (Frame(), None):
        file = FileInput(path, SHAPE, cuda, representation=representation)
        with pytest.raises(RuntimeError, match=r"(?s)worker of a DataLoader.*num_workers=0.*pin_memory=True"):
            next(iter(DataLoader(file, batch_size=None, num_workers=1)))


def test_recordings_share_the_option(tmp_path, cuda):
    paths = []
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        paths.append(write_file(tmp_path / str(number), "evt3", make_events(800, seed=number)))
    items = [(path, None, number) for number, path in enumerate(paths)]
    options = {"window_events": 300, "representation": StackedHistogram(3)}
    made, expected = RecordingDataset(items, device=cuda, **options), RecordingDataset(items, **options)
    loaders = (DataLoader(each, batch_size=4, collate_fn=each.collate) for each in (made, expected))
    for (one, labels), (other, expected_labels) in zip(*loaders, strict=True):
        same(one, other, exact=True)
        assert torch.equal(labels, expected_labels)


def test_threads_make_their_own_items(path, cuda):
    file = FileInput(path, SHAPE, cuda, window_us=3000)
    expected = FileInput(path, SHAPE, window_us=3000).__getitems__(list(range(20)))
    failed: list[object] = []

    def work(first: int) -> None:
        for start in range(first, 17):
            for position, item in enumerate(file.__getitems__([start, start + 1, start + 2])):
                if not torch.equal(item.cpu(), expected[start + position]):
                    failed.append(start)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_file_is_pickled_and_copied_as_before(path, cuda):
    import pickle

    file = pickle.loads(pickle.dumps(FileInput(path, SHAPE, cuda)))
    assert file.device == torch.device("cuda")
    same(file[2], FileInput(path, SHAPE)[2], exact=True)
