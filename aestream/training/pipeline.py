"""load_pipeline: datasets and streams whose items are those that a checkpoint's model was trained on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import torch

from aestream.datasets.file import FileInput
from aestream.streams.base import EventStream
from aestream.training.description import describe, is_restorable, restore
from aestream.training.passport import KEY, Passport

UNSET: Any = object()


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

        A model of whole recordings, or of windows that differ in length, gets whole recordings, or ``windows=``.

        Raises:
            ValueError: if the file's sensor has another shape, or an option is the passport's.
        """
        made = self._made()
        if self._has_no_length and options.keys() & {"windows", "window_us", "window_events"}:
            del made["window_us"]
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
            ValueError: if its sensor has another shape, or the model's windows overlap or differ in length, and those
                of a live stream do not.
        """
        if not isinstance(source, EventStream | FileInput):
            raise ValueError(f"source must be an input, such as UDPInput(…) or FileInput(path); got {source!r}")
        self._check_shape(source)
        passport, is_live = self.passport, isinstance(source, EventStream)
        if is_live and (passport.stride is not None or self._has_no_length):
            kind = "no windows of one length" if self._has_no_length else f"windows with a stride of {passport.stride}"
            raise ValueError(f"the model has {kind}; those of a live stream follow each other")
        other = source._with(**self._made())
        if isinstance(source, EventStream) and isinstance(other, EventStream):
            other._session, other._opening = source._session, source._opening
        return other

    @property
    def _has_no_length(self) -> bool:
        return self.passport.window_us is None and self.passport.window_events is None

    def _made(self) -> dict[str, Any]:
        """The options of a source that the passport decides."""
        passport = self.passport
        unit = "window_us" if passport.window_events is None else "window_events"
        made = {"representation": self.representation, "transform": self.transform, unit: getattr(passport, unit)}
        made["event_transform"] = self.event_transform
        return made if passport.stride is None else made | {"stride": passport.stride}

    def _check_shape(self, source: Any) -> None:
        expected = self.passport.shape
        if expected is not None and source.shape != expected:
            size = f"{expected[0]}x{expected[1]}"
            raise ValueError(f"the model was trained on a sensor of shape {size}; got {source.shape} from {source!r}")


def load_pipeline(
    path: str | os.PathLike[str],
    *,
    representation: Any = UNSET,
    event_transform: Any = UNSET,
    transform: Any = UNSET,
) -> Pipeline:
    """What makes a model's items, from the passport that `EventDataModule` wrote into its checkpoint.

    Args:
        path: a checkpoint of Lightning's; nothing but tensors and plain values is read from it.
        representation, event_transform, transform: as in `FileInput`, where the passport holds a callable of your own,
            of which it knows the name only.

    Raises:
        ValueError: if the checkpoint has no passport, holds a callable that was not given, or another than was given.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # torch's reader fails in many ways
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{os.fspath(path)!r} is no checkpoint of tensors and plain values: {reason}") from error
    if not isinstance(checkpoint, dict):
        raise ValueError(f"{os.fspath(path)!r} is no checkpoint of Lightning's: it holds a {type(checkpoint).__name__}")
    found = [value[KEY] for value in checkpoint.values() if isinstance(value, dict) and KEY in value]
    if not found:
        raise ValueError(f"{os.fspath(path)!r} has no passport: train with EventDataModule, which writes one")
    passport = Passport.from_dict(found[0])
    given = {"representation": representation, "event_transform": event_transform, "transform": transform}
    return Pipeline(passport, **{name: chosen(name, passport, value) for name, value in given.items()})


def chosen(name: str, passport: Passport, given: Any) -> Any:
    """What the passport says of a representation or transform, or what was given in place of a callable.

    Raises:
        ValueError: if it is a callable that was not given, or another was given.
    """
    saved = getattr(passport, name)
    if given is not UNSET:
        if describe(given) != saved:
            raise ValueError(f"{name} is not what the passport says\n  saved: {saved}\n  given: {describe(given)}")
        return given
    if not is_restorable(saved):
        raise ValueError(f"{name} is a callable of yours, {saved}: give it as {name}=...")
    return restore(saved)
