"""Prophesee's 1 megapixel automotive detection set: 14 hours of driving, seven classes. prophesee.ai"""

from __future__ import annotations

import os
from typing import Any

from aestream.datasets.boxes import DetectionDataset
from aestream.datasets.published import Archive, Source, check_choice

SOURCE = Source(
    title="the 1 megapixel automotive detection set",
    page="https://www.prophesee.ai/2020/11/24/automotive-megapixel-event-based-dataset/",
    licence="Prophesee's terms, to be accepted on the page",
    citation="Perot, de Tournemire, Nitti, Masci, Sironi: Learning to Detect Objects with a 1 Megapixel Event Camera. "
    "NeurIPS 2020",
    archives={"": (Archive("the archives"),)},
)
CLASSES = ("pedestrian", "two-wheeler", "car", "truck", "bus", "traffic sign", "traffic light")


class OneMegapixelDetection(DetectionDataset):
    """Recordings of 60 s, 1280x720, with boxes at 30 or 60 Hz; an item is ``(x, boxes)`` of one time of labels.

    Papers evaluate the first three classes, without boxes before 0.5 s, with a diagonal below 60 or a side below 20
    pixels: nothing is dropped here. All cuts of one drive are in the same split.

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
        shape: tuple[int, int] = (1280, 720),
        **options: Any,
    ) -> None:
        check_choice("split", split, ("train", "val", "test"))
        folder = SOURCE.find(root, [split], download=download) / split
        super().__init__(folder, shape, classes=CLASSES, length_us=length_us, boxes=boxes, **options)
