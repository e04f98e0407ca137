"""Datasets prepared into shards: the same items to the bit, whoever made them, and every item accounted for."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from support.checks import are_equal, run_python
from support.trees import write_recording
from torch.utils.data import DataLoader

from aestream import FileInput, FormatError, Frame, StackedHistogram, Steps, VoxelGrid
from aestream.datasets import EventFolder, PreparedDataset, RecordingDataset, SequenceSampler, prepare
from aestream.datasets.ragged import collate_detections
from aestream.prepared import making
from aestream.prepared.records import SPARSE
from aestream.prepared.shard import Shard, ShardError
from aestream.transforms import Compose, DropEvents, FlipX

REPRESENTATIONS = [Frame(), Frame(dtype=torch.uint8), VoxelGrid(3), StackedHistogram(4), Steps(Frame(), 3), None]


@pytest.fixture
def folder(tmp_path):
    """Two classes of three recordings each."""
    for label, name in enumerate(("left", "right")):
        for number in range(3):
            write_recording(tmp_path / "data" / name / f"{number}.dat", count=40 + 10 * number, seed=3 * label + number)
    return tmp_path / "data"


def all_files(path):
    """Every visible file of a prepared folder, with its bytes."""
    return {each.name: each.read_bytes() for each in path.iterdir() if each.is_file()}


def assert_same(prepared, dataset):
    assert len(prepared) == len(dataset) > 0
    for index in range(len(dataset)):
        assert are_equal(prepared[index], dataset[index])
        assert prepared.window(index) == dataset.window(index)
    for one, other in zip(prepared.__getitems__([2, 0, 1]), dataset.__getitems__([2, 0, 1]), strict=True):
        assert are_equal(one, other)


@pytest.mark.parametrize("representation", REPRESENTATIONS, ids=str)
@pytest.mark.parametrize("what", ["events", "tensors"])
@pytest.mark.parametrize("windows", [{"window_us": None}, {"window_us": 1000}, {"window_events": 7}], ids=str)
def test_items_are_those_of_the_dataset(folder, tmp_path, representation, what, windows):
    if what == "tensors" and representation is None:
        return
    dataset = EventFolder(folder, representation=representation, with_times=True, **windows)
    report = prepare(dataset, tmp_path / "out", what=what, shard_bytes=600)
    assert report.items == len(dataset)
    assert report.made > 1
    assert (report.kept, report.failed, report.changed) == (0, (), ())
    prepared = PreparedDataset(tmp_path / "out")
    assert_same(prepared, dataset)
    assert prepared.classes == ("left", "right")
    assert prepared.shape == dataset.shape
    assert prepared.representation == representation
    assert prepared.recording_lengths.tolist() == dataset.recording_lengths.tolist()
    assert [prepared.locate(i) for i in range(len(dataset))] == [dataset.locate(i) for i in range(len(dataset))]
    assert prepared.targets == dataset.targets
    with pytest.raises(IndexError, match="out of range"):
        prepared[len(dataset)]


@pytest.mark.parametrize("what", ["events", "tensors"])
def test_a_single_file_and_its_targets(tmp_path, what):
    write_recording(tmp_path / "a.dat", count=60)
    targets = [("a", i) for i in range(6)]
    spans = np.array([[1000, 2000], [1500, 1500], [0, 10**12], [3000, 3500], [10**15, 10**15 + 1], [2000, 2400]])
    file = FileInput(tmp_path / "a.dat", windows=spans, targets=targets)
    prepare(file, tmp_path / "out", what=what)
    prepared = PreparedDataset(tmp_path / "out")
    assert_same(prepared, file)
    assert prepared[1][1] == ("a", 1)
    assert not prepared[4][0].any()


def test_random_transforms_draw_as_in_the_dataset(folder, tmp_path):
    transform = Compose([FlipX(0.5), DropEvents(0.5)])
    dataset = EventFolder(folder, event_transform=transform, seed=5, window_us=1000)
    prepare(dataset, tmp_path / "out", shard_bytes=300)
    prepared = PreparedDataset(tmp_path / "out")
    for epoch in (0, 3):
        dataset.set_epoch(epoch)
        prepared.set_epoch(epoch)
        assert_same(prepared, dataset)
    with pytest.raises(ValueError, match="random, and prepared tensors are the same in every epoch"):
        prepare(dataset, tmp_path / "tensors", what="tensors")


def test_another_representation_of_prepared_events(folder, tmp_path):
    prepare(EventFolder(folder, window_us=1000), tmp_path / "out")
    want = EventFolder(folder, window_us=1000, representation=VoxelGrid(5))
    assert_same(PreparedDataset(tmp_path / "out", representation=VoxelGrid(5)), want)
    prepare(EventFolder(folder, window_us=1000, representation=None), tmp_path / "plain")
    assert_same(PreparedDataset(tmp_path / "plain", representation=VoxelGrid(5)), want)
    prepare(EventFolder(folder, window_us=1000), tmp_path / "tensors", what="tensors")
    with pytest.raises(ValueError, match="representation is not what the passport says"):
        PreparedDataset(tmp_path / "tensors", representation=VoxelGrid(5))


def double(tensor):
    return 2 * tensor


def test_callables_of_the_user_are_given_again(folder, tmp_path):
    dataset = EventFolder(folder, transform=double)
    prepare(dataset, tmp_path / "out", what="tensors")
    with pytest.raises(ValueError, match="transform is a callable of yours"):
        PreparedDataset(tmp_path / "out")
    assert_same(PreparedDataset(tmp_path / "out", transform=double), dataset)


def test_workers_pickles_and_batches(folder, tmp_path):
    dataset = EventFolder(folder, window_us=1000)
    prepare(dataset, tmp_path / "out", what="tensors", shard_bytes=5000)
    prepared = PreparedDataset(tmp_path / "out")
    frames, labels = next(iter(DataLoader(dataset, batch_size=len(dataset))))
    for workers, context in ((0, None), (2, "fork"), (1, "spawn")):
        loader = DataLoader(prepared, batch_size=len(dataset), num_workers=workers, multiprocessing_context=context)
        got, got_labels = next(iter(loader))
        assert torch.equal(got, frames)
        assert torch.equal(got_labels, labels)
    assert_same(pickle.loads(pickle.dumps(prepared)), dataset)
    batches = list(SequenceSampler(prepared, lanes=2, steps=2))
    assert [list(batch) for batch in batches] == [list(batch) for batch in SequenceSampler(dataset, lanes=2, steps=2)]


def test_the_same_bytes_by_threads_by_processes_and_after_a_cut(folder, tmp_path):
    dataset = EventFolder(folder, window_us=1000)
    options = {"what": "events", "shard_bytes": 200}
    prepare(dataset, tmp_path / "one", workers=1, **options)
    want = all_files(tmp_path / "one")
    assert len(want) > 5
    prepare(dataset, tmp_path / "eight", workers=8, **options)
    assert all_files(tmp_path / "eight") == want
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        prepare(dataset, tmp_path / "processes", client=pool, **options)
    assert all_files(tmp_path / "processes") == want
    for name in sorted(want)[1:4]:
        (tmp_path / "one" / name).unlink()
    report = prepare(dataset, tmp_path / "one", **options)
    made = 3 - ("manifest.json" in sorted(want)[1:4])
    assert (report.made, report.kept) == (made, len(want) - 1 - made)
    assert all_files(tmp_path / "one") == want


KILLED = """
import sys, time
from aestream.datasets import EventFolder, prepare
import aestream.prepared.making as making
slow = making.encode_events
def slower(blocks):
    time.sleep(0.05)
    return slow(blocks)
