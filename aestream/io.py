"""Write events to files."""

from __future__ import annotations

import operator
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

import cramjam
import numpy as np
import numpy.typing as npt
import torch

from aestream import _core
from aestream.events import EVENT_DTYPE

_MAX_PACKET_EVENTS = 8192
_ZSTD_LEVEL = 3
_INFO_NODE = """<dv version="2.0">
    <node name="outInfo" path="/outInfo/">
        <node name="0" path="/outInfo/0/">
            <attr key="compression" type="string">{compression}</attr>
            <attr key="originalModuleName" type="string">aestream</attr>
            <attr key="originalOutputName" type="string">events</attr>
            <attr key="typeDescription" type="string">Array of events (polarity ON/OFF).</attr>
            <attr key="typeIdentifier" type="string">EVTS</attr>
            <node name="info" path="/outInfo/0/info/">
                <attr key="sizeX" type="int">{width}</attr>
                <attr key="sizeY" type="int">{height}</attr>
                <attr key="source" type="string">{source}</attr>
            </node>
        </node>
    </node>
</dv>
"""


def _compress_lz4(packet: bytes) -> Any:
    """One frame. Its blocks have checksums; another one over the whole would double the time of reading."""
    compressor = cramjam.lz4.Compressor(content_checksum=False)
    compressor.compress(packet)
    return compressor.finish()


# name → the header's number, and how one packet becomes one frame
_COMPRESSIONS: dict[str, tuple[int, Callable[[bytes], Any]]] = {
    "none": (0, lambda packet: packet),
    "lz4": (1, _compress_lz4),
    "zstd": (3, lambda packet: cramjam.zstd.compress(packet, level=_ZSTD_LEVEL)),
}


def save(
    path: str | os.PathLike[str],
    events: Any,
    shape: tuple[int, int],
    *,
    compression: str = "zstd",
    source: str = "aestream",
    packet_us: int = 10_000,
) -> None:
    """Write events to an AEDAT4 file, which appears under its name only when it is complete.

    Args:
        path: the file, ending in ``.aedat4``; one that exists is replaced.
        events: a structured array with the fields t, x, y and p, an ``Events``, or four arrays or tensors in that
            order; t in microseconds. May be empty. Their order is kept.
        shape: sensor (width, height) in pixels.
        compression: ``"none"``, ``"lz4"`` or ``"zstd"``.
        source: name of the camera.
        packet_us: time that one packet spans at most; it holds at most 8192 events, too.

    Raises:
        ValueError: if an argument is not as above, or an event lies outside the sensor.
        OSError: if the file cannot be written.
    """
    path = os.fspath(path)
    if not path.endswith(".aedat4"):
        raise ValueError(f"path must end in .aedat4; got {path!r}")
    if compression not in _COMPRESSIONS:
        raise ValueError(f"compression must be one of {', '.join(_COMPRESSIONS)}; got {compression!r}")
    if packet_us < 1:
        raise ValueError(f"packet_us must be at least 1; got {packet_us}")
    if not source.isprintable():
        raise ValueError(f"source must be printable; got {source!r}")
    width, height = _check_shape(shape)
    stored = _stored(events, width, height)
    info = _INFO_NODE.format(compression=compression.upper(), width=width, height=height, source=escape(source))
    temporary = f"{path}.{secrets.token_hex(4)}.tmp"
    try:
        with open(temporary, "xb") as file:
            _write(file, stored, info.encode(), compression, packet_us)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _write(file: BinaryIO, events: npt.NDArray[Any], info: bytes, compression: str, packet_us: int) -> None:
    number, compress = _COMPRESSIONS[compression]
    position = file.write(_core.encode_aedat4_header(number, -1, info))
    rows = []
    for start, stop in _packets(events["t"], packet_us):
        packet = events[start:stop]
        payload = compress(_core.encode_aedat4_packet(packet.view(np.uint8)))
        file.write(np.array([0, len(payload)], "<i4").tobytes())
        file.write(payload)
        times = packet["t"]
        rows.append((position + 8, len(payload), len(packet), int(times.min()), int(times.max())))
        position += 8 + len(payload)
    file.write(compress(_core.encode_aedat4_table(rows)))
    file.seek(0)
    file.write(_core.encode_aedat4_header(number, position, info))


def _packets(times: npt.NDArray[np.int64], packet_us: int) -> Iterator[tuple[int, int]]:
    """Ranges of events: each spans less than ``packet_us`` of the running maximum of time."""
    if len(times) == 0:
        return
    latest = np.maximum.accumulate(times).view(np.uint64)  # differences hold any two int64
    slots = (latest - latest[0]) // np.uint64(packet_us)
    borders = [0, *(np.flatnonzero(np.diff(slots)) + 1).tolist(), len(times)]
    for first, last in zip(borders, borders[1:], strict=False):
        for start in range(first, last, _MAX_PACKET_EVENTS):
            yield start, min(start + _MAX_PACKET_EVENTS, last)


def _check_shape(shape: tuple[int, int]) -> tuple[int, int]:
    try:
        width, height = (operator.index(size) for size in shape)
    except (TypeError, ValueError):
        raise ValueError(f"shape must be (width, height); got {shape!r}") from None
    if not (1 <= width <= 32767 and 1 <= height <= 32767):
        raise ValueError(f"shape must be (width, height) from 1 to 32767; got {shape!r}")
    return width, height


def _stored(events: Any, width: int, height: int) -> npt.NDArray[Any]:
    """A checked copy as AEDAT4 stores it."""
    columns = dict(zip("txyp", _columns(events), strict=True))
    stored = np.zeros(columns["t"].size, EVENT_DTYPE)
    for name, column in columns.items():
        if column.shape != stored.shape:
            raise ValueError(f"columns must have one dimension and one length; got {name} of shape {column.shape}")
        if column.dtype.kind not in ("biu" if name == "p" else "iu"):
            raise ValueError(f"{name} must be integers; got {column.dtype}")
    for name, limit in (("x", width), ("y", height), ("p", 2)):
        _check_range(name, columns[name], limit)
    if columns["t"].dtype.kind == "u" and len(stored) and int(columns["t"].max()) >= 2**63:
        raise ValueError(f"t must be below 2**63; got {columns['t'].max()}")
    for name, column in columns.items():
        stored[name] = column
    return stored


def _check_range(name: str, column: npt.NDArray[Any], limit: int) -> None:
    if len(column) and not (column.min() >= 0 and column.max() < limit):
        outside = column[(column < 0) | (column >= limit)][0]
        raise ValueError(f"{name} must be from 0 to {limit - 1}; got {outside}")


def _columns(events: Any) -> list[npt.NDArray[Any]]:
    names = getattr(getattr(events, "dtype", None), "names", None)
    if names is not None:
        missing = [name for name in "txyp" if name not in names]
        if missing:
            raise ValueError(f"events must have the fields t, x, y, p; got {', '.join(names)}")
        return [events[name] for name in "txyp"]
    if not isinstance(events, (tuple, list)) or len(events) != 4:
        raise ValueError(f"events must be a structured array, or four columns t, x, y, p; got {type(events).__name__}")
    return [column.cpu().numpy() if isinstance(column, torch.Tensor) else np.asarray(column) for column in events]
