"""Tables of boxes beside recordings, as Prophesee publishes them: one item per distinct time of a label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from aestream.datasets.published import check_choice
from aestream.datasets.ragged import collate_detections
from aestream.datasets.recordings import RecordingDataset
from aestream.datasets.windows import windows_before
from aestream.hidden import is_hidden

_NEEDED = ("x", "y", "w", "h", "class_id")
_ENDINGS = ("_td.dat", "_td.h5", "_td.dat.h5")


class DetectionDataset(RecordingDataset):
    """Recordings ``<name>_td.dat`` (or RVT's copies ``_td.h5``, ``_td.dat.h5``) with boxes in ``<name>_bbox.npy``.

    An item is ``(x, boxes)`` of one distinct time t of a label; its window is ``[t - length_us, t)``, so that no event
    at or after the label enters. Boxes are kept as they are published: beyond the sensor, or before the first event.

    Args:
        folder: what holds the files, at any depth.
        shape, classes, options: as in ``RecordingDataset``.
        length_us: length of a window, µs.
        boxes: ``"tensor"``: float32 ``[n, 5]`` of class, x, y, w, h (top-left corner, pixels); ``"array"``: the rows of
            the publisher's structured array.

    Raises:
        ValueError: if there is no recording, one has no boxes or boxes no recording, or a table is none; names it.
    """

    collate = staticmethod(collate_detections)

    def __init__(
        self,
        folder: Path,
        shape: tuple[int, int],
        *,
        classes: tuple[str, ...],
        length_us: int,
        boxes: str,
        **options: Any,
    ) -> None:
        check_choice("boxes", boxes, ("tensor", "array"))
        if length_us < 1:
            raise ValueError(f"length_us must be 1 or more; got {length_us}")
        items = []
        for recording, table in paired_files(folder):
            times, targets = read_label_times(table, as_tensor=boxes == "tensor")
            items.append((str(recording), windows_before(times, length_us), targets))
        super().__init__(items, shape, classes=classes, root=folder, **options)


@dataclass(frozen=True)
class LabelledBoxes:
    """The boxes of each distinct time of a table: a sequence that reads them from the file when they are asked for.

    Attributes:
        path: of the table.
        edges: int64 ``[N + 1]``: time i has the rows from edge i to edge i + 1, of those in order of time.
        order: int64: which row is which in order of time; None where the table is in order.
        as_tensor: whether boxes are tensors ``[n, 5]`` or rows.
    """

    path: str
    edges: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64] | None
    as_tensor: bool

    def __len__(self) -> int:
        return len(self.edges) - 1

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} labelled times of {self.path!r}")
        index %= len(self)
        rows: Any = slice(int(self.edges[index]), int(self.edges[index + 1]))
        boxes = np.array(np.load(self.path, mmap_mode="r")[rows if self.order is None else self.order[rows]])
        return box_tensor(boxes) if self.as_tensor else boxes


def box_tensor(boxes: npt.NDArray[Any]) -> torch.Tensor:
    """float32 ``[n, 5]`` of class, x, y, w, h from rows with fields of these names (``class_id``)."""
    columns = [boxes[name].astype(np.float32) for name in ("class_id", "x", "y", "w", "h")]
    return torch.from_numpy(np.stack(columns, axis=1))


def read_label_times(path: Path, *, as_tensor: bool) -> tuple[npt.NDArray[np.int64], LabelledBoxes]:
    """The distinct times of a table in order, int64 ``[N]``, and the boxes of each.

    Raises:
        ValueError: if the file is no table of boxes.
    """
    stamps, _ = read_boxes(path)
    order = None if (np.diff(stamps) >= 0).all() else np.argsort(stamps, kind="stable")
    ordered = stamps if order is None else stamps[order]
    times, first = np.unique(ordered, return_index=True)
    return times, LabelledBoxes(str(path), np.append(first, len(ordered)).astype(np.int64), order, as_tensor)


def read_boxes(path: Path) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """The time of every box of a table, int64 ``[n]``, and its rows, mapped; both in the table's order.

    Older tables call the time ``ts`` and have other widths: fields are found by name.

    Raises:
        ValueError: if the file is no table of boxes.
    """
    try:
        table = np.load(path, mmap_mode="r")
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(f"expected a table of boxes in {str(path)!r}, found: {error}") from None
    names = table.dtype.names or ()
    time = "t" if "t" in names else "ts"
    if table.ndim != 1 or not {time, *_NEEDED} <= set(names):
        found = ", ".join(names) or f"{table.dtype} {list(table.shape)}"
        raise ValueError(f"expected fields t, {', '.join(_NEEDED)} in {str(path)!r}, found {found}")
    return np.array(table[time]).astype(np.int64), table


def table_of(recording: Path) -> Path | None:
    """The table of boxes beside a recording; None if there is none."""
    for ending in _ENDINGS:
        table = recording.with_name(recording.name.removesuffix(ending) + "_bbox.npy")
        if recording.name.endswith(ending) and table.is_file():
            return table
    return None


def _below(folder: Path, pattern: str) -> Iterator[Path]:
    return (path for path in folder.rglob(pattern) if not is_hidden(path.name))


def paired_files(folder: Path) -> list[tuple[Path, Path]]:
    """Every recording below a folder with its table, sorted.

    Raises:
        ValueError: if there is no recording, or either of a pair is missing.
    """
    recordings: dict[Path, Path] = {}
    for ending in _ENDINGS:
        for path in _below(folder, f"*{ending}"):
            recordings.setdefault(path.with_name(path.name.removesuffix(ending) + "_bbox.npy"), path)
    tables = set(_below(folder, "*_bbox.npy"))
    alone = sorted(recordings[table] for table in set(recordings) - tables) + sorted(tables - set(recordings))
    if alone:
        raise ValueError(f"expected pairs of <name>_td.dat and <name>_bbox.npy, found {str(alone[0])!r} alone")
    if not recordings:
        raise ValueError(f"expected recordings <name>_td.dat in {str(folder)!r}, found none")
    return sorted((recording, table) for table, recording in recordings.items())
