"""Targets as bytes and back: numbers, text, arrays (structured ones, too), tensors, and tuples, lists, dicts of them.

A line of JSON, in which an array stands as its dtype, shape and place; then the arrays' bytes. Nothing is pickled.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch

_ARRAY, _TENSOR, _TUPLE, _DICT = "array", "tensor", "tuple", "dict"


def encode_target(target: Any) -> bytes:
    """The bytes of a target.

    Raises:
        TypeError: if it is of another kind; names it.
    """
    blobs: list[bytes] = []
    text = json.dumps(_to_plain(target, blobs), separators=(",", ":"))
    return b"\n".join([text.encode(), b"".join(blobs)])


def decode_target(data: bytes) -> Any:
    """The target. Arrays and tensors are the caller's own."""
    text, blob = data.split(b"\n", 1)
    return _from_plain(json.loads(text), blob)


def _to_plain(value: Any, blobs: list[bytes]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise TypeError(f"a target of dtype {array.dtype} cannot be stored")
        described = np.lib.format.dtype_to_descr(array.dtype)
        return {_ARRAY: described, **_placed(np.ascontiguousarray(array).tobytes(), array.shape, blobs)}
    if isinstance(value, torch.Tensor):
        tensor = value.detach().cpu().contiguous()
        raw = tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
        return {_TENSOR: str(tensor.dtype).removeprefix("torch."), **_placed(raw, tuple(tensor.shape), blobs)}
    if isinstance(value, tuple):
        return {_TUPLE: [_to_plain(member, blobs) for member in value]}
    if isinstance(value, list):
        return [_to_plain(member, blobs) for member in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {_DICT: {name: _to_plain(member, blobs) for name, member in value.items()}}
    raise TypeError(
        f"a target of type {type(value).__name__} cannot be stored: expected numbers, text, arrays, tensors, "
        "or tuples, lists and dicts of them"
    )


def _placed(raw: bytes, shape: tuple[int, ...], blobs: list[bytes]) -> dict[str, Any]:
    begin = sum(map(len, blobs))
    blobs.append(raw)
    return {"shape": list(shape), "at": [begin, begin + len(raw)]}


def _from_plain(value: Any, blob: bytes) -> Any:
    if isinstance(value, list):
        return [_from_plain(member, blob) for member in value]
    if not isinstance(value, dict):
        return value
    if _TUPLE in value:
        return tuple(_from_plain(member, blob) for member in value[_TUPLE])
    if _DICT in value:
        return {name: _from_plain(member, blob) for name, member in value[_DICT].items()}
    raw = bytearray(blob[value["at"][0] : value["at"][1]])
    if _ARRAY in value:
        array = np.frombuffer(raw, np.lib.format.descr_to_dtype(_described(value[_ARRAY]))).reshape(value["shape"])
        return array if value["shape"] else array[()]
    dtype = getattr(torch, value[_TENSOR])
    return (torch.frombuffer(raw, dtype=dtype) if raw else torch.empty(0, dtype=dtype)).reshape(value["shape"])


def _described(description: Any) -> Any:
    """A dtype's description, whose tuples JSON has made lists."""
    if isinstance(description, str):
        return description
    return [(field[0], _field(field[1]), *(tuple(shape) for shape in field[2:])) for field in description]


def _field(description: Any) -> Any:
    return description if isinstance(description, str) else _described(description)
