"""Slow, plain decoders written from FORMATS.md: what the fast ones are compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from . import aedat4, csv_text, dat, evt2, evt3, evt21, faery_udp, speck, spif
from .events import EVENT_DTYPE, to_events
from .header import geometry, raw_format, read_header

__all__ = [
    "EVENT_DTYPE",
    "aedat4",
    "csv_text",
    "dat",
    "decode_file",
    "evt2",
    "evt21",
    "evt3",
    "faery_udp",
    "read_header",
    "speck",
    "spif",
    "to_events",
]


def decode_file(path: str | Path, **options) -> tuple[np.ndarray, int | None, int | None]:
    """Decode a whole file, told by its content: returns (events, width or None, height or None)."""
    data = Path(path).read_bytes()
    if data.startswith(aedat4.MAGIC):
        return aedat4.decode(data), *aedat4.geometry(data)
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
