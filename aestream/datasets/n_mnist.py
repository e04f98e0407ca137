"""N-MNIST: the digits of MNIST before a sensor that moves in three saccades. garrickorchard.com/datasets/n-mnist"""

from __future__ import annotations

import os
from typing import Any

from aestream.datasets.published import Archive, Source, check_choice, class_items
from aestream.datasets.recordings import RecordingDataset

_FILES = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"
SOURCE = Source(
    title="N-MNIST",
    page="https://data.mendeley.com/datasets/468j46mzdv",
    licence="CC BY 4.0, as N-Caltech101 of the same authors; its own page was not read",
    citation="Orchard, Jayawant, Cohen, Thakor: Converting Static Image Datasets to Spiking Neuromorphic Datasets "
    "Using Saccades. Frontiers in Neuroscience 9, 2015",
    archives={  # addresses: as several public loaders have them
        "train": (
            Archive(
                "train.zip",
                "20959b8e626244a1b502305a9e6e2031",
                f"{_FILES}39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded",
            ),
        ),
        "test": (
            Archive(
                "test.zip",
                "69ca8762b2fe404d9b9bad1103e97832",
                f"{_FILES}05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded",
            ),
        ),
    },
)
CLASSES = tuple("0123456789")
_FOLDERS = {"train": "Train", "test": "Test"}


class NMNIST(RecordingDataset):
    """60 000 digits to train and 10 000 to test, 34x34, some 315 ms each; an item is ``(x, digit)``.

    The saccades lie at 0–105, 105–210 and 210–315 ms: ``stop_us=105_000`` leaves the first.

    Args:
        root: the folder with ``Train`` and ``Test``, or the one that holds it.
        split: ``"train"`` or ``"test"``; a validation set is ``split_by_recording``'s to make.
        download: fetch what is not there.
        shape, window_us, options: as in ``RecordingDataset``; ``window_us=None``: an item is a digit.

    Raises:
        ValueError: if the folder is not there, or no N-MNIST.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        *,
        download: bool = False,
        shape: tuple[int, int] = (34, 34),
        window_us: int | None = None,
        **options: Any,
    ) -> None:
        check_choice("split", split, list(_FOLDERS))
        folder = SOURCE.find(root, [_FOLDERS[split]], split=split, download=download)
        items = class_items(folder / _FOLDERS[split], CLASSES, "*.bin")
        super().__init__(items, shape, classes=CLASSES, root=folder, window_us=window_us, **options)
