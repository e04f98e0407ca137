"""The manifests of the shared folder, which lies beside the repository: rows, paths and truths (its README.md)."""

from __future__ import annotations

import csv
import functools
import re
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"
FORMATS = ("evt2", "evt21", "evt3", "dat", "aedat4", "csv", "txt", "npy", "npz", "h5")  # those that the package reads


def vector_rows() -> list[dict[str, str]]:
    """Every row of vectors/MANIFEST.tsv; none where the folder is absent."""
    return _rows("vectors")


def recording_rows() -> list[dict[str, str]]:
    """Every row of recordings/MANIFEST.tsv; none where the folder is absent."""
    return _rows("recordings")


def exact_rows() -> list[dict[str, str]]:
    """The vectors of our formats whose events must equal a truth."""
    rows = [row for row in vector_rows() if row["format"] in FORMATS and row["outcome"].startswith("exact")]
    return [row for row in rows if row["events"] != "0" and "data-set recipe" not in row["outcome"]]


def empty_rows() -> list[dict[str, str]]:
    """The sound vectors of our formats that hold no change events."""
    rows = [row for row in vector_rows() if row["format"] in FORMATS and row["variant"] != "corrupt"]
    return [row for row in rows if row["events"] == "0" or not row["outcome"].startswith(("exact", "FormatError"))]


def refused_rows() -> list[dict[str, str]]:
    """The sound vectors of our formats that hold something else than pixel events."""
    rows = [row for row in vector_rows() if row["format"] in FORMATS and row["variant"] != "corrupt"]
    return [row for row in rows if row["outcome"].startswith("FormatError")]


def corrupt_rows(*, ours: bool) -> list[dict[str, str]]:
    """The damaged vectors: of our formats, or of those that the package does not read yet."""
    rows = [row for row in vector_rows() if row["variant"] == "corrupt"]
    return [row for row in rows if (row["format"] in (*FORMATS, "raw")) == ours]


def params(rows: list[dict[str, str]]) -> list:
    """The rows as pytest parameters, named by their files."""
    return [pytest.param(row, id=row["file"]) for row in rows]


def vector(row: dict[str, str]) -> Path:
    """The file of a row."""
    return SHARED / "vectors" / row["file"]


def format_name(row: dict[str, str]) -> str:
    """What FileInput.format says of the file of a row."""
    return {"txt": "csv", "h5": "hdf5"}.get(row["format"], row["format"])


def options(row: dict[str, str]) -> dict[str, str]:
    """What the outcome says a reader has to be told."""
    columns = re.search(r'columns="(\w+)"', row["outcome"])
    return {"columns": columns[1]} if columns else {}


def shape(row: dict[str, str]) -> tuple[int, int] | None:
    """The sensor (width, height) of a row."""
    return (int(row["width"]), int(row["height"])) if row["width"] else None


def shape_in_file(row: dict[str, str]) -> tuple[int, int] | None:
    """The (width, height) that the file itself gives."""
    if ".exp.evt2" in row["file"]:
        return 640, 480  # no geometry but system_ID 21; the truth is from another sensor
    if ".exp.dat" in row["file"] or ".evio.dat" in row["file"]:
        return None
    if row["format"] in ("csv", "txt") and ".faery." not in row["file"] and "rpg_size" not in row["file"]:
        return None
    if row["format"] in ("npy", "npz") or re.search(r"\.(evlib|h5py\.mvsec|h5py\.raw_events_seconds)\.h", row["file"]):
        return None
    return (1280, 720) if "h5py_ecf" in row["file"] else shape(row)


def truth(row: dict[str, str]) -> np.ndarray:
    """The events that the file of a row holds."""
    return _shifted(row["truth"], int(row["t_shift"]))


@functools.lru_cache(maxsize=32)
def _shifted(name: str, t_shift: int) -> np.ndarray:
    events = np.load(SHARED / "vectors" / name)
    events["t"] += t_shift
    events.setflags(write=False)
    return events


def _rows(folder: str) -> list[dict[str, str]]:
    path = SHARED / folder / "MANIFEST.tsv"
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
