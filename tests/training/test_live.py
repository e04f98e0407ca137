"""Predictions on live streams: batches, Lightning, what ends them, and the promise that they are the file's."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import torch
from support.files import HEIGHT, WIDTH, make_events, write_file
from support.tiny_training import Tiny, trainer
from torch.utils.data import DataLoader

from aestream import EventStream, FileInput, Frame, UDPInput, UDPOutput
from aestream.errors import CameraDisconnected
from aestream.streams.thread_source import ThreadSource
from aestream.training import EventDataModule, Passport, load_pipeline
from aestream.training.passport import KEY

SHAPE = (WIDTH, HEIGHT)
HERE = "127.0.0.1"

pytestmark = [  # Lightning's advice
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Camera(EventStream):
    """A thousand events at once, and then the end, silence, or an unplugged cable."""

    def __init__(self, ending: str = "end", **options) -> None:
        super().__init__(SHAPE, **{"window_us": 5000, **options})
        self.ending = ending

    def _open(self, sink) -> ThreadSource:
        return ThreadSource(sink, self._produce)

    def _produce(self, sink, stopping) -> None:
        sink.push(make_events(1000))
        if self.ending == "unplugged":
            raise CameraDisconnected("gone")
        if self.ending == "silence":
            stopping.wait()


@pytest.fixture
def file(tmp_path):
    return FileInput(write_file(tmp_path, "dat", make_events(1000)), SHAPE, window_us=5000, ignore_time=True)


def predictions(model, file) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.stack(list(file)))


@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_loader_of_a_live_stream_has_a_batch_axis_as_a_file_s(file, batch_size):
    live, recorded = DataLoader(Camera(), batch_size=batch_size), DataLoader(file, batch_size=batch_size)
    assert all(torch.equal(*pair) for pair in zip(live, recorded, strict=True))


@pytest.mark.parametrize("make", [lambda file: Camera(), lambda file: file.replay()], ids=["camera", "replay"])
@pytest.mark.parametrize("by", ["loader", "data module"])
def test_trainer_predicts_what_the_file_gives(file, make, by):
    model = Tiny()
    stream = make(file)
    data = DataLoader(stream, batch_size=1) if by == "loader" else EventDataModule(predict=stream)
    got = torch.cat(trainer().predict(model, data))
    assert torch.allclose(got, predictions(model, file), atol=1e-6)
    assert not stream._is_open


def test_trainer_predicts_udp_as_the_file(file):
    model = Tiny()
    stream = UDPInput(SHAPE, port=0, host=HERE, window_us=5000, align_us=0, timeout_s=0.5)
    with stream:
        UDPOutput(HERE, stream.port).send_file(file, start_at_us=0)
        got = torch.cat(trainer().predict(model, EventDataModule(predict=stream)))
    assert torch.allclose(got, predictions(model, file), atol=1e-6)


def test_a_pipeline_s_stream_predicts_what_the_file_gives(file, tmp_path):
    model = Tiny()
    state = {"state_dict": model.state_dict(), "EventDataModule": {KEY: Passport.of(file).to_dict()}}
    torch.save(state, tmp_path / "model.ckpt")
    pipeline = load_pipeline(tmp_path / "model.ckpt")
    with UDPInput(SHAPE, port=0, host=HERE, align_us=0, gap_s=1, timeout_s=0.5, representation=None) as source:
        next_us = UDPOutput(HERE, source.port).send_file(file, start_at_us=0)
        stream = pipeline.stream(source)
        assert (stream.align_us, stream.gap_s, stream.representation) == (0, 1, Frame())
        got = torch.cat(trainer().predict(model, DataLoader(stream, batch_size=1)))
    assert next_us == 5000 * len(file)
    assert torch.allclose(got, predictions(model, file), atol=1e-6)
    replayed = pipeline.stream(FileInput(file.path, SHAPE, ignore_time=True).replay(window_us=77))
    assert all(torch.equal(*pair) for pair in zip(replayed, file, strict=True))


def test_windows_of_an_open_stream_may_change_on_the_way(file):
    with Camera("silence", representation=None, timeout_s=0.05) as source:
        first = next(iter(source))
        other = source._with(representation=Frame("sum"))
        other._session = source._session
        rest = list(other)
    assert len(first) + sum(int(item.sum()) for item in rest) == 1000
    assert {tuple(item.shape) for item in rest} == {(1, HEIGHT, WIDTH)}


def test_timeout_ends_a_prediction(file):
    model = Tiny()
    got = trainer().predict(model, EventDataModule(predict=Camera("silence", timeout_s=0.1)))
    assert len(got) == len(file)


def test_a_limit_ends_a_prediction_and_closes_the_stream():
    before = set(threading.enumerate())  # those of other tests may end
    stream = Camera("silence")
    got = trainer(limit_predict_batches=2).predict(Tiny(), EventDataModule(predict=stream))
    assert len(got) == 2
    assert not stream._is_open and set(threading.enumerate()) <= before


def test_stop_ends_a_prediction(file):
    stream = Camera("silence")

    class Stopping(Tiny):
        def predict_step(self, batch, number):
            if number == 1:
                threading.Thread(target=stream.stop).start()
            return super().predict_step(batch, number)

    assert len(trainer().predict(Stopping(), EventDataModule(predict=stream))) == len(file)


def test_an_unplugged_camera_ends_a_prediction_after_all_that_came(file):
    seen = []

    class Watching(Tiny):
        def predict_step(self, batch, number):
            seen.append(batch)
            return super().predict_step(batch, number)

    stream = Camera("unplugged")
    with pytest.raises(CameraDisconnected, match="gone"):
        trainer().predict(Watching(), EventDataModule(predict=stream))
    assert len(file) - 1 <= len(seen) <= len(file)  # Lightning asks for one batch ahead
    assert not stream._is_open


def test_ctrl_c_ends_a_prediction_and_closes_the_stream():
    code = f"""
