"""N-CARS: cars and backgrounds, cut from driving recordings. prophesee.ai"""

from __future__ import annotations

import os
from typing import Any

from aestream.datasets.published import Archive, Source, check_choice, class_items
from aestream.datasets.recordings import RecordingDataset

SOURCE = Source(
    title="N-CARS",
    page="https://www.prophesee.ai/dataset-n-cars/",
    licence="Prophesee's terms, to be accepted on the page",
    citation="Sironi, Brambilla, Bourdis, Lagorce, Benosman: HATS: Histograms of Averaged Time Surfaces for Robust "
    "Event-based Object Classification. CVPR 2018",
    archives={"": (Archive("Prophesee_Dataset_n_cars.zip"),)},
)
CLASSES = ("background", "cars")


class NCars(RecordingDataset):
    """Some 15 422 recordings to train and 8607 to test, 100 ms each; an item is ``(x, label)``.

    Label 0 is background, 1 is cars. Files have sizes of their own, which they do not say: items are padded to
    ``shape``, to the right and below.

    Args:
        root: the folder with ``n-cars_train`` and ``n-cars_test``, or the one that holds it.
        split: ``"train"`` or ``"test"``.
        download: not possible; the error says where to get the files.
        shape, window_us, options: as in ``RecordingDataset``; ``window_us=None``: an item is a recording.

    Raises:
        ValueError: if the folder is not there, or holds other classes.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        *,
        download: bool = False,
        shape: tuple[int, int] = (120, 100),
        window_us: int | None = None,
        **options: Any,
    ) -> None:
        check_choice("split", split, ("train", "test"))
        folder = SOURCE.find(root, [f"n-cars_{split}"], download=download)
        items = class_items(folder / f"n-cars_{split}", CLASSES, "*.dat")
        super().__init__(items, shape, classes=CLASSES, root=folder, window_us=window_us, **options)