making.encode_events = slower
print("begun", flush=True)
prepare(EventFolder(sys.argv[1], window_us=1000), sys.argv[2], shard_bytes=200, workers=2, progress=False)
"""


def test_a_killed_run_goes_on_and_shows_nothing_partial(folder, tmp_path):
    want = tmp_path / "want"
    prepare(EventFolder(folder, window_us=1000), want, shard_bytes=200)
    expected, out = all_files(want), tmp_path / "out"
    for _ in range(3):
        run = subprocess.Popen([sys.executable, "-c", KILLED, folder, out], stdout=subprocess.PIPE, cwd=tmp_path)
        run.stdout.readline()
        until = time.monotonic() + 0.12
        while time.monotonic() < until:
            for path in out.glob("*.safetensors"):
                assert path.read_bytes() == expected[path.name]
        os.kill(run.pid, signal.SIGKILL)
        run.wait(30)
        run.stdout.close()
    assert not (out / "manifest.json").exists()
    with pytest.raises(ValueError, match="is its preparation complete"):
        PreparedDataset(out)
    report = prepare(EventFolder(folder, window_us=1000), out, shard_bytes=200)
    assert all_files(out) == expected
    assert not list((out / ".tmp").iterdir())
    assert report.items == len(EventFolder(folder, window_us=1000))


def test_another_passport_is_refused_and_shown(folder, tmp_path):
    prepare(EventFolder(folder, window_us=1000), tmp_path / "out")
    before = all_files(tmp_path / "out")
    for other in ({"window_us": 2000}, {"window_us": 1000, "representation": VoxelGrid(2)}):
        with pytest.raises(ValueError, match=r"(?s)prepared with another passport; they differ in .*one:.*the other:"):
            prepare(EventFolder(folder, **other), tmp_path / "out")
    with pytest.raises(ValueError, match="holds events, not tensors"):
        prepare(EventFolder(folder, window_us=1000), tmp_path / "out", what="tensors")
    assert all_files(tmp_path / "out") == before


def test_a_changed_recording_is_said_and_made_again(folder, tmp_path):
    dataset = EventFolder(folder, window_us=1000)
    first = prepare(dataset, tmp_path / "out", shard_bytes=200)
    write_recording(folder / "left" / "1.dat", count=75, seed=99)
    changed = EventFolder(folder, window_us=1000)
    with pytest.warns(UserWarning, match=r"1 recordings of .* have changed, as 'left/1.dat'"):
        report = prepare(changed, tmp_path / "out", shard_bytes=200)
    assert report.changed == ("left/1.dat",)
    assert 0 < report.kept < first.made
    assert_same(PreparedDataset(tmp_path / "out"), changed)
    names = {shard["name"] for shard in json.loads((tmp_path / "out" / "manifest.json").read_text())["shards"]}
    assert names == {path.name for path in (tmp_path / "out").glob("shard-*")}


def test_a_changed_label_is_made_again(folder, tmp_path):
    paths = sorted(folder.rglob("*.dat"))
    prepare(RecordingDataset([(path, None, 0) for path in paths], window_us=None), tmp_path / "out")
    dataset = RecordingDataset([(path, None, number) for number, path in enumerate(paths)], window_us=None)
    prepare(dataset, tmp_path / "out")
    assert PreparedDataset(tmp_path / "out").targets == list(range(6))


def test_what_cannot_be_read_is_reported_and_stops_nothing(folder, tmp_path):
    bad = folder / "left" / "1.dat"
    data = bad.read_bytes()
    items = [(path, None, number) for number, path in enumerate(sorted(folder.rglob("*.dat")))]
    dataset = RecordingDataset(items, (16, 12), root=folder, window_us=1000)
    bad.write_bytes(b"no events at all, only text\n" * 20)
    with pytest.warns(UserWarning, match=r"1 recordings could not be read as a whole, as left/1\.dat: "):
        report = prepare(dataset, tmp_path / "out", shard_bytes=200)
    assert [failure.recording for failure in report.failed] == ["left/1.dat"]
    assert "left/1.dat" in str(report)
    prepared = PreparedDataset(tmp_path / "out")
    assert prepared.recording_lengths.tolist()[1] == 0
    assert prepared.failed[0][0] == "left/1.dat"
    good = RecordingDataset([item for item in items if item[0] != bad], (16, 12), root=folder, window_us=1000)
    assert_same(prepared, good)
    with pytest.raises(ValueError, match=r"1\.dat"):
        prepare(RecordingDataset(items, (16, 12), root=folder, window_us=1000), tmp_path / "raised", errors="raise")
    bad.write_bytes(data)
    with pytest.warns(UserWarning, match="have changed"):
        report = prepare(RecordingDataset(items, (16, 12), root=folder, window_us=1000), tmp_path / "out")
    assert report.failed == ()
    assert_same(PreparedDataset(tmp_path / "out"), RecordingDataset(items, (16, 12), root=folder, window_us=1000))


def test_a_damaged_shard_is_an_error_with_its_name(folder, tmp_path):
    prepare(EventFolder(folder, window_us=1000), tmp_path / "out")
    path = next((tmp_path / "out").glob("shard-*"))
    data = bytearray(path.read_bytes())
    for place in (4200, len(data) - 3):
        damaged = bytearray(data)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ShardError, match=f"{path.name}.* is damaged"):
            PreparedDataset(tmp_path / "out")[0]
    PreparedDataset(tmp_path / "out", verify=False)[0]
    for cut in (0, 5, 300, 5000, len(data) - 1):
        path.write_bytes(data[:cut])
        with pytest.raises(OSError, match=path.name):
            PreparedDataset(tmp_path / "out", verify=False)[0]
    report = prepare(EventFolder(folder, window_us=1000), tmp_path / "out")
    assert report.made == 1
    assert path.read_bytes() == data


def test_a_damaged_tensor_that_nobody_verifies_is_an_error_with_its_shards_name(folder, tmp_path):
    dataset = EventFolder(folder, window_us=1000, representation=Frame(dtype=torch.uint8))
    prepare(dataset, tmp_path / "out", what="tensors")
    path = next((tmp_path / "out").glob("shard-*"))
    data, shard = bytearray(path.read_bytes()), Shard(path)
    assert shard.kinds[0] == SPARSE
    last = 8 + 4096 + int(shard.bases[0]) * 5  # behind the places of its numbers
    data[last - 4 : last] = b"\xff" * 4
    path.write_bytes(data)
    with pytest.raises(ShardError, match=f"{path.name}.* is damaged: item 0 is no tensor of this shape"):
        PreparedDataset(tmp_path / "out", verify=False)[0]
    with pytest.raises(ShardError, match=path.name):
        PreparedDataset(tmp_path / "out", verify=False).__getitems__([1, 0])


# Cuts a shard that is open and says what comes of reading it.
CUT_WHILE = """
import os, sys, torch
from aestream.datasets import PreparedDataset
def main(folder, shard, workers):
    dataset = PreparedDataset(folder, with_times=True)
    length, _ = len(dataset), dataset[0]
    def all_of(read):
        return lambda: [read(i) for i in range(length)]
    loader = torch.utils.data.DataLoader(dataset, batch_size=2, num_workers=workers)
    uses = [lambda: list(loader)] if workers else map(all_of, (dataset.__getitem__, dataset.window, dataset.target))
    os.truncate(shard, 4096)
    for use in uses:
        try:
            print("GOT", use())
        except OSError as error:
            print(error)
