"""Subclasses of ours that change what a call gives: every entry point gives that, or refuses."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file
from torch.utils.data import DataLoader

from aestream import Events, FileInput, Frame, accumulate
from aestream.datasets import PreparedDataset, RecordingDataset, prepare
from aestream.representations import Concat, Steps, Tore, representation_from_dict
from aestream.training import description
from aestream.transforms import Compose, FlipX, transform_from_dict

SHAPE = (WIDTH, HEIGHT)


class Doubled(Frame):
    """Twice the counts, by a call of its own."""

    def __call__(self, *args, **options):
        return 2 * super().__call__(*args, **options)


class DoubledTore(Tore):
    """Twice the ages."""

    def __call__(self, *args, **options):
        return 2 * super().__call__(*args, **options)


@dataclass(frozen=True)
class Named(Frame):
    """The same as its parent, with a parameter more."""

    note: str = ""


@pytest.fixture
def path(tmp_path):
    return write_file(tmp_path, "evt3", make_events(300))


WAYS = {
    "items": lambda path, **how: list(FileInput(path, **how)),
    "batches": lambda path, **how: list(next(iter(DataLoader(FileInput(path, **how), batch_size=99)))),
    "recordings": lambda path, **how: list(RecordingDataset([(path, None, None)], **how)),
    "small files": lambda path, **how: RecordingDataset([(path, None, None)] * 3, **how | {"window_us": None})[:1],
    "replay": lambda path, **how: list(FileInput(path, ignore_time=True, **how).replay()),
    "cached": lambda path, **how: list(FileInput(path, **how).cached(f"{path}.{type(how['representation']).__name__}")),
}


@pytest.mark.parametrize("transform", [None, FlipX(1.0)], ids=["", "flipped"])
@pytest.mark.parametrize("way", WAYS)
def test_a_call_of_its_own_is_called(path, way, transform):
    options = {"window_us": 1000, "event_transform": transform}
    doubled, plain, named = (
        WAYS[way](path, representation=kind, **options) for kind in (Doubled(), Frame(), Named(note="a"))
    )
    assert sum(map(torch.sum, plain)) > 0
    assert all(torch.equal(a, 2 * b) for a, b in zip(doubled, plain, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(named, plain, strict=True))


def test_prepared_events_become_what_the_call_gives(path, tmp_path):
    dataset = RecordingDataset([(path, None, 0)], window_us=1000)
    prepare(dataset, tmp_path / "events")
    kept = PreparedDataset(tmp_path / "events", representation=Doubled())
    assert all(torch.equal(a, 2 * b) for (a, _), (b, _) in zip(kept, dataset, strict=True))


def test_on_another_device_it_is_called_once():
    events = Events.from_numpy(make_events(100))
    tore = DoubledTore().on_device(events, SHAPE, None, None)  # which events of another device go through
    assert torch.equal(tore, Tore()(events, SHAPE)) and torch.equal(DoubledTore()(events, SHAPE), 2 * tore)


def test_what_accumulates_by_itself_refuses_it(path):
    for make in (lambda: Steps(Doubled(), 2), lambda: Concat(Frame(), Doubled())):
        with pytest.raises(ValueError, match="of this package, without a __call__ of its own, and no Steps; got"):
            make()
    for other in (Doubled(), lambda events, shape, **times: events):
        with pytest.raises(ValueError, match="without a __call__ of its own .*FileInput does.*; got"):
            accumulate(make_events(10), other, SHAPE)
    with pytest.raises(ValueError, match="what='tensors' needs a representation of aestream"):
        prepare(RecordingDataset([(path, None, 0)], representation=Doubled()), f"{path}.kept", what="tensors")


@pytest.mark.parametrize("kind", [Doubled(), Named(note="a"), Steps(Named(), 2)], ids=repr)
def test_a_passport_does_not_promise_classes_that_it_cannot_make(kind):
    assert not description.is_restorable(description.describe(kind))
    assert description.is_restorable(description.describe(Steps(Frame(), 2)))


class Darkened(FlipX):
    """All events are OFF, and none is flipped."""

    def __call__(self, sample, *, generator=None):
        events = sample.events
        return sample.replace(events=Events(events.t, events.x, events.y, torch.zeros_like(events.p)))


@pytest.mark.parametrize("way", WAYS)
def test_a_transform_with_a_call_of_its_own_is_called(path, way):
    options = {"window_us": 1000, "representation": Frame()}
    items = WAYS[way](path, event_transform=Darkened(1.0), **options)
    plain = list(FileInput(path, **options | ({"window_us": None} if way == "small files" else {})))
    assert all(
        torch.equal(item[0], frame.sum(0)) and not item[1].any() for item, frame in zip(items, plain, strict=True)
    )


def test_a_chain_refuses_what_it_would_not_call():
    for part in (Darkened(1.0), FlipX, lambda events: events):
        with pytest.raises(ValueError, match="of aestream.transforms, without a __call__ of their own; got"):
            Compose([FlipX(), part])
    for transforms in (FlipX(), (each for each in [FlipX()]), None):
        with pytest.raises(ValueError, match=r"transforms must be a list: Compose\(\[FlipX\(\), …\]\); got"):
            Compose(transforms)


def test_a_class_of_the_same_name_does_not_take_the_place_of_ours():
    class_of_user = type("Frame", (Frame,), {})
    other = type("FlipX", (FlipX,), {})
    assert type(representation_from_dict(class_of_user().to_dict())) is Frame
    assert type(transform_from_dict(other(0.5).to_dict())) is FlipX
    assert not description.is_restorable(description.describe(class_of_user()))
