"""The passport of a model: what its items were made by, as a checkpoint carries it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from torch.utils.data import ConcatDataset, Subset

from aestream.training.description import describe

KEY = "aestream_passport"


@dataclass(frozen=True)
class Passport:
    """How the items of evaluation were made, in plain values.

    Attributes:
        representation: class and parameters; None for events.
        event_transform, transform: of evaluation, on events and on tensors; None without.
        window_us, window_events, stride: of the windows, as `FileInput` has them. Both lengths are None for whole
            recordings, and for windows that differ in length.
        shape: sensor (width, height) in pixels; None if unknown.
        classes: their names, by label; empty if there are none.
    """

    representation: Any
    event_transform: Any = None
    transform: Any = None
    window_us: int | None = None
    window_events: int | None = None
    stride: int | None = None
    shape: tuple[int, int] | None = None
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: Any) -> Passport:
        """The passport of a dataset or a stream; that of the parts of a ConcatDataset, which have to agree.

        Raises:
            ValueError: if it does not say its representation, or parts differ.
        """
        if isinstance(dataset, ConcatDataset):
            passports = [cls.of(part) for part in dataset.datasets]
            for other in passports[1:]:
                require_equal(passports[0], other, "parts of one dataset must have one passport")
            return passports[0]
        if isinstance(dataset, Subset):
            return cls.of(dataset.dataset)
        source = dataset.recording(0) if hasattr(dataset, "recording") else dataset  # one of a RecordingDataset
        if not hasattr(source, "representation"):
            raise ValueError(f"{type(dataset).__name__} has no attribute 'representation', so that it has no passport")
        made = {
            name: describe(getattr(source, name, None)) for name in ("representation", "event_transform", "transform")
        }
        windows = {name: getattr(source, name, None) for name in ("window_us", "window_events", "stride")}
        shape = getattr(dataset, "shape", None)
        shape = None if shape is None else (int(shape[0]), int(shape[1]))
        return cls(**made, **windows, shape=shape, classes=tuple(map(str, getattr(dataset, "classes", None) or ())))

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, which ``torch.load(weights_only=True)`` reads."""
        values = asdict(self)
        return values | {"shape": None if self.shape is None else list(self.shape), "classes": list(self.classes)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Passport:
        """The passport that ``to_dict()`` wrote.

        Raises:
            ValueError: if something in it is not known here.
        """
        if unknown := sorted(set(values) - {field.name for field in fields(cls)}):
            raise ValueError(f"a passport has no {', '.join(unknown)}: it was written by a later version")
        shape = values.get("shape")
        known = {"shape": None if shape is None else (shape[0], shape[1]), "classes": tuple(values.get("classes", ()))}
        return cls(**values | known)

    def __str__(self) -> str:
        return "\n".join(f"    {field.name}: {getattr(self, field.name)}" for field in fields(self))


def require_equal(saved: Passport, present: Passport, problem: str) -> None:
    """Raise ValueError that shows both passports, unless they are equal."""
    if saved.to_dict() == present.to_dict():
        return
    names = [field.name for field in fields(saved) if getattr(saved, field.name) != getattr(present, field.name)]
    raise ValueError(f"{problem}; they differ in {', '.join(names)}\n  one:\n{saved}\n  the other:\n{present}")
