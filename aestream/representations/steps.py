"""Steps and Concat: several tensors of one window in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch

import aestream._core as _core
from aestream.events import Events
from aestream.representations.base import Accumulated, is_fused, one_of, whole


@dataclass(frozen=True)
class Steps(Accumulated):
    """The window cut into exactly so many parts, each a tensor of its own: ``[steps, channels, height, width]``.

    Every event is in exactly one part. By time, part i begins at ``start + span * i // steps``, and an event is where
    the latest time so far is; by events, it begins at event ``n * i // steps``. With ``window_us=None`` this is the
    ``[T, C, H, W]`` that networks of spiking neurons take a whole recording in.

    Attributes:
        representation: what each part becomes: one of this package, but no `Steps`.
        steps: number of parts, 1 to 65536.
        by: ``"time"`` or ``"events"``. A part by events lasts from its first event to after its latest.

    Raises:
        ValueError: if one is none of these.
    """

    representation: Accumulated
    steps: int
    by: Literal["time", "events"] = "time"

    def __post_init__(self) -> None:
        if not _is_part(self.representation):
            expected = "one of this package, without a __call__ of its own, and no Steps"
            raise ValueError(f"representation must be {expected}; got {self.representation!r}")
        whole("steps", self.steps)
        one_of("by", self.by, ("time", "events"))

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type: that of the parts."""
        return self.representation.dtype

    @property
    def channels(self) -> int:
        """The length of the tensor's second axis."""
        return self.representation.channels

    def output_shape(self, shape: tuple[int, int]) -> tuple[int, ...]:
        """(steps, channels, height, width)."""
        return (self.steps, *self.representation.output_shape(shape))

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.steps(self.representation.spec(), self.steps, self.by)

    def on_device(
        self, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
    ) -> torch.Tensor:
        """Part by part."""
        parts = []
        for start, stop, part in self._parts(events, start_us, stop_us):
            parts.append(self.representation.on_device(part, shape, start, stop))
        return torch.stack(parts)

    def _parts(self, events: Events, start_us: int | None, stop_us: int | None) -> list[tuple[Any, Any, Events]]:
        steps, count = self.steps, len(events)
        if self.by == "events":
            edges = [count * i // steps for i in range(steps + 1)]
            return [(None, None, _cut(events, first, last)) for first, last in zip(edges, edges[1:], strict=False)]
        start = (int(events.t[0]) if count else 0) if start_us is None else start_us
        stop = (int(events.t.max()) + 1 if count else 1) if stop_us is None else stop_us
        times = [start + (stop - start) * i // steps for i in range(steps + 1)]
        latest = torch.cummax(events.t, 0).values if count else events.t
        inner = torch.tensor(times[1:-1], dtype=torch.int64, device=events.device)
        cuts = [0, *torch.searchsorted(latest, inner).tolist(), count]
        return [(times[i], times[i + 1], _cut(events, cuts[i], cuts[i + 1])) for i in range(steps)]


def _is_part(representation: object) -> bool:
    return (
        isinstance(representation, Accumulated) and is_fused(representation) and not isinstance(representation, Steps)
    )


def _cut(events: Events, first: int, last: int) -> Events:
    return Events(*(column[first:last] for column in events))


@dataclass(frozen=True, init=False)
class Concat(Accumulated):
    """Several representations of one window along the channels, in one pass over the events.

    ``Concat(Frame(), TimeSurface(30_000))`` is ``[2 + 2, height, width]``.

    Attributes:
        members: one or more of this package, of one dtype and one size of image; no `Steps` (``Steps(Concat(...), 5)``
            is what you want).

    Raises:
        ValueError: if they are not.
    """

    members: tuple[Accumulated, ...]

    def __init__(self, *representations: Accumulated, members: tuple[Accumulated, ...] = ()) -> None:
        all_ = (*representations, *members)
        if not all_ or not all(_is_part(one) for one in all_):
            expected = "representations of this package, without a __call__ of its own, and no Steps"
            raise ValueError(f"Concat takes one or more {expected}; got {all_!r}")
        if len({one.dtype for one in all_}) > 1:
            raise ValueError(f"all must have one dtype; got {', '.join(str(one.dtype) for one in all_)}")
        if len({one.output_shape((997, 991))[1:] for one in all_}) > 1:
            raise ValueError(f"all must have one size of image; got {all_!r}")
        object.__setattr__(self, "members", all_)

    @property
    def dtype(self) -> torch.dtype:  # type: ignore[override]
        """The tensor's type: that of all members."""
        return self.members[0].dtype

    @property
    def channels(self) -> int:
        """The length of the tensor's first axis: the sum of the members'."""
        return sum(member.channels for member in self.members)

    def output_shape(self, shape: tuple[int, int]) -> tuple[int, ...]:
        """(channels, height, width)."""
        return (self.channels, *self.members[0].output_shape(shape)[1:])

    def spec(self) -> _core.Representation:
        """What the core accumulates by, while it decodes."""
        return _core.concat([member.spec() for member in self.members])

    def on_device(
        self, events: Events, shape: tuple[int, int], start_us: int | None, stop_us: int | None
    ) -> torch.Tensor:
        """Member by member."""
        return torch.cat([member.on_device(events, shape, start_us, stop_us) for member in self.members])
