"""Spiking Heidelberg Digits: spoken digits as spikes of 700 channels. zenkelab.org"""

from __future__ import annotations

import os
from typing import Any

from aestream.datasets.published import Source, check_choice
from aestream.datasets.spikes import CITATION, LICENCE, PAGE, SpikeDataset, archive

SOURCE = Source(
    title="SHD",
    page=PAGE,
    licence=LICENCE,
    citation=CITATION,
    archives={"train": (archive("shd_train.h5"),), "test": (archive("shd_test.h5"),)},
)


class SHD(SpikeDataset):
    """8156 spoken digits, German and English, to train and 2264 to test; an item is ``(x, label)``, shape (700, 1).

    Classes are named as the file names them. Two of the twelve speakers are only in the test set. Spikes: x is the
    channel, y is 0, p is ON; times resolve half a millisecond at 1 s. Needs the extra ``hdf5``.

    Args:
        root: the folder with ``shd_train.h5`` and ``shd_test.h5``, or the one that holds it.
        split: ``"train"`` or ``"test"``.
        download: fetch what is not there.
        window_us, options: as in ``RecordingDataset``; ``window_us=None``: an item is a digit.

    Raises:
        ValueError: if the file is not there, or its labels do not match.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        *,
        download: bool = False,
        window_us: int | None = None,
        **options: Any,
    ) -> None:
        check_choice("split", split, ("train", "test"))
        name = f"shd_{split}.h5"
        folder = SOURCE.find(root, [name], split=split, download=download)
        super().__init__(folder / name, window_us=window_us, **options)
