"""EventStream: what every live source is to its user."""

from __future__ import annotations

import copy
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

import aestream._core as _core
from aestream.arguments import check_shape, positive
from aestream.backends import Backend, events_to, frame_to
from aestream.representations import Frame, Representation
from aestream.streams.session import Session, Source, StreamStats

Self = TypeVar("Self", bound="EventStream")


class EventStream(IterableDataset[Any]):
    """Events that come in while one looks: as frames by ``read()``, or as the items of an iteration.

    ``with stream: stream.read()`` gives what came since the last ``read()``. ``for item in stream`` gives one item per
    window, and opens the stream if no ``with`` has; so does ``DataLoader(stream, batch_size=None)``, of whose
    workers only the first one opens it. Windows follow the stream's own clock: window i is
    ``[t + i * window_us, t + (i + 1) * window_us)``, t the first event's time, and an event belongs to the window that
    holds the latest time so far. Windows without events are items, too. An event 1000 windows or more after the latest
    one, or more than a second before its window, is from a clock that was set anew: windows begin anew with it.

    A reader that is late finds up to 4 Mi events in a queue; what comes when it is full is dropped, and counted.
    ``read()`` has no such limit. Whether events are queued is decided by what is called first; changing between
    ``read()`` and an iteration drops the unfinished window or frame, and counts its events.

    A subclass has ``_open``, which starts a source.

    Args:
        shape: sensor (width, height) in pixels; events outside are counted, and in no frame or tensor.
        device: where items and ``read("torch")`` go.
        window_us: length of one window, µs.
        window_events: length of one window in events, instead of ``window_us``.
        representation: what a window becomes; see ``aestream.representations``. None: the ``Events`` themselves.
        transform: applied to each item.
        timeout_s: an iteration ends when no event has come for so long; None: it waits until ``stop()``.

    Raises:
        ValueError: if an argument is out of range.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        device: torch.device | str = "cpu",
        *,
        window_us: int = 10_000,
        window_events: int | None = None,
        representation: Representation | None = Frame(),  # noqa: B008 - frozen
        transform: Callable[[Any], Any] | None = None,
        timeout_s: float | None = None,
    ) -> None:
        self.shape = check_shape(shape)
        positive("window_us", window_us)
        positive("window_events", window_events)
        if representation is not None and not callable(representation):
            raise ValueError(f"representation must be callable or None; got {representation!r}")
        if timeout_s is not None and not timeout_s > 0:
            raise ValueError(f"timeout_s must be positive or None; got {timeout_s!r}")
        self.device = torch.device(device)
        self.window_us = window_us
        self.window_events = window_events
        self.representation = representation
        self.transform = transform
        self.timeout_s = timeout_s
        self._session: Session | None = None
        self._opening = threading.RLock()

    @abstractmethod
    def _open(self, sink: _core.EventSink) -> Source:
        """Start a source that pushes into ``sink`` and closes it when no more events will come."""

    def _start(self) -> Session:
        with self._opening:
            sink = _core.EventSink(*self.shape)
            self._session = Session(sink, self._open(sink))
            return self._session

    @property
    def _is_open(self) -> bool:
        return self._session is not None and self._session.is_open

    def start_stream(self: Self) -> Self:
        """Open without a ``with`` block, as AEStream 0.6 has it; ``stop_stream()`` ends it."""
        return self.__enter__()

    def stop_stream(self) -> None:
        """End what ``start_stream()`` opened."""
        self.__exit__(None, None, None)

    def __enter__(self: Self) -> Self:
        if self._is_open:
            raise RuntimeError(f"{self!r} is open already")
        self._start()
        return self

    def __exit__(self, *_: object) -> Literal[False]:
        self.stop()
        return False

    def stop(self) -> None:
        """Stop receiving; an iteration ends once it has delivered what was received. May be called from any thread.

        Waits for an opening that another thread has begun, and stops that.
        """
        with self._opening:
            session = self._session
        if session is not None:
            session.stop()

    def read(self, backend: str | Backend = "numpy") -> Any:
        """Events per pixel since the last ``read()``, inside ``with ... as stream:``; before it, zeros. Never blocks.

        Args:
            backend: "numpy", "torch" or "jax", in any case, or a ``Backend``.

        Returns:
            float32 ``[width, height]``, indexed ``[x, y]``; zeros if there were no events. The caller owns it.

        Raises:
            OSError: if the source has failed, once all that came before was read.
        """
        if self._session is None:
            return frame_to(backend, _core.EventSink(*self.shape).take(), self.device)
        return self._session.read(backend, self.device)

    def is_streaming(self) -> bool:
        """Whether a ``read()`` may still give events: True until the source has ended and all of it was read."""
        return self._session is not None and self._session.sink.is_streaming()

    @property
    def stats(self) -> StreamStats:
        """Where the events of the latest opening went."""
        return StreamStats() if self._session is None else self._session.stats

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        if worker is not None and worker.id != 0:
            return iter(())  # a device can be opened once
        session, is_open = self._session, self._is_open
        return _Items(self, session if session is not None and is_open else self._start(), closes=not is_open)

    def _item(self, values: np.ndarray, start_us: int, stop_us: int) -> Any:
        if hasattr(self.representation, "spec"):
            item: Any = torch.from_numpy(values).to(self.device)
        else:
            item = events_to("torch", values, self.device)
            if self.representation is not None:
                item = self.representation(item, shape=self.shape, start_us=start_us, stop_us=stop_us)
        return item if self.transform is None else self.transform(item)

    def _with(self: Self, **options: Any) -> Self:
        """A copy with other windows or another representation, which is not open."""
        other = copy.copy(self)
        other.__dict__.update(options)
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what is open."""
        return {name: value for name, value in self.__dict__.items() if name != "_opening"} | {"_session": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._opening = threading.RLock()


class _Items(Iterator[Any]):
    """The items of a session, which it stops at the end, or when it is gone, if it was opened for this iteration."""

    def __init__(self, stream: EventStream, session: Session, *, closes: bool) -> None:
        spec = getattr(stream.representation, "spec", None)
        self._stream = stream
        self._session = session
        self._closes = closes
        self._is_last = False
        self._windows = session.windows(
            by_time=stream.window_events is None,
            length=stream.window_events or stream.window_us,
            spec=None if spec is None else spec(),
        )

    def __next__(self) -> Any:
        try:
            found = self._next_window()
        except BaseException:
            self.close()
            raise
        if found is None:
            self.close()
            raise StopIteration
        return self._stream._item(*found)

    def _next_window(self) -> tuple[np.ndarray, int, int] | None:
        if self._is_last:
            self._session.sink.raise_error()
            return None
        found = self._windows.next(self._stream.timeout_s)
        self._is_last = self._windows.ended
        return found

    def close(self) -> None:
        """Stop what was opened for this iteration."""
        if self._closes:
            self._session.stop()

    def __del__(self) -> None:
        self.close()