import os, signal, threading, time
from support.tiny_training import Tiny, trainer
from aestream import UDPInput
from aestream.training import EventDataModule
stream = UDPInput(({WIDTH}, {HEIGHT}), port=0, host="{HERE}")
def interrupt():
    while not stream._is_open:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    trainer().predict(Tiny(), EventDataModule(predict=stream))
except (KeyboardInterrupt, SystemExit):
    print("ended, open:", stream._is_open, flush=True)
    os._exit(0)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-W", "ignore", "-c", code]
    folder = tempfile.gettempdir()  # away from the sources, which have no compiled core
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=90)
    assert "ended, open: False" in done.stdout, done.stderr


class Interrupted(Camera):
    """Ctrl-C when it has just been opened."""

    @property
    def _has_arrivals(self) -> bool:
        raise KeyboardInterrupt


class InterruptedInModel(Tiny):
    def predict_step(self, batch, number):
        raise KeyboardInterrupt


@pytest.mark.parametrize("is_open_before", [False, True])
@pytest.mark.parametrize(("camera", "model"), [(Interrupted, Tiny), (Camera, InterruptedInModel)])
def test_a_run_that_ctrl_c_ends_closes_what_it_opened_and_nothing_else(camera, model, is_open_before):
    stream = camera("silence")
    if is_open_before:
        stream.start_stream()
    with pytest.raises(SystemExit) as raised:  # holds the frames of the iteration, so that it is not garbage yet
        trainer().predict(model(), EventDataModule(predict=stream))
    assert stream._is_open == is_open_before
    stream.stop()
    assert raised.value.__context__ is not None


def test_ctrl_c_when_a_stream_has_just_been_opened_closes_it():
    stream = Interrupted("silence")
    with pytest.raises(KeyboardInterrupt) as raised:
        next(iter(DataLoader(stream)))
    assert not stream._is_open
    assert raised.value.__traceback__ is not None


def test_two_streams_at_once(file):
    with (
        UDPInput(SHAPE, port=0, host=HERE, window_us=5000, timeout_s=0.5) as left,
        UDPInput(SHAPE, port=0, host=HERE, window_us=5000, timeout_s=0.5) as right,
    ):
        for stream in (left, right):
            UDPOutput(HERE, stream.port).send_file(file)
        pairs = list(zip(DataLoader(left, batch_size=1), DataLoader(right, batch_size=1), strict=True))
    assert len(pairs) == len(file)
    for (one, other), item in zip(pairs, file, strict=True):
        assert torch.equal(one[0], item) and torch.equal(other[0], item)


def test_two_streams_of_a_data_module_follow_each_other(file):
    class OfSeveral(Tiny):
        def predict_step(self, batch, _, dataloader_idx=0):
            return self(batch)

    got = trainer().predict(OfSeveral(), EventDataModule(predict=[Camera(), Camera()]))
    assert [len(each) for each in got] == [len(file)] * 2


@pytest.mark.filterwarnings("ignore:os.fork")  # of jax, which another test has imported
@pytest.mark.filterwarnings(  # of torch: the second worker may still be starting when the first has raised
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.parametrize("workers", [1, 2])
def test_an_open_stream_does_not_go_into_workers(context, workers):
    stream = UDPInput(SHAPE, port=0, host=HERE, timeout_s=0.2)
    loader = DataLoader(stream, batch_size=1, num_workers=workers, multiprocessing_context=context)
    with stream, pytest.raises(RuntimeError, match=r"(?s)is open in the process.*num_workers=0"):
        list(loader)
    gc.collect()  # or the iterator, which its own error holds, is collected in another test, which no filter spares


@pytest.mark.filterwarnings("ignore:os.fork")
def test_a_port_that_nobody_knows_does_not_go_into_workers():
    stream = UDPInput(SHAPE, port=0, host=HERE, timeout_s=0.2)
    with pytest.raises(ValueError, match="a worker would listen at a free port that nobody knows"):
        list(DataLoader(stream, batch_size=1, num_workers=1))
