"""The array libraries that read() and load() hand their results to."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from aestream.cuda import events_on, tensor_on
from aestream.events import Events

if TYPE_CHECKING:
    import jax


class Backend(Enum):
    """What ``backend=`` accepts, as a member or by name in any case."""

    Numpy = "numpy"
    Torch = "torch"
    Jax = "jax"


class UnknownBackendError(ValueError, AttributeError):
    """A backend name that is not known. AEStream raised AttributeError here, so this is one, too."""


class JaxEvents(NamedTuple):
    """Events as jax arrays of one length.

    Attributes:
        t: int32 ``[n]``, microseconds after the first event: jax has no int64 by default.
        x: int16 ``[n]``, grows right.
        y: int16 ``[n]``, grows down.
        p: bool ``[n]``, True = ON.
    """

    t: jax.Array
    x: jax.Array
    y: jax.Array
    p: jax.Array


def to_backend(backend: str | Backend) -> Backend:
    """The member that a user means.

    Raises:
        UnknownBackendError: listing the known names.
    """
    if isinstance(backend, Backend):
        return backend
    for member in Backend:
        if isinstance(backend, str) and member.value == backend.lower():
            return member
    known = ", ".join(repr(member.value) for member in Backend)
    raise UnknownBackendError(f"backend must be one of {known}; got {backend!r}")


def events_to(backend: str | Backend, events: np.ndarray, device: torch.device) -> Any:
    """Events as a structured array, ``Events`` on ``device``, or ``JaxEvents``.

    Raises:
        OverflowError: for jax, if a time lies more than 2^31 - 1 µs from the first one.
        ImportError: naming the extra to install, if jax is missing.
    """
    match to_backend(backend):
        case Backend.Numpy:
            return events
        case Backend.Torch:
            return events_on(device, Events.from_numpy(events))
        case Backend.Jax:
            return _events_to_jax(events)


def frame_to(backend: str | Backend, frame: np.ndarray, device: torch.device) -> Any:
    """A frame as an array of numpy, of torch on ``device``, or of jax, without a copy where the library allows it.

    Raises:
        RuntimeError: for jax and an NVIDIA GPU, if jax is installed without CUDA.
    """
    match to_backend(backend):
        case Backend.Numpy:
            return frame
        case Backend.Torch:
            return tensor_on(device, torch.from_numpy(frame))
        case Backend.Jax if device.type == "cuda":
            return _on_gpu_of_jax(frame, device)
        case Backend.Jax:
            return _import_jax().numpy.asarray(frame)


def _import_jax() -> Any:
    try:
        import jax.numpy
    except ImportError as error:
        raise ImportError("backend 'jax' needs jax: pip install 'aestream[jax]'") from error
    return jax


def _on_gpu_of_jax(frame: np.ndarray, device: torch.device) -> Any:
    """A frame as an array of jax on a GPU, which shares the memory of torch's tensor there."""
    library = _import_jax()
    try:
        library.devices("cuda")
    except RuntimeError as error:
        raise RuntimeError(
            f"device={str(device)!r} with backend 'jax' needs a jax with CUDA: pip install 'jax[cuda13]', or "
            f'device="cpu" ({error})'
        ) from error
    return library.dlpack.from_dlpack(tensor_on(device, torch.from_numpy(frame)))


def _events_to_jax(events: np.ndarray) -> JaxEvents:
    jnp = _import_jax().numpy
    t = events["t"] - events["t"][0] if len(events) else events["t"]
    limit = np.iinfo(np.int32)
    if len(t) and (t.max() > limit.max or t.min() < limit.min):
        span = f"{t.min()} to {t.max()} µs after the first event"
        raise OverflowError(
            f"jax times are int32, up to {limit.max} µs; these events lie {span}: load a slice() of them"
        )
    columns = (jnp.asarray(np.ascontiguousarray(events[name])) for name in ("x", "y", "p"))
    return JaxEvents(jnp.asarray(t.astype(np.int32)), *columns)
