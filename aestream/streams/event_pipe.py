"""EventPipe: files and live streams as the sources of torch's data pipes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.utils.data import IterDataPipe
from typing_extensions import Unpack

from aestream.arguments import positive
from aestream.datasets.file import FileInput
from aestream.options import ItemOptions, LengthOptions, takes
from aestream.representations import Representation
from aestream.streams.base import EventStream


@takes(ItemOptions)
class EventPipe(IterDataPipe[Any]):
    """The items of a file or a live stream as a data pipe: ``EventPipe(file).window_us(5000).map(f)``.

    ``window_us``, ``window_events`` and ``represent`` give a pipe over a copy of the source with that setting: items
    are still made by the core, in one go. They come first; whatever torch has for pipes (``map``, ``filter``,
    ``batch``, ``shuffle``, ``collate``) follows.

    Of a file, the workers and ranks of a DataLoader share out the items: it needs no ``sharding_filter``. A live
    stream is opened by the first worker only.

    Args:
        source: ``FileInput``, or an ``EventStream`` such as ``UDPInput``.
        **options: keyword arguments that replace those of the source:

    Attributes:
        source: what the pipe reads. A live stream's ``stats``, ``port`` and ``stop()`` are here: after a setting has
            changed that is a copy, which is opened by itself.

    Raises:
        TypeError: if the source is something else.
        ValueError: if an option is out of range.
    """

    def __init__(self, source: FileInput | EventStream, **options: Unpack[ItemOptions]) -> None:
        check_source(source)
        self.source = source._with(**options) if options else source
        self._shards: dict[Any, tuple[int, int]] = {}

    def window_us(self, window_us: int | None, *, stride: int | None = None) -> EventPipe:
        """One item per so many µs; ``stride``, and None for the whole recording, as in ``FileInput``, for files only.

        Raises:
            ValueError: if a value is no positive whole number, or a live stream is to have a stride.
        """
        return self._windows(stride, window_us=window_us)

    def window_events(self, window_events: int, *, stride: int | None = None) -> EventPipe:
        """One item per so many events; ``stride`` as in ``FileInput``, for files only.

        Raises:
            ValueError: if a value is no positive whole number, or a live stream is to have a stride.
        """
        return self._windows(stride, window_events=window_events)

    def represent(self, representation: Representation | None) -> EventPipe:
        """Items of this representation; None: the ``Events`` themselves.

        Raises:
            ValueError: if it is not callable.
        """
        return EventPipe(self.source._with(representation=representation))

    def apply_sharding(self, num_of_instances: int, instance_id: int, sharding_group: Any = None) -> None:
        """What torch calls in each worker: from now on only every ``num_of_instances``-th item of a file."""
        self._shards[sharding_group] = (num_of_instances, instance_id)

    def __iter__(self) -> Iterator[Any]:
        yield from self.source._iterate(self._indices) if isinstance(self.source, FileInput) else self.source

    def __len__(self) -> int:
        """Items of a file, or of this worker's share.

        Raises:
            TypeError: for a live stream, which has no length.
        """
        if isinstance(self.source, FileInput):
            return len(self._indices)
        raise TypeError(f"{self.source!r} is live and has no length")

    @property
    def _indices(self) -> range:
        indices = range(len(self.source))  # type: ignore[arg-type]
        for instances, instance in self._shards.values():
            indices = indices[instance::instances]
        return indices

    def _windows(self, stride: int | None, **options: Unpack[LengthOptions]) -> EventPipe:
        positive("stride", stride)
        if isinstance(self.source, FileInput):
            return EventPipe(self.source._with(**options, stride=stride))
        if stride is not None:
            raise ValueError(f"windows of a live stream follow each other: stride must be None; got {stride!r}")
        return EventPipe(self.source._with(**options))

    def __repr__(self) -> str:
        return f"EventPipe({self.source!r})"


def check_source(source: object) -> None:
    """Raise TypeError unless it is a file or a live stream."""
    if not isinstance(source, FileInput | EventStream):
        raise TypeError(f"source must be a FileInput or an EventStream; got {source!r}")
