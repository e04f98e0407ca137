"""EventNode, a class of its own file because its base class is torchdata's. Import it from aestream.streams.pipes."""

# mypy: disallow-subclassing-any=False, warn-unused-ignores=False
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aestream.datasets.file import FileInput
from aestream.streams.base import EventStream
from aestream.streams.event_pipe import EventPipe, check_source

try:
    from torchdata.nodes import BaseNode
except ImportError as error:
    raise ImportError("EventNode needs torchdata: pip install 'aestream[pipes]'") from error


class EventNode(BaseNode):
    """The items of a file or a live stream as a node: ``Loader(Prefetcher(Batcher(EventNode(file), 16), 2))``.

    ``state_dict()`` says how many items were given. A file goes on from there, to the bit as if it had not stopped. A
    live stream cannot go back: it is opened anew, goes on with what comes then, and counts on from that number.

    Args:
        source: ``FileInput``, an ``EventStream`` such as ``UDPInput``, or an ``EventPipe`` with its settings.

    Raises:
        TypeError: if the source is something else.
        ValueError: when it is loaded, if a state lies behind the end of the file.
    """

    def __init__(self, source: FileInput | EventStream | EventPipe) -> None:
        super().__init__()
        source = source.source if isinstance(source, EventPipe) else source
        check_source(source)
        self.source = source
        self._position = 0
        self._items: Iterator[Any] = iter(())

    def reset(self, initial_state: dict[str, Any] | None = None) -> None:
        """Begin anew, or after the items that a state counts. Torchdata calls it."""
        super().reset(initial_state)
        self._items = iter(())  # a live stream is closed before it is opened again
        self._position = 0 if initial_state is None else initial_state["position"]
        if isinstance(self.source, FileInput):
            if self._position > len(self.source):
                raise ValueError(
                    f"the state is after item {self._position}, but {self.source!r} has {len(self.source)}"
                )
            self._items = self.source._iterate(range(self._position, len(self.source)))
        else:
            self._items = iter(self.source)

    def next(self) -> Any:
        """The next item. Torchdata calls it."""
        item = next(self._items)
        self._position += 1
        return item

    def get_state(self) -> dict[str, Any]:
        """Items given so far. Torchdata calls it."""
        return {"position": self._position}

    def __repr__(self) -> str:
        return f"EventNode({self.source!r})"
