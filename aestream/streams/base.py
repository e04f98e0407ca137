"""EventStream: what every live source is to its user."""

from __future__ import annotations

import copy
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar, cast

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info
from typing_extensions import Unpack

import aestream._core as _core
from aestream.arguments import check_shape
from aestream.backends import Backend, frame_to
from aestream.cuda import has_kernels, tensor_on, to_device
from aestream.datasets.by_call import represent_all, transformed
from aestream.datasets.windows import chosen_lengths
from aestream.option_checks import check_item_options, check_stream_options
from aestream.options import LENGTHS, StreamOptions, resolved, takes
from aestream.representations.base import element_type, is_fused, to_tensor
from aestream.streams.session import Session, Source, StreamStats
from aestream.transforms.base import Transform, seeded

Self = TypeVar("Self", bound="EventStream")
T = TypeVar("T")


@takes(StreamOptions)
class EventStream(IterableDataset[Any]):
    """Events that come in while one looks: as frames by ``read()``, or as the items of an iteration.

    ``with stream: stream.read()`` gives what came since the last ``read()``. ``for item in stream`` gives one item per
    window, and opens the stream if no ``with`` has.

    Items have no batch axis. ``DataLoader(stream, batch_size=1)``, or more, gives batches ``[n, C, H, W]`` as a file's
    does, for a model and for Lightning; ``batch_size=None`` gives the items. Of its workers only the first one opens
    the stream, which must not be open then.

    Windows follow the stream's own clock: window i is ``[t + i * window_us, t + (i + 1) * window_us)``, t the first
    event's time, and an event belongs to the window that holds the latest time so far. Windows without events are
    items, too. An event 1000 windows or more after the latest one, or more than a second before its window, is from a
    clock that was set anew: windows begin anew with it. ``align_us`` and ``gap_s`` say more about where they begin.

    A reader that is late finds up to 4 Mi events in a queue, and ``late=`` says what it gets of them. What comes when
    it is full is dropped, and counted: the newest events with ``late="queue"``, else the oldest. ``read()`` has no such
    limit. Whether events are queued is decided by what is called first; changing between ``read()`` and an iteration
    drops the unfinished window or frame, and counts its events.

    A subclass has ``_open``, which starts a source.

    Args:
        shape: sensor (width, height) in pixels; events outside are counted, and in no frame or tensor.
        device: …
        **options: keyword arguments, each of which is in ``aestream.options.StreamOptions``:

    Raises:
        ValueError: if an argument is out of range.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        device: torch.device | str | None = "cpu",
        **options: Unpack[StreamOptions],
    ) -> None:
        self.shape = check_shape(shape)
        self.device = to_device(device)
        self._set_options(options)
        self._session: Session | None = None
        self._was_open = False  # when it was pickled
        self._opening = threading.RLock()

    def _set_options(self, given: StreamOptions) -> None:
        options = resolved(StreamOptions, given, type(self).__name__)
        check_item_options(options)
        window_us, window_events = chosen_lengths(given)
        if window_us is None and window_events is None:
            raise ValueError("window_us must be a whole number: a live stream has no end for one window to reach")
        check_stream_options(options, by_time=window_events is None)
        self._given = dict(given)
        self.window_us = window_us
        self.window_events = window_events
        self.with_times: bool = options["with_times"]
        self.event_transform = options["event_transform"]
        self.representation = options["representation"]
        self.transform = options["transform"]
        self.seed: int = options["seed"]
        self.timeout_s: float | None = options["timeout_s"]
        self.align_us: int | None = None if options["align_us"] is None else int(options["align_us"])
        self.gap_s: float | None = options["gap_s"]
        self.late: str = options["late"]

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

    @property
    def _is_open_elsewhere(self) -> bool:
        """Whether this is a copy, in another process, of a stream that was open."""
        return self._was_open or (self._session is not None and self._session.is_of_parent)

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
        session = self._session
        return self._located(lambda: session.read(backend, self.device))

    def is_streaming(self) -> bool:
        """Whether a ``read()`` may still give events: True until the source has ended and all of it was read."""
        return self._session is not None and self._session.sink.is_streaming()

    @property
    def stats(self) -> StreamStats:
        """Where the events of the latest opening went."""
        return StreamStats() if self._session is None else self._session.stats

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        if worker is not None and self._is_open_elsewhere:
            raise RuntimeError(
                f"{self!r} is open in the process that made this DataLoader, and a worker would open it again: use "
                "num_workers=0, or iterate over the DataLoader outside of the stream's with block"
            )
        if worker is not None and worker.id != 0:
            return iter(())  # a device can be opened once
        session, is_open = self._session, self._is_open
        if session is not None and is_open:
            return _Items(self, session, closes=False)
        session = self._start()
        try:
            return _Items(self, session, closes=True)
        except BaseException:  # Ctrl-C, too
            session.stop()
            raise

    @property
    def _start_us(self) -> int | None:
        """Where the very first window of time begins; None: with the first event."""
        return None

    @property
    def _has_arrivals(self) -> bool:
        """Whether events come in when they happen, so that none for a while is a silence."""
        return True

    def _located(self, call: Callable[[], T]) -> T:
        """What ``call()`` gives; its errors say which source failed."""
        return call()

    @property
    def _is_fused(self) -> bool:
        """Whether the core makes items out of events that nothing else has to look at."""
        if self.event_transform is not None or not is_fused(self.representation):
            return False
        return self.device.type != "cuda" or not has_kernels(self.representation, self.shape)

    def _item(self, values: np.ndarray, start_us: int, stop_us: int, number: int = 0) -> Any:
        """The item of the ``number``-th window of an iteration, whose tensor or events are ``values``."""
        if self._is_fused:
            item: Any = tensor_on(self.device, to_tensor(values, element_type(self.representation)))
        else:
            item = self._item_by_call(values, start_us, stop_us, number)
        item = item if self.transform is None else self.transform(item)
        return (item, torch.tensor([start_us, stop_us])) if self.with_times else item

    def _item_by_call(self, records: np.ndarray, start_us: int, stop_us: int, number: int) -> Any:
        is_random = isinstance(self.event_transform, Transform) and self.event_transform.is_random
        window = transformed(
            records,
            (start_us, stop_us),
            None,
            event_transform=self.event_transform,
            shape=lambda: self.shape,
            generator=seeded(self.seed, 0, number) if is_random else None,
        )
        values, _ = represent_all([window], self.representation, lambda: self.shape, self.device)
        return values[0]

    def _with(self: Self, **changes: Any) -> Self:
        """A copy with other windows or another representation, which is not open."""
        other = copy.copy(self)
        replaced = LENGTHS if any(name in changes for name in LENGTHS) else ()
        kept = {name: value for name, value in self._given.items() if name not in replaced}
        other._set_options(cast(StreamOptions, {**kept, **changes}))
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what is open."""
        kept = {name: value for name, value in self.__dict__.items() if name != "_opening"}
        return kept | {"_session": None, "_was_open": self._is_open}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._opening = threading.RLock()


class _Items(Iterator[Any]):
    """The items of a session, which it stops at the end, or when it is gone, if it was opened for this iteration."""

    def __init__(self, stream: EventStream, session: Session, *, closes: bool) -> None:
        self._number = 0
        self._stream = stream
        self._session = session
        self._closes = closes
        self._is_last = False
        self._windows = session.windows(
            stream.representation if stream._is_fused else None,
            by_time=stream.window_events is None,
            length=stream.window_events or stream.window_us or 0,
            align_us=stream.align_us,
            start_us=stream._start_us,
            gap_s=stream.gap_s,
            late=stream.late,
            has_arrivals=stream._has_arrivals,
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
        self._number += 1
        return self._stream._item(*found, self._number - 1)

    def _next_window(self) -> tuple[np.ndarray, int, int] | None:
        if self._is_last:
            self._stream._located(self._session.sink.raise_error)
            return None
        found = self._stream._located(lambda: self._windows.next(self._stream.timeout_s))
        self._is_last = self._windows.ended
        return found

    def close(self) -> None:
        """Stop what was opened for this iteration."""
        if self._closes:
            self._session.stop()

    def __del__(self) -> None:
        self.close()
