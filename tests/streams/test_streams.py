"""EventStream: one object as a context manager, an iterable, a DataLoader's dataset; fed here by a thread in Python."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
import torch
from support.checks import assert_same_events
from support.files import HEIGHT, WIDTH, make_events
from support.transforms import Corner, Drop, Length, only_on
from torch.utils.data import DataLoader

import aestream
from aestream import Events, EventStream, Frame, UDPInput
from aestream.streams.thread_source import ThreadSource
from aestream.transforms.base import Sample, seeded

SHAPE = (WIDTH, HEIGHT)
WINDOW_US = 5000


class Played(EventStream):
    """A thousand events at once, and then an error, the end, or silence."""

    def __init__(self, *arguments, ending="end", **options) -> None:
        super().__init__(*arguments, window_us=WINDOW_US, **options)
        self.ending = ending

    def _open(self, sink) -> ThreadSource:
        return ThreadSource(sink, self._produce)

    def _produce(self, sink, stopping) -> None:
        for part in np.split(make_events(1000), 10):
            sink.push(part)
            sink.count_packets(1)
        if self.ending == "error":
            raise ConnectionError("unplugged")
        if self.ending == "silence":
            stopping.wait()


def frames() -> list[torch.Tensor]:
    """What the events of `Played` are in windows."""
    return list(aestream.accumulate(make_events(1000), Frame(), SHAPE, window_us=WINDOW_US))


def test_iterating_gives_a_frame_per_window_and_ends():
    stream = Played(SHAPE)
    got = list(stream)
    assert all(torch.equal(*pair) for pair in zip(got, frames(), strict=True))
    stats = stream.stats
    assert (stats.received, stats.delivered, stats.pending, stats.packets) == (1000, 1000, 0, 10)


def test_every_iteration_opens_anew():
    stream = Played(SHAPE)
    assert [len(list(stream)) for _ in range(2)] == [len(frames())] * 2


def test_iterating_inside_with_uses_what_is_open():
    with Played(SHAPE, ending="silence") as stream:
        first = next(iter(stream))
        rest = [item for item, _ in zip(stream, range(1), strict=False)]  # goes on where the first one stopped
        assert stream.is_streaming()
    assert torch.equal(first, frames()[0])
    assert torch.equal(rest[0], frames()[1])


def test_timeout_ends_the_iteration_after_the_last_window():
    got = list(Played(SHAPE, ending="silence", timeout_s=0.05))
    assert all(torch.equal(*pair) for pair in zip(got, frames(), strict=True))


def test_stop_from_another_thread_ends_the_iteration():
    stream = Played(SHAPE, ending="silence")
    iterator = iter(stream)
    first = next(iterator)
    stopper = threading.Thread(target=stream.stop)
    stopper.start()
    rest = list(iterator)
    stopper.join()
    assert sum(int(item.sum()) for item in [first, *rest]) == stream.stats.received == 1000


def test_error_of_the_source_comes_after_all_windows():
    got = []
    with pytest.raises(ConnectionError, match="unplugged"):
        for item in Played(SHAPE, ending="error"):
            got.append(item)
    assert sum(int(item.sum()) for item in got) == 1000


def test_error_of_the_source_comes_after_all_was_read():
    total = 0
    with Played(SHAPE, ending="error") as stream, pytest.raises(ConnectionError, match="unplugged"):
        while stream.is_streaming():
            total += stream.read().sum()
    assert total == 1000
    assert not stream.is_streaming()


@pytest.mark.parametrize(
    ("backend", "type_name"), [("numpy", "ndarray"), ("Torch", "Tensor"), (aestream.Backend.Jax, "ArrayImpl")]
)
def test_read_gives_the_backend_that_was_asked_for(backend, type_name):
    total = 0.0
    with Played(SHAPE) as stream:
        while stream.is_streaming():
            frame = stream.read(backend)
            total += float(frame.sum())
    assert (type(frame).__name__, frame.shape, total) == (type_name, SHAPE, 1000)


def test_unknown_backend_fails_and_loses_nothing():
    with Played(SHAPE) as stream:
        with pytest.raises(ValueError, match="backend must be one of"):
            stream.read("nothing")
        total = 0.0
        while stream.is_streaming():
            total += stream.read().sum()
    assert total == 1000


def test_items_are_events_without_a_representation():
    items = list(Played(SHAPE, representation=None))
    assert all(isinstance(item, Events) for item in items)
    assert_same_events(np.concatenate([item.numpy() for item in items]), make_events(1000))


def test_any_callable_is_a_representation():
    def span(events: Events, shape, *, start_us, stop_us) -> tuple[int, int, int]:
        return len(events), stop_us - start_us, shape[0]

    items = list(Played(SHAPE, representation=span, transform=lambda item: [*item]))
    assert sum(count for count, _, _ in items) == 1000
    assert all(rest == [WINDOW_US, WIDTH] for _, *rest in items)


def test_times_are_the_last_member_of_items():
    items = list(Played(SHAPE, with_times=True))
    assert all(torch.equal(x, frame) for (x, _), frame in zip(items, frames(), strict=True))
    starts = [times.tolist() for _, times in items]
    first = int(make_events(1000)["t"][0])
    assert starts == [[first + i * WINDOW_US, first + (i + 1) * WINDOW_US] for i in range(len(items))]
    assert all(times.dtype == torch.int64 for _, times in items)


def test_functions_and_transforms_of_events_run_before_the_representation():
    only = list(Played(SHAPE, event_transform=only_on))
    assert all(torch.equal(one[1], whole[1]) and one[0].sum() == 0 for one, whole in zip(only, frames(), strict=True))
    corners = list(Played(SHAPE, event_transform=Corner(10, 8)))
    assert all(torch.equal(one, whole[:, :8, :10]) for one, whole in zip(corners, frames(), strict=True))
    told = list(Played(SHAPE, event_transform=Corner(10, 8), representation=Length(), with_times=True))
    assert all(lengths[1:].tolist() == [10, 8, *times.tolist()] for lengths, times in told)


def test_random_transforms_draw_by_the_number_of_the_item():
    items = [list(Played(SHAPE, event_transform=Drop(), seed=seed, representation=None)) for seed in (3, 3, 4)]
    kept = [[events.t.tolist() for events in each] for each in items]
    assert kept[0] == kept[1] != kept[2]
    whole = list(Played(SHAPE, representation=None))
    sample = Sample(whole[1], SHAPE, 0, 1)
    assert kept[0][1] == Drop()(sample, generator=seeded(3, 0, 1)).events.t.tolist()


def test_breaking_off_stops_what_the_iteration_opened():
    stream = Played(SHAPE, ending="silence")
    before = set(threading.enumerate())  # those of other tests may end
    for _ in stream:
        assert len(set(threading.enumerate()) - before) == 1
        break
    assert set(threading.enumerate()) <= before


@pytest.mark.filterwarnings("ignore:os.fork")  # of jax, which another test has imported
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_data_loader_gives_every_window_once(workers):
    stream = Played(SHAPE)
    got = list(DataLoader(stream, batch_size=None, num_workers=workers))
    assert all(torch.equal(*pair) for pair in zip(got, frames(), strict=True))


def test_data_loader_makes_batches():
    batches = list(DataLoader(Played(SHAPE), batch_size=2))
    assert [tuple(batch.shape[1:]) for batch in batches] == [(2, HEIGHT, WIDTH)] * len(batches)
    assert sum(int(batch.sum()) for batch in batches) == 1000


def test_a_live_stream_has_no_whole():
    with pytest.raises(ValueError, match="window_us must be a whole number: a live stream has no end"):
        UDPInput(SHAPE, window_us=None)
    with pytest.raises(ValueError, match="window_us and window_events exclude each other"):
        UDPInput(SHAPE, window_us=10_000, window_events=5)
    with pytest.raises(TypeError, match="UDPInput got an unexpected keyword argument 'stride'; it takes window_us"):
        UDPInput(SHAPE, stride=5)


def test_pickle_leaves_the_source_behind():
    with Played(SHAPE, ending="silence", timeout_s=0.05) as stream:
        copy = pickle.loads(pickle.dumps(stream))
        assert copy.stats.received == 0
        assert sum(int(item.sum()) for item in copy) == 1000
        assert stream.is_streaming()


def test_open_twice_fails():
    with Played(SHAPE, ending="silence") as stream, pytest.raises(RuntimeError, match="open already"):
        stream.__enter__()


def test_read_before_opening_gives_zeros():
    stream = Played(SHAPE)
    frame = stream.read()
    assert (frame.shape, frame.dtype, frame.sum(), stream.is_streaming()) == (SHAPE, "float32", 0, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (0, 5)}, "shape must be"),
        ({"window_events": 0}, "window_events must be a whole number"),
        ({"timeout_s": 0}, "timeout_s must be a positive number"),
        ({"representation": 3}, "representation must be callable"),
        ({"representation": Frame}, r"representation must be an object, Frame\(\)"),
        ({"event_transform": 3}, "event_transform must be callable"),
    ],
)
def test_arguments_out_of_range_fail(options, message):
    with pytest.raises(ValueError, match=message):
        Played(**{"shape": SHAPE, **options})
