"""Items of several recordings in one call of the core: for small recordings a call each takes longer than the work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

import aestream._core as _core
from aestream.datasets.batch import Column
from aestream.datasets.file import FileInput
from aestream.representations.base import element_type, is_fused, to_tensor
from aestream.transforms.base import Transform
from aestream.transforms.compose import drawn_map

Stamp: TypeAlias = tuple[int, int, int]  # of a file: inode, size, time of change in ns


def columns_together(files: Sequence[FileInput], indices: Sequence[int]) -> list[Column] | None:
    """The members of item ``indices[i]`` of ``files[i]``, in the order of the items, as the files would make them.

    Args:
        files: opened with the same options, but for windows and targets.

    Returns:
        None where files have to make their items themselves: not by the core on the CPU, or it has failed, and the file
        says with what.
    """
    first = files[0]
    by_time = first._windows.by_time
    if not _is_of_core(first) or (first.with_times and not by_time):
        return None
    if any(file.shape != first.shape or file._windows.by_time != by_time for file in files):
        return None
    targets = None if first.targets is None else [_target(*each) for each in zip(files, indices, strict=True)]
    generators = [file._generator(index) for file, index in zip(files, indices, strict=True)]
    drawn = _drawn(first, first._require_shape(), targets, generators)
    if drawn is None:
        return None
    shape, maps = drawn
    spans = np.array([file._windows.bound(index) for file, index in zip(files, indices, strict=True)], np.int64)
    values = _accumulated(files, shape, spans, maps)
    return None if values is None else _columns(first, values, targets, spans)


def columns_of_small_files(
    like: FileInput,
    format: str,
    paths: Sequence[str],
    shape: tuple[int, int],
    targets: list[Any] | None,
    generators: Sequence[torch.Generator | None],
) -> tuple[list[Column], list[Stamp]] | None:
    """As `columns_together`, of recordings that are one item each, without opening them.

    Args:
        like: a recording with the same options, which need not be open.
        format, paths: of the files.
        shape: of the sensor.
        targets: of the items, which random transforms may change; None: they have none.
        generators: what the items' random transforms draw from.

    Returns:
        the members, and which state each file was in. None, too, where a file is not plainly a whole small recording.
    """
    representation: Any = like.representation
    drawn = _drawn(like, shape, targets, generators) if _is_of_core(like) else None
    if drawn is None:
        return None
    shape, maps = drawn
    names, threads = [os.fsencode(path) for path in paths], like._file.thread_count
    made = _core.accumulate_files(names, format, representation.spec(), *shape, threads, maps)
    if made is None:
        return None
    values, spans, stamps = made
    return _columns(like, to_tensor(values, element_type(representation)), targets, spans), stamps


def _is_of_core(file: FileInput) -> bool:
    """Whether the core makes items on the CPU, out of events or of what a map makes of them."""
    transform = file.event_transform
    is_plain = transform is None or (isinstance(transform, Transform) and transform.is_geometric)
    return is_plain and is_fused(file.representation) and file.device.type == "cpu"


def _drawn(
    file: FileInput,
    shape: tuple[int, int],
    targets: list[Any] | None,
    generators: Sequence[torch.Generator | None],
) -> tuple[tuple[int, int], list[_core.CoordinateMap]] | None:
    """The shape of the items and their maps, if there are some; puts what becomes of targets into ``targets``.

    None if the items differ in shape.
    """
    if file.event_transform is None:
        return shape, []
    maps = []
    for position, generator in enumerate(generators):
        target = None if targets is None else targets[position]
        map, target = drawn_map(file.event_transform, shape, target, generator)
        maps.append(map)
        if targets is not None:
            targets[position] = target
    shapes = {map.shape for map in maps}
    return (shapes.pop(), maps) if len(shapes) == 1 else None


def _columns(file: FileInput, values: torch.Tensor, targets: list[Any] | None, spans: np.ndarray) -> list[Column]:
    columns: list[Column] = [values if file.transform is None else [file.transform(value) for value in values]]
    if targets is not None:
        change = file.target_transform
        columns.append(targets if change is None else [change(target) for target in targets])
    if file.with_times:
        columns.append(torch.from_numpy(spans))
    return columns


def _accumulated(
    files: Sequence[FileInput], shape: tuple[int, int], spans: np.ndarray, maps: list[_core.CoordinateMap]
) -> torch.Tensor | None:
    representation: Any = files[0].representation
    by_time, threads = files[0]._windows.by_time, files[0]._file.thread_count
    recordings = [file._file.indexed for file in files]
    try:
        spec = representation.spec()
        frames, _ = _core.accumulate_each(recordings, spec, *shape, spans, by_time, threads, maps)
    except (ValueError, OSError):
        return None
    return to_tensor(frames, element_type(representation))


def _target(file: FileInput, index: int) -> Any:
    targets = file.targets
    return file._targets_at([index])[0] if isinstance(targets, torch.Tensor) else targets[index]  # type: ignore[index]
