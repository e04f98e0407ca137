"""EventPipe and EventNode: the items of files and live streams, through torch's pipes and torchdata's nodes."""

from __future__ import annotations

import pickle
import threading

import pytest
import torch
from support.checks import run_python
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.speck_publisher import SpeckPublisher
from torch.utils.data import DataLoader, IterDataPipe
from torch.utils.data.graph_settings import apply_sharding
from torchdata.nodes import Batcher, Loader, Prefetcher

import aestream
from aestream import Events, EventStream, FileInput, Frame, SpeckInput, VoxelGrid
from aestream.streams.pipes import EventNode, EventPipe
from aestream.streams.thread_source import ThreadSource

SHAPE = (WIDTH, HEIGHT)


class Played(EventStream):
    """A thousand events, and then the end."""

    def _open(self, sink) -> ThreadSource:
        return ThreadSource(sink, lambda sink, _: sink.push(make_events(1000)))


@pytest.fixture
def file(tmp_path) -> FileInput:
    return FileInput(write_file(tmp_path, "dat", make_events(5000)), window_us=5000)


def assert_same_items(got, want) -> None:
    got, want = list(got), list(want)
    assert len(got) == len(want) > 1
    assert all(torch.equal(*pair) for pair in zip(got, want, strict=True))


def expected(representation, **window) -> torch.Tensor:
    """What a thousand events are in windows."""
    return aestream.accumulate(make_events(1000), representation, SHAPE, **window)


def test_pipe_gives_the_items_of_a_file(file):
    pipe = EventPipe(file)
    assert isinstance(pipe, IterDataPipe)
    assert len(pipe) == len(file)
    assert_same_items(pipe, file)
    assert_same_items(pipe, file)  # again, from the start


def test_pipe_gives_the_items_of_a_stream():
    assert_same_items(EventPipe(Played(SHAPE, window_us=5000)), expected(Frame(), window_us=5000))


@pytest.mark.parametrize("representation", [Frame("sum"), VoxelGrid(3)])
def test_functional_forms_set_windows_and_representation(representation, tmp_path):
    for source in (Played(SHAPE), FileInput(write_file(tmp_path, "evt3", make_events(1000)))):
        pipe = EventPipe(source).represent(representation)
        assert_same_items(pipe.window_us(4000), expected(representation, window_us=4000))
        assert_same_items(pipe.window_events(250), expected(representation, window_events=250))
        assert_same_items(pipe.window_events(9).window_us(4000), expected(representation, window_us=4000))


def test_functional_forms_leave_the_source_alone(file):
    before = len(file), file[1].clone()
    other = EventPipe(file).window_us(1000, stride=500).represent(None)
    assert len(other) > 9 * len(file)
    assert isinstance(next(iter(other)), Events)
    assert (len(file), file.window_us, file.stride) == (before[0], 5000, None)
    assert torch.equal(file[1], before[1])
    assert other.source._file is file._file  # and so its index


def test_stride_is_the_file_s(file):
    assert_same_items(EventPipe(file).window_us(4000, stride=1000), FileInput(file.path, window_us=4000, stride=1000))
    counted = EventPipe(file).window_events(100, stride=30)
    assert_same_items(counted, FileInput(file.path, window_events=100, stride=30))


def test_torch_s_own_forms_follow(file):
    pipe = EventPipe(file).represent(Frame("sum")).map(torch.sum).filter(torch.is_nonzero).batch(2)
    assert sum(float(count) for batch in pipe for count in batch) == 5000


@pytest.mark.filterwarnings("ignore:os.fork")  # of jax, which another test has imported
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_workers_share_out_the_items_of_a_file(workers, file):
    assert_same_items(DataLoader(EventPipe(file), batch_size=None, num_workers=workers), file)
    batches = list(DataLoader(EventPipe(file), batch_size=4, num_workers=workers))
    assert sum(float(batch.sum()) for batch in batches) == 5000


@pytest.mark.filterwarnings("ignore:os.fork")
@pytest.mark.parametrize("workers", [0, 2])
def test_one_worker_opens_a_stream(workers):
    loader = DataLoader(EventPipe(Played(SHAPE, window_us=5000)), batch_size=None, num_workers=workers)
    assert_same_items(loader, expected(Frame(), window_us=5000))


def test_shards_of_ranks_and_workers_partition_a_file(file):
    from torch.utils.data.datapipes.iter.sharding import SHARDING_PRIORITIES

    found = []
    for rank in range(2):
        for worker in range(3):
            pipe = pickle.loads(pickle.dumps(EventPipe(file)))
            apply_sharding(pipe, 2, rank, SHARDING_PRIORITIES.DISTRIBUTED)
            apply_sharding(pipe, 3, worker, SHARDING_PRIORITIES.MULTIPROCESSING)
            share = list(pipe)
            assert len(pipe) == len(share)
            found += share
    want = list(file)
    assert len(found) == len(want)
    assert torch.equal(torch.stack(found).sum(0), torch.stack(want).sum(0))


def test_sharding_twice_fails(file):
    with pytest.raises(RuntimeError, match="Sharding twice"):
        apply_sharding(EventPipe(file).sharding_filter(), 2, 0)


