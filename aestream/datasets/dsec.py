"""DSEC: driving with a stereo pair of cameras, with optical flow and disparity. dsec.ifi.uzh.ch"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from aestream.datasets.dense_truth import read_disparity, read_flow, read_times
from aestream.datasets.published import Archive, Source, check_choice
from aestream.datasets.recordings import RecordingDataset
from aestream.datasets.spans import spans_before

SOURCE = Source(
    title="DSEC",
    page="https://dsec.ifi.uzh.ch/dsec-datasets/download/",
    licence="CC BY-SA 4.0, from memory; look at the page",
    citation="Gehrig, Aarents, Gehrig, Scaramuzza: DSEC: A Stereo Event Camera Dataset for Driving Scenarios. IEEE "
    "Robotics and Automation Letters, 2021",
    archives={split: (Archive(f"{split}_events.zip"),) for split in ("train", "test")},
)


class DSEC(RecordingDataset):
    """41 sequences to train and 12 to test, 640x480; an item is ``x``, ``(x, flow)`` or ``(x, disparity)``.

    * ``"flow"``: float32 ``[3, 480, 640]``: x and y in pixels, and 1 where they are valid; window ``[from, to)`` of
      the row in ``flow/forward_timestamps.txt``. Only the sequences that have it (18 of the training set).
    * ``"disparity"``: float32 ``[1, 480, 640]`` in pixels, 0 where it is not known; window ``[t - length_us, t)`` of
      the row in ``disparity/timestamps.txt``, maps from ``disparity/event``.

    Ground truth is in the rectified view of the left event camera; events are as recorded (``Undistort`` with the
    ``rectify_map`` beside them brings them there). For the test set it is not published. Layout of ground truth, its
    16-bit PNGs and disparity: dsec.ifi.uzh.ch/data-format and github.com/uzh-rpg/DSEC; the columns of the flow's
    times and the folders of the unpacked archives: as public programs read them. Needs the extra ``hdf5``.

    Args:
        root: the folder with ``train`` and ``test``, or with the unpacked ``train_events``, ``train_optical_flow``,
            ``train_disparity``, ``test_events``; or the one that holds it.
        split: ``"train"`` or ``"test"``.
        target: ``"events"`` (none), ``"flow"`` or ``"disparity"``.
        side: the event camera, ``"left"`` or ``"right"``; ground truth is for the left one.
        length_us: length of a window that ends at a disparity map, µs.
        download: not possible; the error says where to get the files.
        options: as in ``RecordingDataset``.

    Raises:
        ValueError: if there is no such ground truth, or not as many maps as times; names the folder.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        *,
        target: str = "events",
        side: str = "left",
        length_us: int = 100_000,
        download: bool = False,
        shape: tuple[int, int] = (640, 480),
        **options: Any,
    ) -> None:
        check_choice("split", split, ("train", "test"))
        check_choice("target", target, ("events", "flow", "disparity"))
        check_choice("side", side, ("left", "right"))
        if target != "events" and (split, side) != ("train", "left"):
            raise ValueError(f"target={target!r} is published for split='train', side='left'; got {split!r}, {side!r}")
        mark = next((each for each in (split, f"{split}_events") if any(Path(root).glob(f"**/{each}"))), split)
        folder = SOURCE.find(root, [mark], split=split, download=download)
        items = []
        for events in sorted((folder / mark).glob(f"*/events/{side}/events.h5")):
            truth = _truth(folder, mark, events.parents[2].name, target, length_us)
            if truth is not None:
                items.append((str(events), *truth))
        if not items:
            raise ValueError(f"expected sequences with {target} of the {side} camera in {str(folder)!r}, found none")
        super().__init__(items, shape, root=folder, **options)


@dataclass(frozen=True)
class _Maps:
    """Ground truth in files: a sequence that reads a map when it is asked for."""

    paths: tuple[str, ...]
    read: Callable[[str], torch.Tensor]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.read(self.paths[index])


def _truth(folder: Path, mark: str, sequence: str, target: str, length_us: int) -> tuple[Any, Any] | None:
    """Windows and maps of a sequence; None if it has no such ground truth."""
    if target == "events":
        return None, None
    unpacked = {"flow": "train_optical_flow", "disparity": "train_disparity"}[target]
    base = folder / (mark if mark == "train" else unpacked) / sequence / target
    times, maps, read = (
        (base / "forward_timestamps.txt", base / "forward", read_flow)
        if target == "flow"
        else (base / "timestamps.txt", base / "event", read_disparity)
    )
    if not base.is_dir():
        return None
    rows = read_times(times, columns=2 if target == "flow" else 1)
    paths = tuple(str(path) for path in sorted(maps.glob("*.png")))
    if len(paths) != len(rows):
        raise ValueError(f"expected {len(rows)} maps in {str(maps)!r}, as {times.name} has rows, found {len(paths)}")
    return rows if target == "flow" else spans_before(rows[:, 0], length_us), _Maps(paths, read)
