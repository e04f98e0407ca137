"""SpeckInput: events of SynSense's Speck, as samna's JitZMQStreamer publishes them over ZMQ."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

import torch
from typing_extensions import Unpack

import aestream._core as _core
from aestream.formats.speck import SpeckClock, is_speck_message, view_speck_events
from aestream.options import StreamOptions, takes
from aestream.streams.base import EventStream
from aestream.streams.thread_source import ThreadSource

_POLL_MS = 20  # between looks for the end
_MAX_MESSAGES = 512  # that are handed on together when they come faster than that


@takes(StreamOptions)
class SpeckInput(EventStream):
    """Events of a Speck, over ZMQ: ``with SpeckInput() as stream: stream.read()``.

    The other side is samna's ``JitZMQStreamer``, or anything that publishes the same messages; samna itself is not
    needed here. It may start later, stop, and come back at the same address: the connection is made anew. Messages of
    any other shape are skipped and count as malformed.

    Times of 32 bits are unwrapped, with the help of our clock: each is the nearest to what the sensor's should show, so
    a fall by more than 2^31 µs (36 min) is a wrap. A sensor that starts anew begins at 0 again. After less than 36 min
    its times step back, and windows begin anew; after more, that is not to be told from a wrap, and they go on at the
    next multiple of 2^32 µs.

    We queue without a limit what ZMQ has received, and empty that queue in a thread; a reader that is late loses
    events only to the stream's own queue, where they are counted. What the publisher drops, because its own limit
    (``ZMQ_SNDHWM``, 1000 messages) is reached or nobody had connected yet, no receiver can know.

    Args:
        shape: sensor (width, height) in pixels.
        device: …
        address: what the publisher binds, as ZMQ writes it.
        **options: keyword arguments, as of every ``EventStream``:

    Raises:
        ValueError: if an argument is out of range, or, when the stream is opened, if ZMQ knows no such address.
        ImportError: when the stream is opened, if pyzmq is missing.
    """

    def __init__(
        self,
        shape: tuple[int, int] = (128, 128),
        device: torch.device | str | None = "cpu",
        address: str = "tcp://127.0.0.1:40001",
        **options: Unpack[StreamOptions],
    ) -> None:
        super().__init__(shape, device, **options)
        if not isinstance(address, str):
            raise ValueError(f"address must be a string such as 'tcp://127.0.0.1:40001'; got {address!r}")
        self.address = address

    def _open(self, sink: _core.EventSink) -> ThreadSource:
        return ThreadSource(sink, partial(_receive, _Subscription(self.address)))

    def __repr__(self) -> str:
        return f"SpeckInput({self.shape[0]}x{self.shape[1]}, {self.address})"


class _Subscription:
    """A subscriber to all messages of an address, in a ZMQ context of its own, which ends with it."""

    def __init__(self, address: str) -> None:
        zmq = _import_zmq()
        self._again = zmq.Again
        self._nowait = zmq.NOBLOCK
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, 0)  # before connecting, or it has no effect
        self._socket.setsockopt(zmq.IPV6, 1)
        self._socket.subscribe(b"")
        try:
            self._socket.connect(address)
        except zmq.ZMQError as error:
            self.close()
            raise ValueError(f"address must be one that ZMQ knows; got {address!r}: {error}") from None

    def receive(self) -> list[list[bytes]]:
        """The messages that are there, some hundreds at most; waits for the first one, but not for long."""
        messages: list[list[bytes]] = []
        if self._socket.poll(_POLL_MS):
            try:
                while len(messages) < _MAX_MESSAGES:
                    messages.append(self._socket.recv_multipart(self._nowait))
            except self._again:
                pass
        return messages

    def close(self) -> None:
        """End the connection."""
        self._context.destroy(linger=0)


def _receive(subscription: _Subscription, sink: _core.EventSink, stopping: threading.Event) -> None:
    clock = SpeckClock()
    try:
        while not stopping.is_set():
            messages = subscription.receive()
            payloads = [frames[1] for frames in messages if is_speck_message(frames)]
            events = view_speck_events(payloads)
            if len(events):
                times = clock.unwrap(events["t"], time.monotonic_ns() // 1000)
                sink.push_columns(times, events["x"], events["y"], events["p"])
            if messages:
                sink.count_packets(len(messages), len(messages) - len(payloads))
    finally:
        subscription.close()


def _import_zmq() -> Any:
    try:
        import zmq
    except ImportError as error:
        raise ImportError("SpeckInput needs pyzmq: pip install 'aestream[speck]'") from error
    return zmq
