"""Session: one opening of a live source, from the sink that its events go into to the counts that remain."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from dataclasses import dataclass
from typing import Any, Protocol

import torch

import aestream._core as _core
from aestream.backends import Backend, frame_to, to_backend


@dataclass(frozen=True)
class StreamStats:
    """Where every event of a stream went. Counts since the stream was opened.

    ``received == delivered + pending + out_of_bounds + dropped`` at any time.

    Attributes:
        received: events that came in, whatever became of them.
        delivered: events in frames, tensors or arrays that were handed out.
        pending: events that a ``read()`` or the next items will deliver.
        out_of_bounds: events outside the sensor: in no frame or tensor. Items that are events hold them all.
        dropped: events for which a full queue had no room, that were in windows which ``late="latest"`` passed over,
            or in an unfinished window or frame when the reader changed between ``read()`` and iterating.
        packets: datagrams, messages or packets that came in.
        malformed: those of them with bytes that are no events; the events before such bytes were received.
        kernel_drops: datagrams that the operating system lost before we saw them, counted on Linux; transfers of a
            camera that its driver dropped, where it tells.
        rate_hz: events received per second, from the first to the latest.
        age_median_us, age_p99_us: how long after its latest event came in each of the latest 1000 items was handed out,
            µs; of one without events, after the event that ended its window. 0 before the first item.
    """

    received: int = 0
    delivered: int = 0
    pending: int = 0
    out_of_bounds: int = 0
    dropped: int = 0
    packets: int = 0
    malformed: int = 0
    kernel_drops: int = 0
    rate_hz: float = 0.0
    age_median_us: float = 0.0
    age_p99_us: float = 0.0


_OPEN: weakref.WeakSet[Session] = weakref.WeakSet()


@atexit.register  # after the core's own, and so before it: sources may need Python to end
def _stop_all() -> None:
    for session in list(_OPEN):
        with contextlib.suppress(Exception):  # the others have to end, too
            session.stop()


class Source(Protocol):
    """What puts events into a sink from a thread of its own, and closes the sink when no more will come."""

    def stop(self) -> None:
        """End the thread and wait for it. May be called again, and after the source has ended by itself."""


class Session:
    """A source at work, and what the consumer does with its sink: after ``stop()``, too, as long as there is some."""

    def __init__(self, sink: _core.EventSink, source: Source) -> None:
        self.sink = sink
        self.source = source
        self._windows: _core.StreamWindows | None = None
        self._made_by: Any = None
        self._process = os.getpid()
        self._stopping = threading.Lock()
        self._stopped = False
        _OPEN.add(self)

    @property
    def is_open(self) -> bool:
        """Whether the source is at work, in this process: a forked child has none of its threads."""
        return not self._stopped and self._process == os.getpid()

    @property
    def is_of_parent(self) -> bool:
        """Whether the source was at work in the process that this one was forked from."""
        return not self._stopped and self._process != os.getpid()

    def stop(self) -> None:
        """End the source."""
        if self._process != os.getpid():
            return
        with self._stopping:
            if not self._stopped:
                self.source.stop()
                self.sink.close()
            self._stopped = True

    def read(self, backend: str | Backend, device: torch.device) -> Any:
        """float32 ``[width, height]``: events per pixel since the last call."""
        known = to_backend(backend)  # an unknown name must not lose a frame
        if self._windows is not None:
            self._windows.abandon()
        return frame_to(known, self.sink.take(), device)

    def windows(self, representation: Any, **how: Any) -> _core.StreamWindows:
        """The windows of this session, which go on from one iteration to the next.

        Where the next one makes them in another way, they begin anew with the events that are in no window yet.

        Args:
            representation: what the core makes of them; None: arrays of events.
            how: the other arguments of ``_core.StreamWindows``.
        """
        if self._windows is None or (representation, how) != self._made_by:
            if self._windows is not None:
                self._windows.abandon()
            self._made_by = (representation, dict(how))
            spec = None if representation is None else representation.spec()
            self._windows = _core.StreamWindows(self.sink, spec=spec, **how)
        return self._windows

    @property
    def stats(self) -> StreamStats:
        """Events so far."""
        return StreamStats(**self.sink.counts())
