"""Items of several recordings in one call of the core: for small recordings a call each takes longer than the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

import aestream._core as _core
from aestream.datasets.batch import Column
from aestream.datasets.file import FileInput
from aestream.representations.base import element_type, to_tensor
from aestream.transforms.base import Transform
from aestream.transforms.compose import drawn_map


def columns_together(files: Sequence[FileInput], indices: Sequence[int]) -> list[Column] | None:
    """The members of item ``indices[i]`` of ``files[i]``, in the order of the items, as the files would make them.

    Args:
        files: opened with the same options, but for windows and targets.

    Returns:
        None where files have to make their items themselves: not by the core on the CPU, or it has failed, and the file
        says with what.
    """
    first = files[0]
    transform, by_time = first.event_transform, first._windows.by_time
    is_mapped = isinstance(transform, Transform) and transform.is_geometric
    if not hasattr(first.representation, "spec") or not (transform is None or is_mapped) or first.device.type != "cpu":
        return None
    if any(file.shape != first.shape or file._windows.by_time != by_time for file in files):
        return None
    if first.with_times and not by_time:
        return None
    shape, maps = first._require_shape(), []
    targets = None if first.targets is None else [_target(*each) for each in zip(files, indices, strict=True)]
    if is_mapped:
        for position, (file, index) in enumerate(zip(files, indices, strict=True)):
            target = None if targets is None else targets[position]
            map, target = drawn_map(transform, shape, target, file._generator(index))
            maps.append(map)
            if targets is not None:
                targets[position] = target
        shapes = {map.shape for map in maps}
        if len(shapes) > 1:
            return None
        shape = shapes.pop()
    spans = np.array([file._windows.bound(index) for file, index in zip(files, indices, strict=True)], np.int64)
    values = _accumulated(files, shape, spans, maps)
    if values is None:
        return None
    columns: list[Column] = [values if first.transform is None else [first.transform(value) for value in values]]
    if targets is not None:
        change = first.target_transform
        columns.append(targets if change is None else [change(target) for target in targets])
    if first.with_times:
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
