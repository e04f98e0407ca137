"""Passports and pipelines: what a checkpoint says of its model's items, and what is made of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file
from torch.utils.data import ConcatDataset, Subset

from aestream import FileInput, Frame, UDPInput, VoxelGrid
from aestream.representations import Concat, Steps
from aestream.training import Passport, load_pipeline
from aestream.training.passport import KEY


def saved(folder, passport):
    """A checkpoint as Lightning lays it out, as far as load_pipeline reads it."""
    path = folder / "model.ckpt"
    torch.save({"epoch": 1, "state_dict": {"w": torch.ones(1)}, "EventDataModule": {KEY: passport.to_dict()}}, path)
    return path


@pytest.fixture
def path(tmp_path):
    return write_file(tmp_path, "evt3", make_events())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"window_us": 3_000, "stride": 1_000},
        {"window_events": 100},
        {"representation": VoxelGrid(3)},
        {"representation": Steps(Concat(Frame("sum"), VoxelGrid(2)), 3)},
        {"representation": Frame("sum", torch.uint8)},
    ],
)
def test_a_dataset_from_its_passport_is_the_same(options, path, tmp_path):
    file = FileInput(path, **options)
    passport = Passport.of(file)
    assert Passport.from_dict(passport.to_dict()) == passport
    again = load_pipeline(saved(tmp_path, passport)).dataset(path)
    assert all(torch.equal(a, b) for a, b in zip(file, again, strict=True))


def test_a_replay_from_its_passport_is_the_same(path, tmp_path):
    pipeline = load_pipeline(saved(tmp_path, Passport.of(FileInput(path, window_us=3_000))))
    source = FileInput(path, representation=None)
    assert torch.equal(pipeline.stream(source)[1], FileInput(path, window_us=3_000)[1])
    assert source.representation is None


def test_a_stream_gets_windows_and_representation(path, tmp_path):
    pipeline = load_pipeline(
        saved(tmp_path, Passport.of(FileInput(path, window_us=3_000, representation=VoxelGrid(2))))
    )
    source = UDPInput((WIDTH, HEIGHT), port=0)
    stream = pipeline.stream(source)
    assert (stream.window_us, stream.representation) == (3_000, VoxelGrid(2))
    assert source.window_us == 10_000
    with source:
        assert pipeline.stream(source).is_streaming()


def test_another_shape_fails(path, tmp_path):
    pipeline = load_pipeline(saved(tmp_path, replace(Passport.of(FileInput(path)), shape=(10, 20))))
    for make in (lambda: pipeline.dataset(path), lambda: pipeline.stream(UDPInput((20, 10)))):
        with pytest.raises(ValueError, match=r"trained on a sensor of shape 10x20; got \(\d+, \d+\)"):
            make()


def test_overlapping_windows_have_no_stream(path, tmp_path):
    pipeline = load_pipeline(saved(tmp_path, Passport.of(FileInput(path, stride=1_000))))
    with pytest.raises(ValueError, match="a stride of 1000; those of a live stream follow each other"):
        pipeline.stream(UDPInput((WIDTH, HEIGHT)))


def test_options_of_the_passport_cannot_be_given(path, tmp_path):
    pipeline = load_pipeline(saved(tmp_path, Passport.of(FileInput(path))))
    with pytest.raises(ValueError, match="window_us: the checkpoint's passport says so already"):
        pipeline.dataset(path, window_us=1)


def double(item):
    return 2 * item


def test_a_callable_of_ones_own_has_to_be_given(path, tmp_path):
    file = FileInput(path, transform=double)
    checkpoint = saved(tmp_path, Passport.of(file))
    with pytest.raises(ValueError, match=r"transform is a callable of yours.*double.*give it as transform="):
        load_pipeline(checkpoint)
    with pytest.raises(ValueError, match="not what the passport says"):
        load_pipeline(checkpoint, transform=list)
    assert torch.equal(load_pipeline(checkpoint, transform=double).dataset(path)[0], file[0])


def without_on(events):
    return type(events)(*(column[~events.p] for column in events))


def test_event_transforms_come_before_the_representation(path, tmp_path):
    passport = replace(
        Passport.of(FileInput(path)), event_transform={"type": "another callable", "name": f"{__name__}.without_on"}
    )
    pipeline = load_pipeline(saved(tmp_path, passport), event_transform=without_on)
    item, plain = pipeline.dataset(path)[0], FileInput(path)[0]
    assert item[1].sum() == 0 and torch.equal(item[0], plain[0])
    replayed = pipeline.stream(FileInput(path))[0]
    assert torch.equal(replayed, item)


def test_changed_parameters_of_a_representation_fail(path, tmp_path):
    passport = replace(Passport.of(FileInput(path)), representation={"type": "Frame", "colour": 1})
    with pytest.raises(ValueError, match="Frame has the parameters .*; got colour"):
        load_pipeline(saved(tmp_path, passport))
    passport = replace(passport, representation={"type": "os.system"})
    with pytest.raises(ValueError, match="expected a representation or transform of this package, got 'os.system'"):
        load_pipeline(saved(tmp_path, passport))


def test_a_checkpoint_without_passport_fails(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "plain.ckpt")
    with pytest.raises(ValueError, match="has no passport: train with EventDataModule"):
        load_pipeline(tmp_path / "plain.ckpt")


def test_what_is_no_checkpoint_fails(tmp_path):
    path = tmp_path / "model.ckpt"
    for data in (b"hello", b"", b"PK\3\4", b"\x80\2}q\0."):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="model.ckpt' is no checkpoint of"):
            load_pipeline(path)
    torch.save([1, 2], path)
    with pytest.raises(ValueError, match="no checkpoint of Lightning's: it holds a list"):
        load_pipeline(path)
    with pytest.raises(FileNotFoundError):
        load_pipeline(tmp_path / "nowhere.ckpt")


@pytest.mark.parametrize("source", ["recording.raw", None, [1]])
def test_a_stream_of_what_is_no_input_fails(path, tmp_path, source):
    pipeline = load_pipeline(saved(tmp_path, Passport.of(FileInput(path))))
    with pytest.raises(ValueError, match=r"source must be an input, such as UDPInput\(…\) or FileInput\(path\); got"):
        pipeline.stream(source)


def test_a_later_passport_fails():
    with pytest.raises(ValueError, match="a passport has no colour"):
        Passport.from_dict({"representation": None, "colour": 1})


def test_parts_of_a_dataset_have_one_passport(path):
    one, other = FileInput(path), FileInput(path, window_us=1_000)
    assert Passport.of(ConcatDataset([one, Subset(one, [0])])) == Passport.of(one)
    with pytest.raises(ValueError, match=r"(?s)one passport; they differ in window_us\n.*10000.*1000"):
        Passport.of(ConcatDataset([one, other]))
    with pytest.raises(ValueError, match="list has no attribute 'representation'"):
        Passport.of([])
