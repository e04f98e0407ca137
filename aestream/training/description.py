"""Representations and transforms as plain dictionaries, and back, without importing anything that a file names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch

import aestream.representations
import aestream.transforms
from aestream.representations import Accumulated, representation_from_dict

_PLAIN = (str, int, float, bool, type(None))
_OTHER = "another callable"


def describe(thing: Any) -> Any:
    """What JSON can hold of a representation or transform: the name of its class and every parameter.

    A callable that is no dataclass of this package has a name only, and `restore` cannot make it again.
    """
    if isinstance(thing, _PLAIN):
        return thing
    if isinstance(thing, torch.dtype):
        return str(thing).removeprefix("torch.")
    if isinstance(thing, torch.Tensor):
        return {"type": "Tensor", "dtype": describe(thing.dtype), "values": thing.tolist()}
    if isinstance(thing, list | tuple):
        return [describe(member) for member in thing]
    if is_dataclass(thing) and not isinstance(thing, type) and _class_of(type(thing).__name__) is type(thing):
        return {"type": type(thing).__name__} | {
            field.name: describe(getattr(thing, field.name)) for field in fields(thing)
        }
    kind = thing if hasattr(thing, "__qualname__") else type(thing)
    return {"type": _OTHER, "name": f"{kind.__module__}.{kind.__qualname__}"}


def is_restorable(description: Any) -> bool:
    """Whether `restore` can make what was described."""
    if isinstance(description, Mapping):
        return description.get("type") != _OTHER and all(is_restorable(value) for value in description.values())
    return not isinstance(description, list) or all(is_restorable(member) for member in description)


def restore(description: Any) -> Any:
    """What was described.

    Raises:
        ValueError: if it is no representation or transform of this package, or has other parameters.
    """
    if isinstance(description, Mapping):
        return _restore_object(dict(description))
    if isinstance(description, list | tuple):
        return tuple(restore(member) for member in description)
    if isinstance(description, str) and isinstance(getattr(torch, description, None), torch.dtype):
        return getattr(torch, description)
    return description


def _restore_object(values: dict[str, Any]) -> Any:
    name = values.pop("type", None)
    if name == "Tensor":
        return torch.tensor(values["values"], dtype=restore(values["dtype"]))
    found = _class_of(name)
    if found is None:
        raise ValueError(f"expected a representation or transform of this package, got {values.get('name', name)!r}")
    if issubclass(found, Accumulated):
        return representation_from_dict(values | {"type": name})
    known = {field.name for field in fields(found)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"{name} has the parameters {', '.join(sorted(known))}; got {', '.join(unknown)}")
    return found(**{key: restore(value) for key, value in values.items()})


def _class_of(name: Any) -> Any:
    """The public dataclass of that name, or None."""
    for module in (aestream.representations, aestream.transforms):
        found = getattr(module, name, None) if isinstance(name, str) else None
        if isinstance(found, type) and is_dataclass(found):
            return found
    return None
