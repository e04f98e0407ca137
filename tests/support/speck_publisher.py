"""A stand-in for samna's JitZMQStreamer, without the package: speck_publisher.py ADDRESS SEED COUNT [SIZE].

It publishes the events of make_events(COUNT, SEED) to the first who connects, and ends when they are on their way.
"""

from __future__ import annotations

import sys
import time

import zmq
from reference import speck
from support.files import make_events


class SpeckPublisher:
    """Binds an address, or any free port of this machine, and publishes messages there."""

    def __init__(self, address: str = "tcp://127.0.0.1:*") -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.LINGER, 30_000)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)  # every subscription counts
        self._socket.bind(address)
        self.address = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def wait_for_receiver(self, timeout_s: float = 30) -> None:
        """Until somebody has subscribed: what is published before is lost."""
        end = time.monotonic() + timeout_s
        while not (self._socket.poll(100) and self._socket.recv()[:1] == b"\x01"):
            assert time.monotonic() < end, "nobody subscribed"

    def send(self, *frames: bytes) -> None:
        """Publish one message."""
        self._socket.send_multipart(frames)

    def send_events(self, events, size: int = 300) -> int:
        """Publish events in messages of that size; returns how many they were."""
        for first in range(0, len(events), size):
            self.send(*speck.encode(events[first : first + size]))
        return -(-len(events) // size)

    def close(self) -> None:
        """Let the address go, once everything was handed to the receivers."""
        self._socket.close()
        self._context.term()

    def __enter__(self) -> SpeckPublisher:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def main(address: str, seed: str, count: str, size: str = "300") -> None:
    """Publish, flat out."""
    with SpeckPublisher(address) as publisher:
        sys.stdout.write(f"{publisher.address}\n")
        sys.stdout.flush()
        publisher.wait_for_receiver()
        publisher.send_events(make_events(int(count), seed=int(seed), outside=True), int(size))


if __name__ == "__main__":
    main(*sys.argv[1:])
