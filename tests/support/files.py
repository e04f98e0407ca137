"""Event files for tests: every format from the same events, written by the plain encoders of words.py."""

from __future__ import annotations

import io
from pathlib import Path

import h5py
import numpy as np
from reference.events import EVENT_DTYPE
from support.aedat4_words import encode_aedat4
from support.jaer_words import encode_aedat3
from support.words import (
    dat_header,
    encode_bin40,
    encode_csv,
    encode_dat,
    encode_es,
    encode_evt2,
    encode_evt3,
    encode_evt21,
    es_header,
    raw_header,
)

WIDTH, HEIGHT = 64, 48


def make_events(count: int = 5000, *, seed: int = 1, outside: bool = False, step_back_us: int = 0) -> np.ndarray:
    """Random events, 20 µs apart on average. ``outside``: every tenth lies right of the sensor."""
    random = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = 1_000_000 + np.cumsum(random.integers(0, 40, count))
    if step_back_us and count:
        events["t"][random.integers(0, count, count // 20)] -= step_back_us
    events["x"] = random.integers(0, WIDTH, count)
    events["y"] = random.integers(0, HEIGHT, count)
    events["p"] = random.integers(0, 2, count)
    if outside:
        events["x"][::10] = WIDTH + 3
    return events


def file_bytes(format: str, events: np.ndarray) -> bytes:
    """A whole file of the format, with geometry where it has one."""
    header = {"width": WIDTH, "height": HEIGHT}
    match format:
        case "evt2":
            return raw_header("EVT2", **header) + encode_evt2(events)
        case "evt21":
            return raw_header("EVT21", **header, endianness="little") + encode_evt21(events)
        case "evt3":
            return raw_header("EVT3", **header) + encode_evt3(events)
        case "dat":
            return dat_header(2, **header) + encode_dat(events)
        case "aedat3":
            return encode_aedat3(events)
        case "aedat4":
            return encode_aedat4(events, compression="lz4", packet_events=300, width=WIDTH, height=HEIGHT)
        case "es":
            stored = events.copy()
            stored["y"] = HEIGHT - 1 - events["y"]
            return es_header(1, **header) + encode_es(stored)
        case "bin40":
            return encode_bin40(events)
        case "csv":
            return encode_csv(events)
        case "npy":
            file = io.BytesIO()
            np.save(file, events)
            return file.getvalue()
        case "npz":
            file = io.BytesIO()
            np.savez(file, **{name: events[name] for name in "txyp"})
            return file.getvalue()
        case "hdf5":
            return hdf5_bytes(events)
    raise ValueError(format)


def hdf5_bytes(events: np.ndarray) -> bytes:
    """Columns of every kind of storage, whose chunks do not begin at the same rows."""
    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        group = root.create_group("events")
        group.attrs.update(width=WIDTH, height=HEIGHT)
        group.create_dataset("t", data=events["t"], chunks=(1100,), maxshape=(None,), compression="gzip", shuffle=True)
        group.create_dataset("x", data=events["x"], chunks=(700,), maxshape=(None,), compression="gzip")
        group.create_dataset("y", data=events["y"].astype(">i4"), chunks=(512,), maxshape=(None,))
        group.create_dataset("p", data=events["p"].astype(np.int64))
    return file.getvalue()


FORMATS = ("evt2", "evt21", "evt3", "dat", "aedat3", "aedat4", "csv", "es", "bin40", "npy", "npz", "hdf5")


def write_file(folder: Path, format: str, events: np.ndarray) -> Path:
    """Write the file and return its path; the name's extension says nothing, but where a format has no magic bytes."""
    path = folder / ("events.bin" if format == "bin40" else f"{format}.events")
    path.write_bytes(file_bytes(format, events))
    return path
