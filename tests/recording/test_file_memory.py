"""What large files cost in memory: little to open and to read parts of, and their events to load."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from support.checks import run_python

from aestream import save

pytestmark = [
    pytest.mark.skipif("AESTREAM_SANITIZED" in os.environ, reason="a sanitizer keeps what is freed"),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

EVENTS = 16_000_000
STEP_US = 3
NUMBERS = np.arange(EVENTS)
COLUMNS = {"t": NUMBERS * STEP_US, "x": (NUMBERS % 640).astype("i2"), "y": (NUMBERS // 640 % 480).astype("i2")}

#: What our writers make, with their arguments.
WRITTEN = {
    "text": {"format": "csv"},
    "text in a gzip": {"format": "csv"},
    "packets": {"format": "aedat4", "compression": "none"},
}

#: Peaks in MiB above what Python and torch take: of opening and reading parts, then of loading all, with its result.
MEASURED = """
    import re, sys
    from aestream import FileInput

    def peak():
        return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

    FileInput(sys.argv[2]).load()  # everything is imported now
    before = peak()
    file = FileInput(sys.argv[1], (640, 480), window_us=100_000, time_unit=sys.argv[3] or None, cache_index=False)
    middle = 24_000_000
    part = file.slice(middle, middle + 100_000)
    counts = sum(int(file[i].sum()) for i in range(0, len(file), 20))
    print(len(part), part["x"][0], part["y"][0], counts, peak() - before)
    del part
    events = file.load()
    print(len(events), events["t"][-1], events["p"].sum(), peak() - before)
"""


def write(folder: Path, kind: str) -> Path:
    """A file of 208 to 512 MB."""
    path = folder / f"{kind}.events"
    if kind in WRITTEN:
        columns = [*COLUMNS.values(), np.ones(EVENTS, "?")]
        save(path, columns, (640, 480), **WRITTEN[kind])
        return gzipped(path) if kind == "text in a gzip" else path
    with path.open("wb") as file:
        if kind == "Fortran matrix":
            on = np.ones(EVENTS, "i8")
            np.save(file, np.asfortranarray(np.stack([*COLUMNS.values(), on], axis=1)))
        elif kind == "HDF5 in one piece":
            with h5py.File(file, "w") as hdf5:
                for name, column in {**COLUMNS, "p": np.ones(EVENTS, "u1")}.items():
                    hdf5[f"events/{name}"] = column
        elif kind == "whole floats":  # all of which must be read to know what they are
            np.savez(file, **COLUMNS | {"t": COLUMNS["t"].astype("f8")}, p=np.ones(EVENTS, "i2"))
        else:
            method = zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED
            with zipfile.ZipFile(file, "w", method, compresslevel=1) as archive:
                for name, column in {**COLUMNS, "p": np.ones(EVENTS, "?")}.items():
                    with archive.open(f"{name}.npy", "w") as member:
                        np.lib.format.write_array(member, column)
    return path


def gzipped(path: Path) -> Path:
    whole = path.with_suffix(".gz")
    with path.open("rb") as text, gzip.open(whole, "wb", compresslevel=0) as file:
        shutil.copyfileobj(text, file)
    path.unlink()
    return whole


@pytest.fixture(params=["stored", "deflated", "whole floats", "Fortran matrix", "HDF5 in one piece", *WRITTEN])
def large(request, tmp_path) -> Iterator[Path]:
    path = write(tmp_path, request.param)
    yield path
    path.unlink()  # pytest keeps its folders for a while


def test_memory_does_not_grow_with_a_file(large, tmp_path):
    np.savez(tmp_path / "small.npz", t=np.arange(9), x=np.arange(9), y=np.arange(9), p=np.arange(9) % 2)
    child = run_python(MEASURED, large, tmp_path / "small.npz", "us" if large.name.startswith("Fortran") else "")
    assert child.returncode == 0, child.stderr
    parts, whole = (line.split() for line in child.stdout.splitlines())
    in_window = -(-100_000 // STEP_US)
    first = 24_000_000 // STEP_US
    assert abs(int(parts[0]) - in_window) <= 1
    assert (int(parts[1]), int(parts[2])) == (first % 640, first // 640 % 480)
    assert abs(int(parts[3]) - 24 * in_window) <= 24
    assert float(parts[4]) < 80  # MiB
    assert (int(whole[0]), int(whole[1]), int(whole[2])) == (EVENTS, (EVENTS - 1) * STEP_US, EVENTS)
    assert float(whole[3]) < 1.35 * (EVENTS * 16 >> 20) + 40
