"""tonic's transforms take our arrays and ours take tonic's; each result is the same."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from reference.events import EVENT_DTYPE

from aestream import transforms

SHAPE = (346, 260)
TONIC_DTYPE = np.dtype([("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "<i2")])
OURS = {
    "flip_x": transforms.FlipX(1.0),
    "flip_y": transforms.FlipY(1.0),
    "flip_polarity": transforms.FlipPolarity(1.0),
    "center_crop": transforms.CenterCrop((128, 96)),
    "refractory": transforms.Refractory(500),
    "merge_polarity": transforms.MergePolarity(),
}


def recording(dtype: np.dtype) -> np.ndarray:
    random = np.random.default_rng(4)
    events = np.zeros(20_000, dtype)
    events["t"] = 1000 + np.sort(random.choice(1_000_000, len(events), replace=False))
    events["x"], events["y"] = random.integers(0, 346, len(events)), random.integers(0, 260, len(events))
    events["p"] = random.integers(0, 2, len(events))
    return events


def rows(events: np.ndarray) -> np.ndarray:
    return np.stack([events[field].astype(np.int64) for field in "txyp"], 1)


@pytest.fixture(scope="module", params=[EVENT_DTYPE, TONIC_DTYPE], ids=["our arrays", "tonic's"])
def results(request, tmp_path_factory):
    """The events, and what tonic makes of them."""
    folder, events = tmp_path_factory.mktemp("tonic"), recording(request.param)
    np.save(folder / "events.npy", events)
    child = Path(__file__).with_name("tonic_child.py")
    command = [os.environ["AESTREAM_READERS"], child, folder / "events.npy", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return events, {path.stem: np.load(path) for path in folder.glob("*.npy") if path.stem != "events"}


@pytest.mark.parametrize("name", OURS)
def test_transforms_agree(results, name):
    events, theirs = results
    ours = OURS[name](events, shape=SHAPE)
    assert ours.dtype == events.dtype
    assert rows(ours).tolist() == theirs[name].tolist()
