"""RecordingDataset: many files as one dataset."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.trees import frame_of, some_events, write_recording
from torch.utils.data import DataLoader, default_collate

from aestream import EVENT_DTYPE, EventBatch, Events, FileInput, FormatError, Frame, StackedHistogram, VoxelGrid, save
from aestream.datasets.ragged import collate_detections, collate_labelled, collate_rows
from aestream.datasets.recordings import RecordingDataset
from aestream.transforms import Compose, Crop, DropEvents, FlipX, RandomCrop
from aestream.transforms.base import Transform, seeded

SHAPE = (16, 12)


@pytest.fixture
def files(tmp_path):
    """Three recordings of 20, 35 and 50 events, 100 µs apart."""
    paths = [tmp_path / f"{name}.dat" for name in "abc"]
    events = [write_recording(path, count=20 + 15 * i, seed=i) for i, path in enumerate(paths)]
    return paths, events


def test_items_are_whole_recordings_with_their_targets(files):
    paths, events = files
    dataset = RecordingDataset([(path, None, label) for label, path in enumerate(paths)], window_us=None)
    assert len(dataset) == dataset.num_recordings == 3
    assert dataset.shape == SHAPE
    for number in range(3):
        frame, label = dataset[number]
        np.testing.assert_array_equal(frame, frame_of(events[number], SHAPE))
        assert label == number
    assert dataset.targets == dataset.labels == [0, 1, 2]


def test_items_are_windows_of_every_recording(files):
    paths, events = files
    dataset = RecordingDataset([(path, None, label) for label, path in enumerate(paths)], window_us=1000)
    assert dataset.recording_lengths.tolist() == [2, 4, 5]
    assert [dataset.locate(i) for i in (0, 1, 2, 5, 6, -1)] == [(0, 0), (0, 1), (1, 0), (1, 3), (2, 0), (2, 4)]
    assert dataset.targets == [0] * 2 + [1] * 4 + [2] * 5
    frame, label = dataset[3]
    np.testing.assert_array_equal(frame, frame_of(events[1][10:20], SHAPE))
    assert label == 1
    assert dataset.window(3) == (2000, 3000)


def test_items_beyond_the_end_fail(files):
    dataset = RecordingDataset([(files[0][0], None, 0)], window_us=None)
    for index in (1, -2):
        with pytest.raises(IndexError, match=rf"index {index} is out of range for 1 items"):
            dataset[index]


def test_without_targets_items_are_tensors(files):
    dataset = RecordingDataset([(path, None, None) for path in files[0]], window_us=None)
    assert isinstance(dataset[0], torch.Tensor)
    assert dataset.target(0) is None


def test_windows_may_overlap_be_empty_or_lie_outside(files):
    paths, events = files
    spans = np.array([[1500, 2500], [1000, 2000], [1700, 1700], [10**9, 10**9 + 5], [0, 10]])
    dataset = RecordingDataset([(paths[2], spans, ["a", "b", "c", "d", "e"])])
    assert len(dataset) == 5
    for item, (start, stop) in enumerate(spans.tolist()):
        inside = events[2][(events[2]["t"] >= start) & (events[2]["t"] < stop)]
        np.testing.assert_array_equal(dataset[item][0], frame_of(inside, SHAPE))
    assert dataset.targets == list("abcde")


@pytest.mark.parametrize(
    ("windows", "targets", "message"),
    [
        ([[0, 5]], [1, 2], "has 1 windows, but 2 targets"),
        ([[5, 0]], [1], r"a\.dat': windows must not stop before they start; got \[5, 0\) in row 0"),
        ([0, 5], [1, 2], r"a\.dat': windows must be \[N, 2\]"),
        ([[0.0, 5.5]], [1], "integers, in µs; got float64"),
    ],
)
def test_windows_that_do_not_fit_fail(files, windows, targets, message):
    with pytest.raises(ValueError, match=message):
        RecordingDataset([(files[0][0], windows, targets)])


def test_no_recordings_and_missing_targets_fail(files):
    with pytest.raises(ValueError, match="one recording or more, got none"):
        RecordingDataset([])
    with pytest.raises(ValueError, match=r"1 of 2 recordings have no target.*b\.dat"):
        RecordingDataset([(files[0][0], None, 1), (files[0][1], None, None)])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"windw_us": 5}, TypeError, "got an unexpected keyword argument 'windw_us'; it takes window_us"),
        ({"path": "x"}, TypeError, "unexpected keyword argument 'path'"),
        ({"representation": "frame"}, ValueError, "representation must be callable or None; got 'frame'"),
        ({"event_transform": 5}, ValueError, "event_transform must be callable or None; got 5"),
        ({"stride": 0}, ValueError, "stride must be a whole number, 1 or more; got 0"),
        ({"window_us": 1.5}, ValueError, "window_us must be a whole number, 1 or more; got 1.5"),
        ({"start_us": "x"}, ValueError, "start_us must be a whole number of microseconds; got 'x'"),
        ({"seed": "a"}, ValueError, "seed must be a whole number; got 'a'"),
    ],
)
def test_options_fail_before_a_file_is_opened(options, error, message):
    with pytest.raises(error, match=message):
        RecordingDataset([("nowhere.raw", None, 0)], (16, 12), **options)


@pytest.mark.parametrize("item", ["a.raw", ("a.raw",), ("a.raw", None), ("a.raw", None, 0, 1), None, 5], ids=str)
def test_items_that_are_no_triples_fail(files, item):
    with pytest.raises(ValueError, match=r"items must be \(path, windows or None, targets.* item 1"):
        RecordingDataset([(files[0][0], None, 0), item])


def test_unequal_sensors_fail_without_a_shape_and_are_padded_or_cropped_with_one(files, tmp_path):
    large = write_recording(tmp_path / "large.dat", shape=(40, 30), seed=9)
    items = [(files[0][0], None, 0), (tmp_path / "large.dat", None, 1)]
    with pytest.raises(ValueError, match=r"16x12 in 1, .*40x30 in 1, .*large\.dat.*pass shape="):
        RecordingDataset(items, window_us=None)
    for shape in ((20, 10), (64, 64)):
        dataset = RecordingDataset(items, shape, window_us=None)
        np.testing.assert_array_equal(dataset[0][0], frame_of(files[1][0], shape))
        np.testing.assert_array_equal(dataset[1][0], frame_of(large, shape))


def test_a_file_that_is_no_recording_is_named(files, tmp_path):
    (tmp_path / "notes.txt").write_text("groceries: milk\n")
    items = [(files[0][0], None, 0), (tmp_path / "notes.txt", None, 1)]
    with pytest.raises(FormatError, match=r"notes\.txt.*(expected|found)"):
        RecordingDataset(items, window_us=None)


def test_a_recording_without_events_is_an_item_of_zeros(files, tmp_path):
    save(tmp_path / "empty.dat", np.zeros(0, EVENT_DTYPE), SHAPE)
    dataset = RecordingDataset([(tmp_path / "empty.dat", None, 0), (files[0][0], None, 1)], window_us=None)
    frame, label = dataset[0]
    assert frame.shape == (2, 12, 16) and frame.sum() == 0 and label == 0


def test_at_most_so_many_files_are_open(files):
    whole = [[0, 1 << 40]]  # an item of the core's, but not one that is made without opening the file
    dataset = RecordingDataset([(path, whole, 0) for path in files[0]], max_open=2)
    before = len(os.listdir("/proc/self/fd"))
    items = [dataset[i % 3][0] for i in range(9)]
    assert len(dataset._files) == 2
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    assert all(torch.equal(items[i], items[i % 3]) for i in range(9))


def test_a_dataset_opens_no_file_before_an_item_needs_it(files):
    dataset = RecordingDataset([(files[0][0], None, 0)] * 100_000, SHAPE, window_us=None)
    assert len(dataset) == 100_000
    assert len(dataset._files) == 0


def test_pickles_are_small_and_open_nothing(files):
    dataset = RecordingDataset([(path, None, 0) for path in files[0]], window_us=None)
    expected = [dataset[i][0] for i in range(3)]
    packed = pickle.dumps(dataset)
    assert len(packed) < 4000
    restored = pickle.loads(packed)
    assert len(restored._files) == 0
    assert all(torch.equal(restored[i][0], expected[i]) for i in range(3))


def test_workers_give_the_same_batches(files):
    dataset = RecordingDataset([(path, None, label) for label, path in enumerate(files[0])], window_us=1000)
    alone = list(DataLoader(dataset, batch_size=4, collate_fn=dataset.collate))
    shared = list(DataLoader(dataset, batch_size=4, num_workers=2, collate_fn=dataset.collate))
    assert len(alone) == len(shared) == 3
    for (x, label), (other, other_label) in zip(alone, shared, strict=True):
        assert torch.equal(x, other) and torch.equal(label, other_label)
    assert alone[0][0].shape == (4, 2, 12, 16)


def test_batches_keep_the_order_of_their_indices(files):
    dataset = RecordingDataset([(path, None, label) for label, path in enumerate(files[0])], window_us=1000)
    indices = [9, 0, 5, 1, 9, -1]
    for (x, label), index in zip(dataset.__getitems__(indices), indices, strict=True):
        assert torch.equal(x, dataset[index][0]) and label == dataset[index][1]


def test_a_recording_opened_later_is_as_one_opened_first(files):
    paths, _ = files
    options = {"window_us": 700, "start_us": 1500, "representation": VoxelGrid(3), "with_times": True, "threads": 1}
    dataset = RecordingDataset([(path, None, 4) for path in paths], seed=9, **options)
    for number in (2, 0, 1):
        recording, alone = dataset.recording(number), FileInput(paths[number], **options)
        assert (recording.shape, recording.window_us, recording.start_us) == (alone.shape, 700, 1500)
        assert len(recording) == len(alone)
        assert recording.seed == seeded(9, number).initial_seed()
        for (x, target, times), (want, when) in zip(recording, alone, strict=True):
            assert torch.equal(x, want)
            assert torch.equal(times, when)
            assert target == 4
        again = pickle.loads(pickle.dumps(recording))
        assert again.seed == recording.seed
        assert torch.equal(again[0][0], alone[0][0])


def test_a_recording_that_is_a_folder_or_gone_fails_with_its_name(files, tmp_path):
    paths, _ = files
    (tmp_path / "folder.dat").mkdir()
    items = [(path, None, None) for path in (paths[0], tmp_path / "folder.dat", tmp_path / "gone.dat")]
    dataset = RecordingDataset(items, SHAPE, window_us=None)
    assert dataset[0].any()
    with pytest.raises(IsADirectoryError, match=r"folder\.dat.* is a folder: aestream.datasets.EventFolder reads"):
        dataset[1]
    with pytest.raises(FileNotFoundError, match=r"gone\.dat"):
        dataset[2]


SPANS = np.array([[1000, 2000], [1500, 1500], [2000, 10**12]])


@pytest.mark.parametrize(
    "options",
    [
        {"window_us": 1000, "with_times": True},
        {"window_us": 1000, "stop_us": 2500, "stride": 500, "with_times": True},
        {"window_us": None, "representation": VoxelGrid(3, span="events"), "with_times": True},
        {"window_events": 7, "representation": StackedHistogram(2)},
        {"window_events": 7, "with_times": True},
        {"window_us": 1000, "transform": torch.neg, "target_transform": str},
        {"window_us": 1000, "event_transform": Compose([FlipX(0.5), Crop(2, 3, 10, 8)]), "seed": 3, "with_times": True},
        {"window_us": 1000, "event_transform": RandomCrop((9, 9), probability=0.5)},
        {"window_us": 1000, "event_transform": DropEvents(0.5)},
        {"window_us": 1000, "representation": None},
    ],
    ids=lambda options: "-".join(options),
)
def test_a_batch_of_several_recordings_is_what_its_items_are(files, options):
    paths = files[0]
    items = [(paths[0], None, 0), (paths[1], SPANS, [5, 6, 7]), (paths[2], SPANS, torch.tensor([5, 6, 7]))]
    if "window_events" in options or "stride" in options:
        items = [(path, None, torch.tensor(label)) for label, path in enumerate(paths)]
    dataset = RecordingDataset(items, **options)
    dataset.set_epoch(2)
    order = [*range(0, len(dataset), 2), -1, *range(1, len(dataset), 2)]
    for found, index in zip(dataset.__getitems__(order), order, strict=True):
        wanted = dataset[index]
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            if isinstance(other, torch.Tensor):
                assert one.dtype == other.dtype
                assert torch.equal(one, other)
            elif isinstance(other, Events):
                assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
            else:
                assert type(one) is type(other)
                assert one == other


def test_a_batch_of_several_recordings_lies_in_one_piece(files):
    dataset = RecordingDataset([(path, None, None) for path in files[0]], window_us=None)
    items = dataset.__getitems__([2, 0, 1])
    assert default_collate(items).data_ptr() == items[0].data_ptr()


def test_a_batch_with_a_damaged_recording_fails_with_its_name(files):
    paths, _ = files
    dataset = RecordingDataset([(path, None, None) for path in paths], SHAPE, window_us=None, representation=Frame())
    dataset.__getitems__([0, 1, 2])
    with open(paths[1], "r+b") as file:
        file.truncate(os.path.getsize(paths[1]) - 80)
    with pytest.raises((FormatError, OSError), match=paths[1].name):
        dataset.__getitems__([0, 1, 2])


def test_events_and_times_are_collated(files):
    dataset = RecordingDataset(
        [(path, None, 7) for path in files[0]], window_us=None, representation=None, with_times=True
    )
    (batch,) = DataLoader(dataset, batch_size=3, collate_fn=dataset.collate)
    events, labels, times = batch
    assert isinstance(events, EventBatch)
    assert events.offsets.tolist() == [0, 20, 55, 105]
    assert labels.tolist() == [7, 7, 7]
    assert times.tolist() == [[1000, 2901], [1000, 4401], [1000, 5901]]


@dataclass(frozen=True)
class Shift(Transform):
    """Moves the target by a random number."""

    is_random = True

    def __call__(self, sample, *, generator=None):
        return sample.replace(target=sample.target + int(torch.randint(0, 10**6, (), generator=generator)))


def test_random_transforms_draw_by_recording_and_epoch(files):
    def targets(dataset, workers=0):
        loader = DataLoader(dataset, batch_size=4, num_workers=workers, collate_fn=dataset.collate)
        return [label for _, labels in loader for label in labels.tolist()]

    dataset = RecordingDataset([(path, None, 0) for path in files[0]], window_us=1000, event_transform=Shift(), seed=5)
    first = targets(dataset)
    assert len(set(first)) == 11
    assert targets(dataset, workers=2) == first == targets(pickle.loads(pickle.dumps(dataset)))
    assert [dataset.subset([2])[i][1] for i in range(5)] == first[6:]
    dataset.set_epoch(1)
    assert not set(targets(dataset)).intersection(first)
    dataset.set_epoch(0)
    assert targets(dataset) == first


def test_windows_by_count(files):
    dataset = RecordingDataset([(path, None, 0) for path in files[0]], window_events=20)
    assert dataset.recording_lengths.tolist() == [1, 2, 3]
    assert dataset[2][0].sum() == 15
    with pytest.raises(ValueError, match="exclude each other"):
        RecordingDataset([(files[0][0], None, 0)], window_us=5, window_events=5)
    with pytest.raises(ValueError, match="give them in items"):
        RecordingDataset([(files[0][0], None, 0)], targets=[0])


def test_target_transform_is_applied(files):
    dataset = RecordingDataset([(files[0][0], None, 3)], window_us=None, target_transform=lambda label: label * 2)
    assert dataset[0][1] == 6


def test_the_manifest_is_kept_and_follows_changes(files, monkeypatch):
    paths, _ = files
    opened = []

    def counted(number, open_recording=RecordingDataset):
        opened.append(number)

    first = RecordingDataset([(path, None, 0) for path in paths], window_us=1000)
    assert first.manifest.num_events.tolist() == [20, 35, 50]
    assert first.manifest.t_start.tolist() == [1000] * 3
    again = RecordingDataset([(path, None, 0) for path in paths], window_us=1000)
    monkeypatch.setattr(again._files, "open", counted)
    assert again.manifest.num_items.tolist() == [2, 4, 5]
    assert opened == []
    write_recording(paths[1], count=45)
    os.utime(paths[1], ns=(1, 1))
    changed = RecordingDataset([(path, None, 0) for path in paths], window_us=1000)
    assert changed.recording_lengths.tolist() == [2, 5, 5]


def test_a_damaged_manifest_is_read_anew(files):
    items = [(path, None, 0) for path in files[0]]
    RecordingDataset(items, window_us=1000)
    (entry,) = (Path(os.environ["XDG_CACHE_HOME"]) / "aestream" / "manifest").iterdir()
    entry.write_text(entry.read_text().replace("1000", "2000"))
    assert RecordingDataset(items, window_us=1000).manifest.t_start.tolist() == [1000] * 3


def test_ragged_rows_keep_their_items():
    batch = collate_rows([torch.ones(2, 5), torch.zeros(0, 5), torch.ones(1, 5)])
    assert batch.values.shape == (3, 5)
    assert batch.batch.tolist() == [0, 0, 2]
    assert batch.offsets.tolist() == [0, 2, 2, 3]
    x, boxes = collate_detections([(torch.zeros(1, 2, 2), torch.ones(3, 5)), (torch.ones(1, 2, 2), torch.ones(0, 5))])
    assert x.shape == (2, 1, 2, 2) and boxes.offsets.tolist() == [0, 3, 3]


def test_collating_nothing_fails():
    with pytest.raises(ValueError, match="one or more items, got none"):
        collate_labelled([])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_locate_is_what_counting_gives(lengths):
    dataset = RecordingDataset([("x", np.zeros((n, 2), np.int64), 0) for n in lengths], SHAPE)
    counted = [(number, item) for number, n in enumerate(lengths) for item in range(n)]
    assert [dataset.locate(i) for i in range(len(dataset))] == counted
    assert dataset.recording_lengths.tolist() == lengths


def test_some_events_lie_in_the_sensor():
    assert some_events()["x"].max() < 16