def test_breaking_off_closes_the_stream():
    with SpeckPublisher() as publisher:
        pipe = EventPipe(SpeckInput(SHAPE, address=publisher.address)).window_events(10)
        before = threading.active_count()
        sender = threading.Thread(
            target=lambda: (publisher.wait_for_receiver(), publisher.send_events(make_events(100)))
        )
        sender.start()
        for item in pipe:
            assert item.sum() == 10
            assert pipe.source.stats.received >= 10
            break
        sender.join()
        assert threading.active_count() == before


def test_pipe_pickles(file):
    assert_same_items(pickle.loads(pickle.dumps(EventPipe(file).window_us(7000))), EventPipe(file).window_us(7000))


def test_pipe_takes_options_of_items(file):
    for source in (file, Played(SHAPE, window_us=5000)):
        (x, times), *_ = EventPipe(source, with_times=True, representation=Frame("sum"))
        assert x.shape == (1, HEIGHT, WIDTH) and times[1] - times[0] == 5000
    assert not file.with_times and isinstance(next(iter(EventPipe(file))), torch.Tensor)
    with pytest.raises(TypeError, match="unexpected keyword argument 'windwos'"):
        EventPipe(file, windwos=3)


def test_pipe_of_the_whole_recording(file):
    (whole,) = EventPipe(file).window_us(None)
    assert torch.equal(whole, sum(file))
    with pytest.raises(ValueError, match="a live stream has no end"):
        EventPipe(Played(SHAPE)).window_us(None)


def test_live_pipe_has_no_length():
    with pytest.raises(TypeError, match="has no length"):
        len(EventPipe(Played(SHAPE)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda pipe: pipe.window_us(0), "window_us must be a whole number"),
        (lambda pipe: pipe.window_events(1.5), "window_events must be a whole number"),
        (lambda pipe: pipe.window_us(10, stride=0), "stride must be a whole number"),
        (lambda pipe: pipe.window_us(10, stride=5), "stride must be None"),
        (lambda pipe: pipe.represent(3), "representation must be callable"),
    ],
)
def test_settings_out_of_range_fail(change, message):
    with pytest.raises(ValueError, match=message):
        change(EventPipe(Played(SHAPE)))


@pytest.mark.parametrize("make", [EventPipe, EventNode])
def test_other_sources_fail(make):
    with pytest.raises(TypeError, match="must be a FileInput or an EventStream; got 'events.raw'"):
        make("events.raw")


def test_node_gives_the_items_of_a_file_in_every_epoch(file):
    loader = Loader(EventNode(file))
    for _ in range(2):
        assert_same_items(loader, file)


def test_node_takes_the_settings_of_a_pipe(file):
    pipe = EventPipe(file).window_us(2000).represent(VoxelGrid(2))
    assert_same_items(Loader(EventNode(pipe)), pipe)


@pytest.mark.parametrize("given", [0, 1, 7])
def test_node_of_a_file_resumes_at_the_item(given, file):
    loader = Loader(EventNode(file))
    iterator = iter(loader)
    for _ in range(given):
        next(iterator)
    state = pickle.loads(pickle.dumps(loader.state_dict()))
    resumed = Loader(EventNode(FileInput(file.path, window_us=5000)))
    resumed.load_state_dict(state)
    assert_same_items(resumed, list(file)[given:])
    assert_same_items(resumed, file)  # the next epoch is whole


def test_node_resumes_behind_batches_and_prefetching(file):
    def make() -> Loader:
        return Loader(Prefetcher(Batcher(EventNode(file), 4, drop_last=False), 2))

    loader = make()
    iterator = iter(loader)
    first = [next(iterator) for _ in range(2)]
    resumed = make()
    resumed.load_state_dict(loader.state_dict())
    items = [item for batch in [*first, *resumed] for item in batch]
    assert_same_items(items, file)


def test_state_behind_the_end_fails(file):
    with pytest.raises(ValueError, match=f"after item {len(file) + 1}, but .* has {len(file)}"):
        EventNode(file).reset({"position": len(file) + 1})


def test_node_of_a_stream_opens_anew_and_counts_on():
    node = EventNode(Played(SHAPE, window_us=5000))
    want = expected(Frame(), window_us=5000)
    assert torch.equal(next(node), want[0])
    assert node.state_dict() == {"position": 1}
    node.reset(node.state_dict())
    assert torch.equal(next(node), want[0])
    assert node.state_dict() == {"position": 2}


def test_node_closes_a_stream_before_it_opens_it_again():
    stream = aestream.UDPInput(SHAPE, port=0, host="127.0.0.1", window_events=1, timeout_s=10)
    node = EventNode(stream)
    for value in range(2):
        node.reset()
        aestream.UDPOutput("127.0.0.1", stream.port).send(make_events(2))
        assert (value, int(next(node).sum())) == (value, 1)
        stream._port = stream.port  # the same one again
    stream.stop()


def test_missing_torchdata_names_the_extra_and_pipes_work():
    code = (
        "import sys; sys.modules['torchdata'] = None\n"
        "from aestream.streams.pipes import EventPipe\n"
        "try: from aestream.streams.pipes import EventNode\n"
        "except ImportError as error: sys.stdout.write(str(error))"
    )
    done = run_python(code)
    assert done.stdout == "EventNode needs torchdata: pip install 'aestream[pipes]'", done.stderr


def test_other_names_are_missing():
    with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
        from aestream.streams.pipes import Nothing  # noqa: F401


def test_repr_names_the_source(file):
    assert repr(EventPipe(file)) == f"EventPipe({file!r})"
    assert repr(EventNode(file)) == f"EventNode({file!r})"
