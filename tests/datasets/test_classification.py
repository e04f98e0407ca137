"""Published data sets of labelled recordings, on tiny trees in their layouts."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy.io import savemat
from support.files import HEIGHT, WIDTH, file_bytes
from support.trees import frame_of, some_events, write_bin40, write_recording
from support.words import dat_header, encode_dat

from aestream import FormatError, TruncatedFileWarning
from aestream import datasets as published
from aestream.datasets import ASLDVS, CIFAR10DVS, NMNIST, DVSLip, EventFolder, NCaltech101, NCars, RecordingDataset


def write_file(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_every_dataset_is_exported_and_says_where_it_is_from():
    names = "NMNIST NCaltech101 NCars CIFAR10DVS DVSGesture ASLDVS DVSLip SHD SSC Gen1Detection OneMegapixelDetection"
    for name in [*names.split(), "DSEC", "MVSEC"]:
        dataset = getattr(published, name)
        assert issubclass(dataset, RecordingDataset)
        assert name in dir(published)
        assert dataset.source.page.startswith("https://")
        assert dataset.source.licence and dataset.source.citation
    with pytest.raises(AttributeError, match="NoSuchSet"):
        published.NoSuchSet  # noqa: B018


def test_importing_the_package_imports_no_dataset(tmp_path):
    code = "import aestream, sys; print([m for m in sys.modules if 'n_mnist' in m or 'recordings' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == "[]"


def test_nmnist(tmp_path):
    events = {}
    for split in ("Train", "Test"):
        for digit in range(10):
            for i in (2, 1):
                events[split, digit, i] = some_events(30, seed=digit * 10 + i, shape=(34, 34))
                write_bin40(tmp_path / "nmnist" / split / str(digit) / f"{i:05}.bin", events[split, digit, i])
    for root in (tmp_path, tmp_path / "nmnist"):
        dataset = NMNIST(root, "test")
        assert len(dataset) == 20 and dataset.shape == (34, 34)
        assert dataset.classes == tuple("0123456789")
        x, label = dataset[7]
        assert label == 3
        np.testing.assert_array_equal(x, frame_of(events["Test", 3, 2], (34, 34)))
    first = NMNIST(tmp_path, "train", stop_us=1500)[0][0]
    np.testing.assert_array_equal(first, frame_of(events["Train", 0, 1][:5], (34, 34)))


def test_nmnist_that_is_not_there_says_where_to_get_what(tmp_path):
    with pytest.raises(ValueError, match=r"Test of N-MNIST.*test\.zip \(MD5 69ca8762b2fe.*data\.mendeley\.com"):
        NMNIST(tmp_path, "test")
    with pytest.raises(ValueError, match="split must be one of 'train', 'test'; got 'val'"):
        NMNIST(tmp_path, "val")


def test_a_folder_of_no_class_and_an_empty_one_are_named(tmp_path):
    write_bin40(tmp_path / "Train" / "3" / "1.bin", some_events())
    assert NMNIST(tmp_path).labels == [3]
    (tmp_path / "Train" / "4").mkdir()
    with pytest.raises(ValueError, match="class '4'.*found no file [*].bin"):
        NMNIST(tmp_path)
    (tmp_path / "Train" / "ten").mkdir()
    with pytest.raises(ValueError, match=r"folders of the 10 classes.*found 'ten'"):
        NMNIST(tmp_path)


def test_ncaltech101_labels_count_the_full_list(tmp_path):
    events = some_events(40, shape=(200, 150))
    for name in ("yin_yang", "Faces_easy", "accordion"):
        write_bin40(tmp_path / "Caltech101" / name / "image_0001.bin", events)
    for root in (tmp_path, tmp_path / "Caltech101"):
        dataset = NCaltech101(root)
        assert dataset.labels == [1, 4, 100]
        assert len(dataset.classes) == 101 and list(dataset.classes) == sorted(dataset.classes)
        assert dataset[0][0].shape == (2, 180, 240)
    cropped = NCaltech101(tmp_path, shape=(100, 100))[0][0]
    np.testing.assert_array_equal(cropped, frame_of(events, (100, 100)))
    write_bin40(tmp_path / "Caltech101" / "Faces" / "image_0001.bin", events)
    with pytest.raises(ValueError, match="found 'Faces'"):
        NCaltech101(tmp_path)


def test_ncars(tmp_path):
    events = some_events(30, shape=(60, 50), start_us=0)
    for name in ("cars", "background"):
        write_file(tmp_path / "n-cars_train" / name / "obj_000001_td.dat", dat_header(2) + encode_dat(events))
    dataset = NCars(tmp_path, "train")
    assert dataset.labels == [0, 1]
    assert dataset.classes == ("background", "cars")
    np.testing.assert_array_equal(dataset[1][0], frame_of(events, (120, 100)))
    with pytest.raises(ValueError, match=r"not possible for N-CARS: get .*n_cars\.zip from .*prophesee\.ai"):
        NCars(tmp_path, "test", download=True)


@pytest.mark.parametrize("format", ["aedat4", "aedat"])
def test_cifar10dvs(tmp_path, format):
    for name in ("truck", "airplane"):
        if format == "aedat4":
            write_recording(tmp_path / name / f"cifar10_{name}_0.aedat4", shape=(128, 128))
        else:
            write_file(
                tmp_path / name / f"cifar10_{name}_0.aedat", b"#!AER-DAT2.0\r\n" + bytes([0, 0, 2, 3, 0, 0, 0, 9])
            )
    dataset = CIFAR10DVS(tmp_path)
    assert dataset.labels == [0, 9]
    x, label = dataset[1]
    assert x.shape == (2, 128, 128) and label == 9
    assert x.sum() == (20 if format == "aedat4" else 1)
    with pytest.raises(ValueError, match=r"CIFAR10-DVS.*figshare"):
        CIFAR10DVS(tmp_path / "truck")


def test_asldvs_turns_y_down(tmp_path):
    (tmp_path / "y").mkdir()
    (tmp_path / "k").mkdir()
    arrays = {"ts": [[10], [20]], "x": [[3], [4]], "y": [[0], [170]], "pol": [[1], [0]]}
    for letter in "ky":
        savemat(tmp_path / letter / f"{letter}_0001.mat", {name: np.array(values) for name, values in arrays.items()})
    dataset = ASLDVS(tmp_path, representation=None)
    assert dataset.labels == [9, 23] and len(dataset.classes) == 24
    assert [column.tolist() for column in dataset[0][0]] == [[10, 20], [3, 4], [179, 9], [True, False]]
    assert ASLDVS(tmp_path, mirror="xy", representation=None)[0][0].x.tolist() == [236, 235]
    assert ASLDVS(tmp_path)[1][0].shape == (2, 180, 240)
    with pytest.raises(ValueError, match="mirror must be one of"):
        ASLDVS(tmp_path, mirror="z")


def test_a_matlab_file_without_events_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    savemat(tmp_path / "a" / "a_1.mat", {"ts": np.zeros(3), "x": np.zeros(2)})
    with pytest.raises(FormatError, match=r"a_1\.mat: expected arrays ts, x, y, pol of one length, found ts, x"):
        ASLDVS(tmp_path)[0]
    data = (tmp_path / "a" / "a_1.mat").read_bytes()
    (tmp_path / "a" / "a_1.mat").write_bytes(data[:140])
    with pytest.raises(FormatError, match=r"a_1\.mat"):
        ASLDVS(tmp_path)[0]


def test_dvslip(tmp_path):
    rows = np.zeros(4, [("x", "i4"), ("y", "i4"), ("t", "i4"), ("p", "i4")])
    rows["t"] = [5, 6, 7, 8]
    rows["x"] = 127
    for split, words in (("train", ("young", "about")), ("test", ("about", "young", "later"))):
        for word in words:
            (tmp_path / "DVS-Lip" / split / word).mkdir(parents=True)
            np.save(tmp_path / "DVS-Lip" / split / word / "0.npy", rows)
    dataset = DVSLip(tmp_path, "train")
    assert dataset.classes == ("about", "later", "young")
    assert dataset.labels == [0, 2]
    x, _ = dataset[0]
    assert x.shape == (2, 128, 128) and x[0, 0, 127] == 4
    with pytest.raises(ValueError, match=r"DVS-Lip\.zip \(MD5 2dcb9592"):
        DVSLip(tmp_path / "nowhere")


def test_a_cut_recording_is_named_and_read_up_to_the_cut(tmp_path):
    write_file(tmp_path / "Train" / "0" / "1.bin", b"\x00" * 7)
    with pytest.warns(TruncatedFileWarning, match=r"1\.bin"):
        assert NMNIST(tmp_path)[0][0].sum() == 1


def test_folders_take_the_formats_that_files_have(tmp_path):
    write_file(tmp_path / "a" / "1.x", file_bytes("evt3", some_events(shape=(WIDTH, HEIGHT))))
    assert EventFolder(tmp_path).shape == (WIDTH, HEIGHT)