if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
"""


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("what", ["events", "tensors"])
@pytest.mark.parametrize("targets", [None, list(range(20))], ids=["bare", "targets"])
def test_a_shard_that_is_cut_while_it_is_open_is_an_error(tmp_path, what, targets, workers):
    path = tmp_path / "one.raw"
    write_recording(path, count=200)
    prepare(FileInput(path, window_us=1000, targets=targets), tmp_path / "out", what=what)
    shard = next((tmp_path / "out").glob("shard-*"))
    child = run_python(CUT_WHILE, tmp_path / "out", shard, workers)
    assert child.returncode == 0, child.stderr
    assert child.stdout.count("the file has changed") == (1 if workers else 3)
    assert str(shard) in child.stdout
    assert "GOT" not in child.stdout


def test_a_shard_that_is_written_over_is_an_error(folder, tmp_path):
    prepare(EventFolder(folder, window_us=1000), tmp_path / "out")
    dataset = PreparedDataset(tmp_path / "out")
    assert_same(dataset, EventFolder(folder, window_us=1000))
    path = next((tmp_path / "out").glob("shard-*"))
    data = path.read_bytes()
    with open(path, "r+b") as stream:
        stream.write(bytes(len(data)))
    with pytest.raises(OSError, match=f"written over.*{path.name}"):
        dataset[0]


def test_shards_are_safetensors_that_others_open(folder, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    prepare(EventFolder(folder, window_us=1000), tmp_path / "out")
    for path in (tmp_path / "out").glob("shard-*"):
        columns = safetensors.load_file(path)
        shard = Shard(path)
        np.testing.assert_array_equal(columns["times"], shard.times)
        np.testing.assert_array_equal(columns["data"], shard.data)


def test_local_copies_stay_within_their_limit(folder, tmp_path):
    dataset = EventFolder(folder, window_us=1000)
    prepare(dataset, tmp_path / "out", what="tensors", shard_bytes=5000)
    size = max(path.stat().st_size for path in (tmp_path / "out").glob("shard-*"))
    options = {"local_copy": tmp_path / "local", "local_bytes": 2 * size}
    prepared = PreparedDataset(tmp_path / "out", **options)
    assert_same(prepared, dataset)
    copies = list((tmp_path / "local").glob("shard-*"))
    assert 0 < sum(path.stat().st_size for path in copies) <= 2 * size
    copies[0].write_bytes(b"damaged")
    assert_same(PreparedDataset(tmp_path / "out", **options), dataset)


MEASURED = """
import re, sys
from aestream import FileInput, Frame, MixedDensity
from aestream.datasets import prepare

