"""Files that we write, read by programs that are not ours: every one that FORMATS.md trusts with the format."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from reference.events import EVENT_DTYPE, to_events
from support.checks import assert_same_events

from aestream import save

SHAPE = (346, 260)
CHILD = Path(__file__).with_name("child.py")


def edges() -> np.ndarray:
    """Runs of neighbours and of every second pixel, up to the right edge: what vectors are for."""
    random = np.random.default_rng(1)
    events = []
    for t in 1000 + np.sort(random.integers(0, 1_000_000, 3000)):
        length, x, y, stride, p = random.integers((1, 0, 0, 1, 0), (41, 346, 260, 4, 2))
        events += [(t, x + stride * i, y, p) for i in range(length) if x + stride * i < 346]
    return to_events(events)


def scattered(times: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(2)
    events = np.zeros(len(times), EVENT_DTYPE)
    events["t"] = times
    for name, size in (("x", 346), ("y", 260), ("p", 2)):
        events[name] = random.integers(0, size, len(times))
    return events


def steps(*choices: int, start: int = 0, count: int = 300) -> np.ndarray:
    return start + np.cumsum(np.random.default_rng(3).choice(choices, count))


EVENTS = {
    "edges": edges(),
    "pauses": scattered(steps(1, 3000, 200_000, 17_000_000)),  # EVT3's clock wraps many times
    "after_32_bits": scattered(steps(0, 1, 700, start=2**32 - 30_000)),
    "after_34_bits": scattered(steps(0, 1, 700, start=2**34 - 30_000)),
    "epoch": scattered(steps(0, 1, 700, start=1_600_000_000_000_000)),
}
SHORT = ("edges", "pauses", "after_32_bits")
LONG = tuple(EVENTS)
AEDAT4_READERS = ("aedat", "dv", "faery", "evutils", "eventcv")
READERS = [  # format, compression, reader, what it reads right
    ("evt2", None, "faery", LONG),
    ("evt2", None, "evutils", LONG),
    ("evt2", None, "eventcv", LONG),
    ("evt2", None, "evlib", SHORT),
    ("evt2", None, "expelliarmus", SHORT),
    ("evt21", None, "evlib", LONG),
    ("evt3", None, "evt3", LONG[:-1]),
    ("evt3", None, "faery", LONG[:-1]),
    ("evt3", None, "evlib", LONG[:-1]),
    ("evt3", None, "evutils", LONG[:-1]),
    ("evt3", None, "eventcv", LONG[:-1]),
    ("dat", None, "expelliarmus", SHORT),
    ("dat", None, "faery", SHORT),
    ("dat", None, "evutils", SHORT),
    ("dat", None, "eventcv", SHORT[:-1]),
    ("es", None, "event_stream", SHORT[:-1]),
    ("es", None, "faery", SHORT[:-1]),
    ("csv", None, "numpy", LONG),
    ("csv", None, "evutils", LONG),
    ("csv", None, "faery", LONG),
    ("txt", None, "numpy", SHORT),
    ("txt", None, "eventcv", LONG),
    *(("aedat4", how, who, LONG) for how in ("none", "lz4", "zstd") for who in AEDAT4_READERS),
    ("aedat4", "none", "evlib", LONG),
    ("aedat4", "lz4", "evlib", LONG),
    ("dsec", None, "h5py", LONG),
    ("dsec", None, "evutils", LONG),
    ("npz", "none", "numpy", LONG),
    ("npz", "deflate", "numpy", LONG),
    ("npz", "none", "evutils", LONG),
    # nobody on PyPI reads ECF without Prophesee's plugin: tests/shared compares our blocks with OpenEB's own
]  # fmt: skip
ENDINGS = {"evt2": "raw", "evt21": "raw", "evt3": "raw", "dsec": "h5"}


@pytest.mark.parametrize(("format", "compression", "reader", "kinds"), READERS)
def test_another_reader_gives_the_same_events(tmp_path, format, compression, reader, kinds):
    folder = tmp_path / format
    folder.mkdir()
    paths = {kind: folder / f"{kind}.{ENDINGS.get(format, format)}" for kind in kinds}
    for kind, path in paths.items():
        save(path, EVENTS[kind], SHAPE, format=format, compression=compression)
    command = [os.environ["AESTREAM_READERS"], CHILD, reader, *paths.values()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for kind, path in paths.items():
        with np.load(f"{path}.columns.npz") as columns:
            assert_same_events(to_events(list(zip(*(columns[name] for name in "txyp"), strict=True))), EVENTS[kind])
