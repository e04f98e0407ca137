"""ASL-DVS: 24 letters of the American sign language before a DAVIS240C. github.com/PIX2NVS/NVS2Graph"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aestream.datasets.published import Archive, Source, check_choice, class_items
from aestream.datasets.recordings import RecordingDataset

CLASSES = tuple("abcdefghiklmnopqrstuvwxy")
SOURCE = Source(
    title="ASL-DVS",
    page="https://github.com/PIX2NVS/NVS2Graph",
    licence="none was found",
    citation="Bi, Chadha, Abbas, Bourtsoulatze, Andreopoulos: Graph-Based Object Classification for Neuromorphic "
    "Vision Sensing. ICCV 2019",
    archives={"": (Archive("the zip archive of archives Yin_*.zip"),)},
)


class ASLDVS(RecordingDataset):
    """4200 recordings of each of 24 letters, 240x180, some 100 ms each; an item is ``(x, label)``.

    Labels count the 24 letters from 0, without j and z, which have to move; tonic counts all 26. The files' y counts
    upwards. Whether x is mirrored as well is unresolved: two loaders in use differ. No split is published:
    ``split_by_recording(dataset, (0.8, 0.2))`` makes one. Needs the extra ``matlab``.

    Args:
        root: the folder of the letters' folders, or the one that holds it.
        mirror: the axes to mirror against the stored order: ``"y"``, or ``"xy"``, or ``""``.
        download: not possible; the error says where to get the files.
        shape, window_us, options: as in ``RecordingDataset``; ``window_us=None``: an item is a recording.

    Raises:
        ValueError: if the folder is not there, or holds other classes.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        mirror: str = "y",
        download: bool = False,
        shape: tuple[int, int] = (240, 180),
        window_us: int | None = None,
        **options: Any,
    ) -> None:
        check_choice("mirror", mirror, ("", "x", "y", "xy"))
        here = next((name for name in CLASSES if any(Path(root).glob(name)) or any(Path(root).glob(f"*/{name}"))), "a")
        folder = SOURCE.find(root, [here], download=download)
        items = class_items(folder, CLASSES, "*.mat")
        super().__init__(items, shape, classes=CLASSES, root=folder, window_us=window_us, mirror=mirror, **options)
