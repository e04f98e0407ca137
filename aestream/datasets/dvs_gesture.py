"""DVS128 Gesture: eleven gestures by 29 people, cut by tables of times. research.ibm.com/dvsgesture"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aestream.datasets.published import Archive, Source, check_choice
from aestream.datasets.recordings import RecordingDataset

SOURCE = Source(
    title="DVS128 Gesture",
    page="https://research.ibm.com/interactive/dvsgesture/",
    licence="CC BY 4.0",
    citation="Amir et al.: A Low Power, Fully Event-Based Gesture Recognition System. CVPR 2017",
    archives={"": (Archive("DvsGesture.tar.gz"),)},
)
CLASSES = (
    "hand clapping",
    "right hand wave",
    "left hand wave",
    "right arm clockwise",
    "right arm counter-clockwise",
    "left arm clockwise",
    "left arm counter-clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other",
)
_HEADER = "class,startTime_usec,endTime_usec"
# The table of user22_led lets air drums end after air guitar begins; a mirror of the data corrects it so.
_CORRECTIONS = {("user22_led", 9, 110590564): 104000000}


class DVSGesture(RecordingDataset):
    """1176 gestures to train and 288 to test, 128x128, some 6 s each; an item is ``(x, label)``.

    An item has the events from its start until before its end, in the recording's clock. Labels count from 0; the
    tables count from 1. One known error of the tables is corrected. Users 1–23 train, 24–29 test.

    Args:
        root: the folder ``DvsGesture`` with ``trials_to_train.txt``, or the one that holds it.
        split: ``"train"`` or ``"test"``.
        download: not possible; the error says where to get the files.
        shape, options: as in ``RecordingDataset``.

    Raises:
        ValueError: if a file is missing, or a table is none; names it, and the line.
    """

    source = SOURCE

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str = "train",
        *,
        download: bool = False,
        shape: tuple[int, int] = (128, 128),
        **options: Any,
    ) -> None:
        check_choice("split", split, ("train", "test"))
        trials = f"trials_to_{split}.txt"
        folder = SOURCE.find(root, [trials], download=download)
        names = (folder / trials).read_text().split()
        items = [_recording(folder / name) for name in sorted(names)]
        super().__init__(items, shape, classes=CLASSES, root=folder, **options)


def _recording(path: Path) -> tuple[str, list[tuple[int, int]], list[int]]:
    table = path.with_name(f"{path.stem}_labels.csv")
    for each in (path, table):
        if not each.is_file():
            raise ValueError(f"expected {str(each)!r}, which the list of trials asks for, found no file")
    header, *lines = table.read_text().splitlines() or [""]
    if header.strip() != _HEADER:
        raise ValueError(f"{str(table)!r}: expected the header {_HEADER}, found {header[:60]!r}")
    windows, labels = [], []
    for number, line in enumerate(lines, 2):
        if not line.strip():
            continue
        try:
            gesture, start, stop = (int(word) for word in line.split(","))
        except ValueError:
            raise ValueError(f"{str(table)!r}, line {number}: expected {_HEADER}, found {line[:60]!r}") from None
        stop = _CORRECTIONS.get((path.stem, gesture, stop), stop)
        if not 1 <= gesture <= len(CLASSES) or stop < start:
            raise ValueError(f"{str(table)!r}, line {number}: expected a class from 1 to 11 and a span, found {line!r}")
        windows.append((start, stop))
        labels.append(gesture - 1)
    return str(path), windows, labels
