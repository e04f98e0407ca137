"""Prophesee's Gen1 automotive detection set: 39 hours of driving, cars and pedestrians. prophesee.ai"""

from __future__ import annotations

import os
from typing import Any

from aestream.datasets.boxes import DetectionDataset
from aestream.datasets.published import Archive, Source, check_choice

SOURCE = Source(
    title="the Gen1 automotive detection set",
    page="https://www.prophesee.ai/2020/01/24/prophesee-gen1-automotive-detection-dataset/",
    licence="Prophesee's terms, to be accepted on the page",
    citation="de Tournemire, Nitti, Perot, Migliore, Sironi: A Large Scale Event-based Detection Dataset for "
    "Automotive. arXiv:2001.08499, 2020",
    archives={"": (Archive("the ten archives"),)},
)
CLASSES = ("car", "pedestrian")


class Gen1Detection(DetectionDataset):
    """Recordings of 60 s, 304x240, with boxes at 1, 2 or 4 Hz; an item is ``(x, boxes)`` of one time of labels.

    Times in the files step back now and then: they are kept as they are. Papers drop boxes in evaluation (before 0.5 s;
    a diagonal below 30 or a side below 10 pixels): nothing is dropped here.

    Args:
        root: the folder with ``train``, ``val`` and ``test``, or the one that holds it.
        split: one of these.
        length_us: length of a window, which ends at the labels, µs.
        boxes: ``"tensor"``, float32 ``[n, 5]`` of class, x, y, w, h; or ``"array"``, the publisher's rows.
        download: not possible; the error says where to get the files.
        shape, options: as in ``RecordingDataset``.

    Raises:
        ValueError: if a file is missing, or no table of boxes; names it.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        *,
        length_us: int = 50_000,
        boxes: str = "tensor",
        download: bool = False,
        shape: tuple[int, int] = (304, 240),
        **options: Any,
    ) -> None:
        check_choice("split", split, ("train", "val", "test"))
        folder = SOURCE.find(root, [split], download=download) / split
        super().__init__(folder, shape, classes=CLASSES, length_us=length_us, boxes=boxes, **options)
