"""Spiking Speech Commands: spoken commands as spikes of 700 channels. zenkelab.org"""

from __future__ import annotations

import os
from typing import Any

from aestream.datasets.published import Source, check_choice
from aestream.datasets.spikes import CITATION, LICENCE, PAGE, SpikeDataset, archive

_FILES = {"train": "ssc_train.h5", "val": "ssc_valid.h5", "test": "ssc_test.h5"}
SOURCE = Source(
    title="SSC",
    page=PAGE,
    licence=LICENCE,
    citation=CITATION,
    archives={split: (archive(name),) for split, name in _FILES.items()},
)


class SSC(SpikeDataset):
    """75 466 spoken commands of 35 classes to train, 9981 to validate, 20 382 to test; items ``(x, label)``.

    Classes are named as the file names them. Spikes: x is the channel from 0 to 699, y is 0, p is ON; times resolve
    half a millisecond at 1 s. Needs the extra ``hdf5``.

    Args:
        root: the folder with ``ssc_train.h5``, ``ssc_valid.h5`` and ``ssc_test.h5``, or the one that holds it.
        split: ``"train"``, ``"val"`` or ``"test"``.
        download: fetch what is not there.
        window_us, options: as in ``RecordingDataset``; ``window_us=None``: an item is a command.

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
        check_choice("split", split, list(_FILES))
        folder = SOURCE.find(root, [_FILES[split]], split=split, download=download)
        super().__init__(folder / _FILES[split], window_us=window_us, **options)
