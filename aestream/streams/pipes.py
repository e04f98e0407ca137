"""EventPipe and EventNode: files and live streams as the sources of torch's data pipes and of torchdata's nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aestream.streams.event_pipe import EventPipe

if TYPE_CHECKING:
    from aestream.streams.event_node import EventNode

__all__ = ["EventNode", "EventPipe"]


def __getattr__(name: str) -> Any:
    """EventNode, which needs torchdata, once somebody asks for it."""
    if name == "EventNode":
        from aestream.streams.event_node import EventNode

        return EventNode
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
