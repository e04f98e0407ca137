"""The manifests of the shared folder, which lies beside the repository: rows, paths and truths (its README.md)."""

from __future__ import annotations

import csv
import functools
import re
from pathlib import Path

import numpy as np
import pytest
from reference import EVENT_DTYPE

SHARED = Path(__file__).resolve().parents[3] / "shared"
_AEDAT = ("aedat1", "aedat2", "aedat3", "aedat4")
_TABLES = ("csv", "txt", "npy", "npz", "h5")
FORMATS = ("evt2", "evt21", "evt3", "dat", *_AEDAT, *_TABLES, "es", "bin40", "bin", "ros")  # that we read


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


def corrupt_rows() -> list[dict[str, str]]:
    """The damaged vectors."""
    return [row for row in vector_rows() if row["variant"] == "corrupt"]


def params(rows: list[dict[str, str]]) -> list:
    """The rows as pytest parameters, named by their files."""
    return [pytest.param(row, id=row["file"]) for row in rows]


def vector(row: dict[str, str]) -> Path:
    """The file of a row."""
    return SHARED / "vectors" / row["file"]


def format_name(row: dict[str, str]) -> str:
    """What FileInput.format says of the file of a row."""
    if row["format"] == "ros":
        return "rosbag" if row["file"].endswith(".bag") else "rosbag2"
    return {"txt": "csv", "h5": "hdf5"}.get(row["format"], row["format"])


def options(row: dict[str, str]) -> dict[str, str]:
    """What the outcome says a reader has to be told, and what a file without a header needs."""
    if "without mirroring" in row["outcome"]:
        return {"mirror": ""}
    if row["variant"] == "dvs128_nohdr":
        return {"format": "aedat1"}
    columns = re.search(r'columns="(\w+)"', row["outcome"])
    return {"columns": columns[1]} if columns else {}


def shape(row: dict[str, str]) -> tuple[int, int] | None:
    """The sensor (width, height) of a row."""
    return (int(row["width"]), int(row["height"])) if row["width"] else None


def shape_in_file(row: dict[str, str]) -> tuple[int, int] | None:
    """The (width, height) that the file itself gives."""
    if ".exp.evt2" in row["file"]:
        return 640, 480  # no geometry but system_ID 21; the truth is from another sensor
    if row["format"] == "aedat3":
        return 346, 260  # by the camera's name, whatever sensor the truth is from
    if ".exp.dat" in row["file"] or ".evio.dat" in row["file"]:
        return None
    if row["format"] == "bin40":
        return None
    if row["format"] in ("csv", "txt") and ".faery." not in row["file"] and "rpg_size" not in row["file"]:
        return None
    if row["format"] in ("npy", "npz") or re.search(r"\.(evlib|h5py\.mvsec|h5py\.raw_events_seconds)\.h", row["file"]):
        return None
    return (1280, 720) if "h5py_ecf" in row["file"] else shape(row)


def truth(row: dict[str, str]) -> np.ndarray:
    """The events that the file of a row holds, y from the top as a reader gives it: ES stores it from the bottom."""
    mirrored = row["format"] == "es" and row["y_flip"] == "0"
    return _shifted(row["truth"], int(row["t_shift"]), int(row["height"]) if mirrored else None)


def stored_truth(row: dict[str, str]) -> np.ndarray:
    """The events of an ES file, y as it is stored."""
    return _shifted(row["truth"], int(row["t_shift"]), int(row["height"]) if row["y_flip"] == "1" else None)


@functools.lru_cache(maxsize=32)
def _shifted(name: str, t_shift: int, mirrored_height: int | None) -> np.ndarray:
    """mirrored_height: y is counted from the other end of so many rows. Colours, which have no polarity, are ON."""
    table = np.load(SHARED / "vectors" / name)
    events = np.ones(len(table), EVENT_DTYPE)
    for column in set(table.dtype.names) & set(EVENT_DTYPE.names):
        events[column] = table[column]
    events["t"] += t_shift
    if mirrored_height is not None:
        events["y"] = mirrored_height - 1 - events["y"]
    events.setflags(write=False)
    return events


def _rows(folder: str) -> list[dict[str, str]]:
    path = SHARED / folder / "MANIFEST.tsv"
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
