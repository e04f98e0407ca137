"""CIFAR10-DVS: the pictures of CIFAR-10 moved before a DVS128. doi.org/10.3389/fnins.2017.00309, figshare.com"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aestream.datasets.published import Archive, Source, class_items
from aestream.datasets.recordings import RecordingDataset

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SOURCE = Source(
    title="CIFAR10-DVS",
    page="https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671",
    licence="CC BY 4.0, from memory; look at the page",
    citation="Li, Liu, Ji, Li, Shi: CIFAR10-DVS: An Event-Stream Dataset for Object Classification. Frontiers in "
    "Neuroscience 11, 2017",
    archives={"": tuple(Archive(f"{name}.zip") for name in CLASSES)},
)


class CIFAR10DVS(RecordingDataset):
    """1000 recordings of each of ten classes, 128x128, some 1.3 s each; an item is ``(x, label)``.

    Both the original AEDAT 2.0 files and tonic's repackaged AEDAT4 files are read. Those of AEDAT 2.0 are turned as
    jAER turns a DVS128's; another loader in use transposes them as well, and no source says why: look at pictures
    before you compare with numbers of others, and pass ``mirror`` for another orientation. No split is published:
    ``split_by_recording(dataset, (0.9, 0.1))`` makes one.

    Args:
        root: the folder of the ten classes' folders, or the one that holds it.
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
        download: bool = False,
        shape: tuple[int, int] = (128, 128),
        window_us: int | None = None,
        **options: Any,
    ) -> None:
        here = next((name for name in CLASSES if any(Path(root).glob(name)) or any(Path(root).glob(f"*/{name}"))), "")
        folder = SOURCE.find(root, [here or CLASSES[0]], download=download)
        items = class_items(folder, CLASSES, "*.aedat*")
        if items[0][0].endswith(".aedat"):
            options = {"chip": "dvs128", **options}
        super().__init__(items, shape, classes=CLASSES, root=folder, window_us=window_us, **options)
