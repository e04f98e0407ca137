"""load_pipeline: datasets and streams whose items are those that a checkpoint's model was trained on."""

from __future__ import annotations

import copy
import os
from dataclasses import dataclass
from typing import Any

import torch

from aestream.datasets.file import FileInput
from aestream.events import Events
from aestream.streams.base import EventStream
from aestream.training.description import describe, is_restorable, restore
from aestream.training.passport import KEY, Passport
from aestream.transforms.base import Sample, Transform

_UNSET: Any = object()


@dataclass(frozen=True)
class Transformed:
    """A representation of transformed events, for sources that transform none themselves."""

    event_transform: Any
    representation: Any

    def __call__(
        self, events: Events, shape: tuple[int, int], *, start_us: int | None = None, stop_us: int | None = None
    ) -> Any:
        """The item of the transformed events."""
        start = int(events.t[0]) if start_us is None and len(events) else start_us or 0
        stop = int(events.t.max()) + 1 if stop_us is None and len(events) else stop_us or start
        if isinstance(self.event_transform, Transform):
            sample = self.event_transform(Sample(events, shape, start, stop))
            events, shape, start, stop = sample.events, sample.shape, sample.start_us, sample.stop_us
        else:
            events = self.event_transform(events)
        return (
            events if self.representation is None else self.representation(events, shape, start_us=start, stop_us=stop)
        )


@dataclass(frozen=True)
class Pipeline:
    """What makes items for a model, from files and live; see `load_pipeline`."""

    passport: Passport
    representation: Any
    event_transform: Any
    transform: Any

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, by label."""
        return self.passport.classes

    def dataset(self, path: str | os.PathLike[str], **options: Any) -> FileInput:
        """A file's items as the model was trained on; ``options`` are those of `FileInput` that the passport leaves.

        Raises:
            ValueError: if the file's sensor has another shape, or an option is the passport's.
        """
        made = self._made()
        if taken := sorted(made.keys() & options.keys()):
            raise ValueError(f"{', '.join(taken)}: the checkpoint's passport says so already; got {options}")
        file = FileInput(path, **made, **options)
        if file.shape is None and self.passport.shape is not None:
            file = FileInput(path, **made, **options | {"shape": self.passport.shape})
        self._check_shape(file)
        return file

    def stream(self, source: EventStream | FileInput) -> Any:
        """The items of a live source, or a file, as the model was trained on: a copy of it with other windows.

        Args:
            source: such as ``UDPInput(shape)``; one that is open stays so, and is the copy's as well.

        Raises:
            ValueError: if its sensor has another shape, or the model's windows overlap or are whole recordings,
                and those of a live stream cannot.
        """
        self._check_shape(source)
        passport, present = self.passport, vars(source)
        if "stride" not in present and (passport.stride is not None or self._is_whole):
            kind = "takes whole recordings" if self._is_whole else f"has windows with a stride of {passport.stride}"
            raise ValueError(f"the model {kind}; a live stream has neither")
        made = {"window_us": None, "window_events": None, "stride": None} | self._made()
        if made["window_us"] is None and not self._is_whole:
            made["window_us"] = present["window_us"]  # of no meaning beside window_events
        known = {name: value for name, value in made.items() if name in present}
        other = copy.copy(source)
        other.__dict__.update(known, **{name: present[name] for name in ("_session", "_opening") if name in present})
        if "_grid" in present:
            other.__dict__["_grid"] = None
        return other

    @property
    def _is_whole(self) -> bool:
        return self.passport.window_us is None and self.passport.window_events is None

    def _made(self) -> dict[str, Any]:
        """The options of a source that the passport decides."""
        passport, representation = self.passport, self.representation
        if self.event_transform is not None:
            representation = Transformed(self.event_transform, representation)
        made = {"representation": representation, "transform": self.transform}
        unit = "window_us" if passport.window_events is None else "window_events"
        made[unit] = getattr(passport, unit)
        return made if passport.stride is None else made | {"stride": passport.stride}

    def _check_shape(self, source: Any) -> None:
        expected = self.passport.shape
        if expected is not None and source.shape != expected:
            size = f"{expected[0]}x{expected[1]}"
            raise ValueError(f"the model was trained on a sensor of shape {size}; got {source.shape} from {source!r}")


def load_pipeline(
    path: str | os.PathLike[str],
    *,
    representation: Any = _UNSET,
    event_transform: Any = _UNSET,
    transform: Any = _UNSET,
) -> Pipeline:
    """What makes a model's items, from the passport that `EventDataModule` wrote into its checkpoint.

    Args:
        path: a checkpoint of Lightning's; nothing but tensors and plain values is read from it.
        representation, event_transform, transform: as in `FileInput`, where the passport holds a callable of your own,
            of which it knows the name only.

    Raises:
        ValueError: if the checkpoint has no passport, holds a callable that was not given, or another than was given.
    """
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    found = [value[KEY] for value in checkpoint.values() if isinstance(value, dict) and KEY in value]
    if not found:
        raise ValueError(f"{os.fspath(path)!r} has no passport: train with EventDataModule, which writes one")
    passport = Passport.from_dict(found[0])
    given = {"representation": representation, "event_transform": event_transform, "transform": transform}
    return Pipeline(passport, **{name: _chosen(name, passport, value) for name, value in given.items()})


def _chosen(name: str, passport: Passport, given: Any) -> Any:
    saved = getattr(passport, name)
    if given is not _UNSET:
        if describe(given) != saved:
            raise ValueError(
                f"{name} is not what the model was trained on\n  passport: {saved}\n  given: {describe(given)}"
            )
        return given
    if not is_restorable(saved):
        raise ValueError(f"{name} is a callable of yours, {saved}: give it to load_pipeline({name}=...)")
    return restore(saved)
