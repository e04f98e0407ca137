"""Run by the readers' own Python: tonic's transforms on the events of EVENTS.npy, each result into FOLDER/NAME.npy."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from tonic import transforms

SENSOR = (346, 260, 2)
WAYS = {
    "flip_x": transforms.RandomFlipLR(SENSOR, p=1.0),
    "flip_y": transforms.RandomFlipUD(SENSOR, p=1.0),
    "flip_polarity": transforms.RandomFlipPolarity(p=1.0),
    "center_crop": transforms.CenterCrop(SENSOR, (128, 96)),
    "refractory": transforms.RefractoryPeriod(500),
    "merge_polarity": transforms.MergePolarities(),
}

if __name__ == "__main__":
    path, folder = sys.argv[1:]
    for name, transform in WAYS.items():
        result = transform(np.load(path))
        columns = [result[field].astype(np.int64) for field in "txyp"]
        np.save(Path(folder) / f"{name}.npy", np.stack(columns, 1))
