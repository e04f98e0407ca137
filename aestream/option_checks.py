"""Checks of the options that inputs share: what came, and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aestream.arguments import by_row, positive_or_none, to_time
from aestream.events import Events

_LATE = ("queue", "merge", "latest")


def check_item_options(options: Mapping[str, Any]) -> None:
    """Raise ValueError unless each of ``ItemOptions`` is of its kind."""
    for name in ("representation", "event_transform", "transform", "target_transform"):
        value = options.get(name)
        if value is not None and not callable(value):
            raise ValueError(f"{name} must be callable or None; got {value!r}")
        if (
            isinstance(value, type)
            and name in ("representation", "event_transform")
            and hasattr(value, "__dataclass_fields__")
        ):
            raise ValueError(f"{name} must be an object, {value.__name__}(), not its class; got {value!r}")
    if isinstance(options["seed"], bool) or not isinstance(options["seed"], int):
        raise ValueError(f"seed must be a whole number; got {options['seed']!r}")


def check_stream_options(options: Mapping[str, Any], *, by_time: bool) -> None:
    """Raise ValueError unless each of ``StreamOptions`` is of its kind."""
    positive_or_none("timeout_s", options["timeout_s"])
    positive_or_none("gap_s", options["gap_s"])
    if options["align_us"] is not None:
        to_time("align_us", options["align_us"])
        if not by_time:
            raise ValueError(f"align_us is for windows of time, not by count; got {options['align_us']!r}")
    if options["late"] not in _LATE:
        raise ValueError(f'late must be "queue", "merge" or "latest"; got {options["late"]!r}')


def checked_events(events: Any) -> Events:
    """What an event transform that is a plain function gave; ValueError unless it is ``Events``."""
    if not isinstance(events, Events):
        raise ValueError(f"event_transform must give Events, or be a Transform; got {type(events).__name__}")
    return events


def checked_targets(targets: Any) -> Any:
    """Targets whose rows have numbers, one per window; ValueError unless they are such a sequence."""
    targets = by_row(targets)
    is_sequence = hasattr(targets, "__len__") and hasattr(targets, "__getitem__") and getattr(targets, "ndim", 1) > 0
    if targets is not None and (isinstance(targets, Mapping | str) or not is_sequence):
        raise ValueError(f"targets must be a sequence, a tensor or an array; got {type(targets).__name__}")
    return targets
