"""FileInput: one event file as a map-style dataset, as arrays, and as a stream."""

from __future__ import annotations

import copy
import os
from contextlib import suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Literal, cast

import torch
from typing_extensions import Unpack

import aestream._core as _core
from aestream.arguments import positive
from aestream.backends import Backend, frame_to
from aestream.datasets.event_file import agreed_shape
from aestream.datasets.items import WindowItems
from aestream.datasets.windows import Spans
from aestream.formats.base import ReadOptions
from aestream.formats.ros import is_bag_folder
from aestream.options import LENGTHS, FileOptions, StreamOptions, takes
from aestream.streams.session import Session, StreamStats

if TYPE_CHECKING:
    from aestream.prepared.cached import CachedDataset
    from aestream.streams.replay import Replay


@takes(FileOptions)
class FileInput(WindowItems):
    """Events of one file: by index as dense tensors, whole or in slices as events, or played back as a stream.

    The format is found from the file's content. Times are microseconds as recorded, x grows right, y grows down.

    ``file[i]`` is ``transform(representation(event_transform(events of window i)))``; with targets or times,
    ``(x, target)``, ``(x, times)`` or ``(x, target, times)``.

    Args:
        path: the file, which may be inside gzip, Zstandard or xz, or alone in a zip; or the folder of a ROS 2 bag.
        shape: sensor (width, height) in pixels; None takes the file's. A format without geometry needs it for items.
            One that is not the header's wins, with a ShapeWarning.
        device: …
        ignore_time: as a stream, play at full speed instead of in real time.
        filename: AEStream 0.6's name for ``path``.
        **options: keyword arguments, each of which is in ``aestream.options.FileOptions``:

    Raises:
        FormatError: if the file is of no format that is known, or damaged; with path and byte offset.
        ValueError: if an argument is out of range or excludes another.
        OSError: if the file cannot be opened.
    """

    def __init__(
        self,
        path: str | bytes | os.PathLike[Any] | None = None,
        shape: tuple[int, int] | None = None,
        device: torch.device | str | None = "cpu",
        ignore_time: bool = False,
        *,
        filename: str | os.PathLike[str] | None = None,
        **options: Unpack[FileOptions],
    ) -> None:
        where = path if filename is None else filename
        if where is None or (path is not None and filename is not None):
            raise ValueError(f"pass one path (filename= is AEStream 0.6's name for it); got {path!r} and {filename!r}")
        _check_is_one_file(where)
        reading = self._set_options(options)
        positive("threads", reading["threads"])
        chosen = ReadOptions(**{each.name: reading[each.name] for each in fields(ReadOptions)})
        how = {name: reading[name] for name in ("strict", "threads", "cache_index", "progress")}
        super().__init__(where, chosen, device, **how)
        self.ignore_time = ignore_time
        self._session: Session | None = None
        self.shape = agreed_shape(self._file.opened.shape, shape, self.path)

    def __repr__(self) -> str:
        size = "unknown shape" if self.shape is None else f"{self.shape[0]}x{self.shape[1]}"
        if not self._file.has_index:
            return f"FileInput({self.path!r}: {self.format}, {size}, not indexed yet)"
        span = (self.t_stop - self.t_start) / 1e6
        return (
            f"FileInput({self.path!r}: {self.format}, {size}, {self.num_events} events in {span:.3f} s, "
            f"{len(self)} windows{self._unit})"
        )

    def __str__(self) -> str:
        """As ``repr()``, with the number of events and the length: looks through a file that has no index yet."""
        with suppress(ValueError, OSError):  # a damaged file is shown without them
            self._file.indexed  # noqa: B018 - builds it
        return repr(self)

    @property
    def _unit(self) -> str:
        if self.window_events is not None:
            return f" of {self.window_events} events"
        return "" if self.window_us is None else f" of {self.window_us} µs"

    def _with(self, **changes: Unpack[FileOptions]) -> FileInput:
        """A copy with other windows or another representation, which shares the file and its index."""
        other = copy.copy(self)
        replaced = LENGTHS if any(name in changes for name in LENGTHS) else ()
        kept = {name: value for name, value in self._given.items() if name not in replaced}
        other._set_options(cast(FileOptions, {**kept, **changes}))
        return other

    def _unopened(self, path: str) -> FileInput:
        """Another file with the same options, which opens when it is used."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.path, other._file, other._windows_found = path, self._file.of(path), None
        return other

    def _of(self, path: str, windows: Spans | None) -> FileInput:
        """Another file with the same options but for the windows, which were checked; opened, with its own shape."""
        other = self._unopened(path)
        if windows is not None:
            other._cut = replace(self._cut, windows=windows)
            other._given = {**self._given, "windows": windows}
        try:
            other.shape = other._file.opened.shape
        except IsADirectoryError:
            _check_is_one_file(path)
            raise
        return other

    def cached(self, path: str | os.PathLike[str], *, what: str = "events") -> CachedDataset:
        """This dataset, which keeps in a folder what it has decoded; see `aestream.prepared.cached.cached`."""
        from aestream.prepared.cached import cached

        return cached(self, path, what=what)

    def start_stream(self) -> FileInput:
        """Open without a ``with`` block, as AEStream 0.6 has it; ``stop_stream()`` ends it."""
        return self.__enter__()

    def stop_stream(self) -> None:
        """End what ``start_stream()`` opened."""
        self.__exit__(None, None, None)

    def __enter__(self) -> FileInput:
        if self._session is not None and self._session.is_open:
            raise RuntimeError(f"{self.path!r} is playing already; another FileInput plays it beside this one")
        width, height = self._require_shape()
        sink = _core.EventSink(width, height, frames=True)
        recording = self._file.located(lambda: self._file.opened.recording)
        replay = _core.Replay(recording, sink, self.start_us, self.stop_us, not self.ignore_time)
        self._session = Session(sink, replay)
        return self

    def __exit__(self, *_: object) -> Literal[False]:
        if self._session is not None:
            self._session.stop()
        return False

    def replay(self, **options: Unpack[StreamOptions]) -> Replay:
        """The file as a live stream, with the file's windows, representation and transforms: its items, one by one.

        It plays in real time, or at full speed with ``ignore_time=True``: then it waits for a reader that is late.

        Args:
            options: keyword arguments of streams, such as ``late=``, instead of the file's.

        Raises:
            ValueError: if the sensor's shape is not known, or windows overlap or differ in length.
        """
        from aestream.streams.replay import Replay  # streams are made of datasets

        return Replay(self, **options)

    def read(self, backend: str | Backend = "numpy") -> Any:
        """Events per pixel since the last ``read()``, inside ``with FileInput(...) as stream:``; before it, zeros.

        Returns:
            float32 ``[width, height]``, indexed ``[x, y]``; zeros if there were no events. The caller owns it.

        Raises:
            ValueError: if the sensor's shape is not known.
            FormatError: if the file is damaged, once everything before the damage was read.
        """
        session = self._session
        if session is None:
            return frame_to(backend, _core.EventSink(*self._require_shape(), frames=True).take(), self.device)
        return self._file.located(lambda: session.read(backend, self.device))

    def is_streaming(self) -> bool:
        """Whether a ``read()`` may still give events: True until the last event was both played and read."""
        return self._session is not None and self._session.sink.is_streaming()

    @property
    def stats(self) -> StreamStats:
        """Events of this playback so far."""
        return StreamStats() if self._session is None else self._session.stats

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_session": None}


def _check_is_one_file(path: Any) -> None:
    """Say what to use for several files."""
    if not isinstance(path, str | bytes | os.PathLike):
        raise ValueError(
            f"path must be one file; got {type(path).__name__}: several files are a RecordingDataset([(path, None, "
            "target), …]), or torch's ConcatDataset of FileInputs"
        )
    if os.path.isdir(path) and not is_bag_folder(os.fsdecode(path)):
        raise IsADirectoryError(
            f"{path!r} is a folder: aestream.datasets.EventFolder reads a folder per class, RecordingDataset any files"
        )
