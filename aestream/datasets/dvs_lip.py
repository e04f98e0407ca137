"""DVS-Lip: a hundred words read from lips. sites.google.com/view/event-based-lipreading"""

from __future__ import annotations

import os
from typing import Any

from aestream.datasets.folder import folder_names
from aestream.datasets.published import Archive, Source, check_choice, class_items
from aestream.datasets.recordings import RecordingDataset

SOURCE = Source(
    title="DVS-Lip",
    page="https://sites.google.com/view/event-based-lipreading",
    licence="for research, from memory; look at the page",
    citation="Tan, Wang, Han, Cao, Wu, Zha: Multi-Grained Spatio-Temporal Features Perceived Network for Event-Based "
    "Lip-Reading. CVPR 2022",
    archives={"": (Archive("DVS-Lip.zip", "2dcb959255122d4cdeb6094ca282494b"),)},
)


class DVSLip(RecordingDataset):
    """Some 14 896 recordings of 30 speakers to train and 4975 of 10 others to test, 128x128; items ``(x, label)``.

    Labels count the words in alphabetical order: those of both splits, where both are there.

    Args:
        root: the folder ``DVS-Lip`` with ``train`` and ``test``, or the one that holds it.
        split: one of these.
        download: not possible; the error says where to get the file.
        shape, window_us, options: as in ``RecordingDataset``; ``window_us=None``: an item is a word.

    Raises:
        ValueError: if the folder is not there, or a word's is empty.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        *,
        download: bool = False,
        shape: tuple[int, int] = (128, 128),
        window_us: int | None = None,
        **options: Any,
    ) -> None:
        check_choice("split", split, ("train", "test"))
        folder = SOURCE.find(root, [split], download=download)
        there = [folder / each for each in ("train", "test") if (folder / each).is_dir()]
        classes = sorted({name for each in there for name in folder_names(each)})
        items = class_items(folder / split, classes, "*.npy")
        super().__init__(items, shape, classes=classes, root=folder, window_us=window_us, **options)
