"""MVSEC: stereo recordings of flying, driving and riding. daniilidis-group.github.io/mvsec"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from aestream.datasets.published import Archive, Source, check_choice
from aestream.datasets.recordings import Part, RecordingDataset

RECORDINGS = (
    *(f"indoor_flying{number}" for number in range(1, 5)),
    *(f"outdoor_day{number}" for number in range(1, 3)),
    *(f"outdoor_night{number}" for number in range(1, 4)),
    "motorcycle1",
)
SOURCE = Source(
    title="MVSEC",
    page="https://daniilidis-group.github.io/mvsec/download/",
    licence="not stated in what was read; look at the page",
    citation="Zhu, Thakur, Özaslan, Pfrommer, Kumar, Daniilidis: The Multivehicle Stereo Event Camera Dataset. IEEE "
    "Robotics and Automation Letters 3, 2018",
    archives={"": (Archive("<name>_data.hdf5 or <name>_data.bag"),)},
)


class MVSEC(RecordingDataset):
    """Recordings of two DAVIS346, 346x260; an item is ``x``, the window of one recording.

    Events lie at ``davis/left/events`` and ``davis/right/events`` of ``<name>_data.hdf5``, their times epoch seconds,
    which become whole µs; or in topics of these names of ``<name>_data.bag``. No split is published; papers train on
    outdoor_day2 and test on indoor_flying1–3 and outdoor_day1. Depth and poses of the ``_gt`` files are not read.
    Needs the extra ``hdf5``; bags need none of ours but ``ros`` where they are packed.

    Args:
        root: the folder of the files, or the one that holds it.
        recordings: names such as ``"outdoor_day2"``; None: all that are there.
        side: the camera, ``"left"`` or ``"right"``.
        download: not possible; the error says where to get the files.
        shape, options: as in ``RecordingDataset``.

    Raises:
        ValueError: if a recording is not one of MVSEC's, or not there; names it.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        recordings: Sequence[str] | None = None,
        *,
        side: str = "left",
        download: bool = False,
        shape: tuple[int, int] = (346, 260),
        **options: Any,
    ) -> None:
        check_choice("side", side, ("left", "right"))
        for name in recordings or ():
            check_choice("recordings", name, RECORDINGS)
        items = []
        for name in recordings or RECORDINGS:
            place = _find(root, name, side)
            if place is not None:
                items.append((place, None, None))
            elif recordings is not None:
                SOURCE.find(root, [f"{name}_data.hdf5"], download=download)
        if not items:
            SOURCE.find(root, [f"{RECORDINGS[0]}_data.hdf5"], download=download)
        super().__init__(items, shape, root=os.path.dirname(items[0][0].path), **options)


def _find(root: str | os.PathLike[str], name: str, side: str) -> Part | None:
    for ending, stream in ((".hdf5", f"davis/{side}/events"), (".bag", f"/davis/{side}/events")):
        try:
            mark = f"{name}_data{ending}"
            return Part(str(SOURCE.find(root, [mark]) / mark), stream)
        except ValueError:
            continue
    return None