def megabytes():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

path, out, what, representation = sys.argv[1:]
file = FileInput(path, window_us=None, representation=eval(representation), cache_index=False)
before = megabytes()
report = prepare(file, out, what=what, progress=False, workers=1)
print(report.items, report.bytes, megabytes() - before)
"""


@pytest.mark.skipif("AESTREAM_SANITIZED" in os.environ, reason="a sanitizer keeps what is freed")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("what", "representation"), [("events", "Frame()"), ("tensors", "Frame()"), ("tensors", "MixedDensity(2)")]
)
def test_memory_does_not_grow_with_a_recording(tmp_path, what, representation):
    events = 20_000_000  # 16 bytes each in memory, of one item
    with open(tmp_path / "long.dat", "wb") as file:
        file.write(b"% Data file\n% Version 2\n% Width 640\n% Height 480\n\x0c\x08")
        file.truncate(file.tell() + 8 * events)
    command = [sys.executable, "-c", MEASURED, tmp_path / "long.dat", tmp_path / "out", what, representation]
    items, size, grown = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=tmp_path).stdout.split()
    assert int(items) == 1
    assert int(size) > (8 * events if what == "events" else 0)
    assert float(grown) < 160  # MiB


def test_an_item_that_ends_in_damage_leaves_nothing_in_its_shard(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "_BLOCK_EVENTS", 10)
    for name in ("a", "b", "c"):
        write_recording(tmp_path / f"{name}.dat", count=45, seed=ord(name))
    items = [(tmp_path / f"{name}.dat", None, None) for name in ("a", "b", "c")]
    prepare(RecordingDataset([items[0], items[2]], (16, 12), root=tmp_path, window_us=None), tmp_path / "want")
    dataset = RecordingDataset(items, (16, 12), root=tmp_path, window_us=None)
    read = FileInput._read

    def fail(file, first, last):
        if file.path.endswith("b.dat") and first == 30:
            raise FormatError("expected an event, found none", 99)
        return read(file, first, last)

    monkeypatch.setattr(FileInput, "_read", fail)
    with pytest.warns(UserWarning, match=r"1 recordings could not be read as a whole, as b\.dat: .*found none"):
        prepare(dataset, tmp_path / "out", workers=1)
    want, got = (Shard(next((tmp_path / name).glob("shard-*"))) for name in ("want", "out"))
    np.testing.assert_array_equal(got.data, want.data)
    np.testing.assert_array_equal(got.offsets, want.offsets)
    assert [stretch.recording for stretch in got.stretches] == [0, 2]


def test_a_full_disk_ends_in_an_error_and_a_rerun_completes(folder, tmp_path):
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("needs root, to mount a small file system")
    out = tmp_path / "small"
    out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(out)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        dataset = EventFolder(folder, window_us=100, representation=Frame())
        with pytest.raises(OSError, match="No space left"):
            prepare(dataset, out, what="tensors", shard_bytes=20_000)
        assert all(len(Shard(path)) for path in out.glob("shard-*"))
        subprocess.run(["mount", "-o", "remount,size=16m", str(out)], check=True)
        report = prepare(dataset, out, what="tensors", shard_bytes=20_000)
        assert report.items == len(dataset)
        assert_same(PreparedDataset(out), dataset)
    finally:
        subprocess.run(["umount", "-l", str(out)], check=True)


def test_arguments_are_checked(folder, tmp_path):
    dataset = EventFolder(folder)
    with pytest.raises(ValueError, match="what must be one of"):
        prepare(dataset, tmp_path / "out", what="frames")
    with pytest.raises(ValueError, match="errors must be one of"):
        prepare(dataset, tmp_path / "out", errors="ignore")
    with pytest.raises(TypeError, match="expected a FileInput or a RecordingDataset"):
        prepare([1, 2], tmp_path / "out")
    bad = RecordingDataset([(path, None, object()) for path in folder.rglob("0.dat")])
    with pytest.raises(TypeError, match="object"):
        prepare(bad, tmp_path / "out")


@pytest.mark.parametrize("what", ["events", "tensors"])
def test_a_cached_dataset_reads_what_it_wrote(folder, tmp_path, what, monkeypatch):
    dataset = EventFolder(folder, window_us=1000)
    cached = dataset.cached(tmp_path / "cache", what=what)
    assert not list((tmp_path / "cache").glob("shard-*"))
    assert_same(cached, dataset)
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").glob("shard-*")}
    assert stamps
    again = EventFolder(folder, window_us=1000).cached(tmp_path / "cache", what=what)
    monkeypatch.setattr("aestream.prepared.cached.make_shard", None)  # nothing is made any more
    assert_same(again, dataset)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    with pytest.raises(ValueError, match="caches items of another passport"):
        EventFolder(folder, window_us=2000).cached(tmp_path / "cache", what=what)


def test_several_processes_share_a_cache(folder, tmp_path):
    dataset = EventFolder(folder, window_us=1000)
    cached = dataset.cached(tmp_path / "cache", what="tensors")
    frames, labels = next(iter(DataLoader(dataset, batch_size=len(dataset))))
    for _ in range(2):
        parts = list(DataLoader(cached, batch_size=3, num_workers=2))
        assert torch.equal(torch.cat([x for x, _ in parts]), frames)
        assert torch.equal(torch.cat([y for _, y in parts]), labels)


def test_boxes_are_collated_as_before(tmp_path):
    write_recording(tmp_path / "a.dat")
    spans = np.array([[1000, 2000], [1500, 2500]])
    boxes = [torch.ones(2, 5), torch.zeros(0, 5)]

    class Detections(RecordingDataset):
        collate = staticmethod(collate_detections)

    dataset = Detections([(tmp_path / "a.dat", spans, boxes)])
    prepare(dataset, tmp_path / "out")
    prepared = PreparedDataset(tmp_path / "out")
    frames, ragged = next(iter(DataLoader(prepared, batch_size=2, collate_fn=prepared.collate)))
    assert frames.shape == (2, 2, 12, 16)
    assert ragged.offsets.tolist() == [0, 2, 2]
