"""Slow, plain decoders written from FORMATS.md: what the fast ones are compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import (
    aedat3,
    aedat4,
    aedat12,
    bin40,
    csv_text,
    dat,
    ecf,
    es,
    evt2,
    evt3,
    evt21,
    faery_udp,
    ros,
    speck,
    spif,
    tables,
)
from .events import EVENT_DTYPE, to_events
from .header import geometry, raw_format, read_header

__all__ = [
    "EVENT_DTYPE",
    "aedat12",
    "aedat3",
    "aedat4",
    "bin40",
    "csv_text",
    "dat",
    "decode_file",
    "ecf",
    "es",
    "evt2",
    "evt21",
    "evt3",
    "faery_udp",
    "read_header",
    "ros",
    "speck",
    "spif",
    "tables",
    "to_events",
]


def decode_file(path: str | Path, **options) -> tuple[np.ndarray, int | None, int | None]:
    """Decode a whole file, told by its content or its suffix: returns (events, width or None, height or None)."""
    if Path(path).is_dir() or Path(path).suffix == ".bag":
        rows, width, height = ros.decode_file(Path(path))
        return ros.to_microseconds(rows), width, height
    data = Path(path).read_bytes()
    if Path(path).suffix == ".bin":
        return bin40.decode(data), None, None
    if data.startswith(es.MAGIC):
        return es.decode_file(data, **options)
    if data.startswith(aedat4.MAGIC):
        return aedat4.decode(data), *aedat4.geometry(data)
    if data.startswith(aedat3.MAGIC):
        return aedat3.decode(data), *aedat3.geometry(data)
    if aedat12.is_aedat12(data) or options.pop("format", None) == "aedat1":
        return aedat12.decode_file(data, **options), *aedat12.geometry(data)
    if data.startswith(b"\x93NUMPY"):
        return tables.decode_npy(data, **options), None, None
    if data.startswith(b"PK"):
        return tables.decode_npz(data), None, None
    if data.startswith(b"\x89HDF"):
        return tables.decode_hdf5(data), *tables.hdf5_geometry(data)
    if not data.startswith(b"% "):
        return csv_text.decode(data, **options), *csv_text.geometry(data)
    header, offset = read_header(data)
    payload = data[offset:]
    name = raw_format(header)
    if name is None:
        version = int(header.get("Version", "2"))
        return dat.decode(payload[2:], version=version, event_type=payload[0]), *geometry(header)
    return _decode_raw(name, header, payload), *geometry(header)


def _decode_raw(name: str, header: dict[str, str], payload: bytes) -> np.ndarray:
    if name == "EVT2":
        return evt2.decode(payload)
    if name == "EVT3":
        return evt3.decode(payload)
    if name == "EVT21":
        return evt21.decode(payload, legacy=evt21.is_legacy(header, payload))
    raise ValueError(f"no reference decoder for {name}")
