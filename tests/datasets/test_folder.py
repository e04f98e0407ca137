"""EventFolder and splits by recording."""

from __future__ import annotations

import shutil

import pytest
from support.trees import write_recording

from aestream import FileInput, FormatError
from aestream.datasets.doctor import examine
from aestream.datasets.folder import EventFolder
from aestream.datasets.recordings import RecordingDataset
from aestream.datasets.splits import split_by_recording


@pytest.fixture
def root(tmp_path):
    """Ten recordings each of b, A and c, in three formats."""
    for name in ("b", "A", "c"):
        for i in range(10):
            ending = ("dat", "aedat4", "raw")[i % 3]
            write_recording(tmp_path / "set" / name / f"{i}.{ending}", seed=i)
    (tmp_path / "set" / "b" / ".DS_Store").write_text("x")
    (tmp_path / "set" / ".git").mkdir()
    return tmp_path / "set"


def test_classes_are_folders_in_plain_order(root):
    dataset = EventFolder(root)
    assert dataset.classes == ("A", "b", "c")
    assert len(dataset) == 30 and dataset.shape == (16, 12)
    assert dataset.labels == [0] * 10 + [1] * 10 + [2] * 10
    assert [dataset.name(i) for i in (0, 10)] == ["A/0.dat", "b/0.dat"]
    assert dataset[29][1] == 2


def test_an_empty_class_folder_is_named(root):
    (root / "void").mkdir()
    with pytest.raises(ValueError, match="class 'void' in .*found an empty folder"):
        EventFolder(root)


def test_a_missing_class_is_named(root):
    with pytest.raises(ValueError, match="folder for class 'd'.*found none"):
        EventFolder(root, classes=["A", "b", "c", "d"])


def test_a_root_without_folders_fails(tmp_path):
    with pytest.raises(ValueError, match="folder per class"):
        EventFolder(tmp_path)


def test_a_file_that_is_no_recording_is_named(root):
    (root / "c" / "notes.md").write_text("Notes of a day in May.\n")
    with pytest.raises(FormatError, match=r"notes\.md"):
        EventFolder(root)


def test_other_files_beside_recordings_need_a_pattern(root):
    (root / "b" / "0.raw.tmp_index").write_bytes(b"\0\1")
    (root / "A" / "labels.json").write_text("{}")
    with pytest.raises(FormatError, match='labels.json.*EventFolder takes pattern="[*].raw"'):
        EventFolder(root)
    dataset = EventFolder(root, pattern="*.raw")
    assert len(dataset) == 9 and all(path.endswith(".raw") for path in dataset.paths)
    with pytest.raises(ValueError, match=r"class 'A' in .*, found no file [*].es"):
        EventFolder(root, pattern="*.es")


def test_what_systems_leave_in_folders_does_not_count(root):
    (root / "__MACOSX" / "b").mkdir(parents=True)
    for name in ("b/._0.dat", "b/Thumbs.db", "A/desktop.ini", "__MACOSX/b/._0.dat"):
        (root / name).write_bytes(b"\0\5\x16\7")
    dataset = EventFolder(root)
    assert dataset.classes == ("A", "b", "c") and len(dataset) == 30
    assert [report.error for report in examine(root).recordings] == [None] * 30


def test_classes_given_keep_their_labels(root):
    shutil.rmtree(root / "A")
    dataset = EventFolder(root, classes=["c", "b"])
    assert dataset.labels == [0] * 10 + [1] * 10


def test_splits_are_disjoint_complete_and_stratified(root):
    parts = split_by_recording(EventFolder(root), (0.8, 0.1, 0.1), seed=3)
    assert [len(part) for part in parts] == [24, 3, 3]
    assert sorted(path for part in parts for path in part.paths) == sorted(EventFolder(root).paths)
    for part, each in zip(parts, (8, 1, 1), strict=True):
        assert part.labels == [0] * each + [1] * each + [2] * each
        assert part.classes == ("A", "b", "c")
        assert part[0][0].shape == (2, 12, 16)


def test_splits_depend_on_seed_and_names_only(root, tmp_path):
    names = [
        [
            [part.name(i) for i in range(len(part))]
            for part in split_by_recording(EventFolder(place), (0.5, 0.5), seed=s)
        ]
        for place, s in ((root, 1), (shutil.copytree(root, tmp_path / "copy" / "deep"), 1), (root, 2))
    ]
    assert names[0] == names[1] != names[2]
    assert names[0][0][:5] == SPLIT_OF_SEED_1


SPLIT_OF_SEED_1 = ["A/0.dat", "A/1.aedat4", "A/3.dat", "A/5.raw", "A/7.aedat4"]


def test_a_class_missing_in_a_part_is_a_warning_that_names_it(root):
    for path in sorted((root / "c").iterdir())[1:]:
        path.unlink()
    with pytest.warns(UserWarning, match="no recording of class 'c', which has 1") as caught:
        parts = split_by_recording(EventFolder(root), (0.5, 0.5))
    assert len(caught) == 1
    assert sum(map(len, parts)) == 21


def test_a_part_may_be_empty(root):
    whole, nothing = split_by_recording(EventFolder(root), (1.0, 0.0))
    assert len(whole) == 30 and len(nothing) == 0


@pytest.mark.parametrize("fractions", [(), (0.5, 0.4), (1.5, -0.5), "ab", 0.5, None, (float("nan"), 1)])
def test_fractions_that_are_no_shares_fail(root, fractions):
    with pytest.raises(ValueError, match="with a sum of 1"):
        split_by_recording(EventFolder(root), fractions)


def test_splitting_what_is_no_recordings_fails(root):
    with pytest.raises(ValueError, match="dataset must be a RecordingDataset, such as EventFolder; got FileInput"):
        split_by_recording(FileInput(root / "A" / "0.dat"), (0.5, 0.5))


def test_stratifying_needs_labels(root):
    dataset = RecordingDataset([(path, None, None) for path in EventFolder(root).paths], window_us=None)
    with pytest.raises(ValueError, match=r"A/0\.dat.*pass stratify=False"):
        split_by_recording(dataset, (0.5, 0.5))
    assert sum(map(len, split_by_recording(dataset, (0.5, 0.5), stratify=False))) == 30


def test_damage_in_a_folder_keeps_its_offset(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.csv").write_text("# a day in May\nwhen,where\n1,2\n")
    with pytest.raises(FormatError, match="byte 15") as caught:
        EventFolder(tmp_path)
    assert caught.value.offset == 15
