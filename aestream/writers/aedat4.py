"""AEDAT4 as DV and dv-processing write it: one stream of events, in packets, with a data table. Spec: inivation.com."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain, islice, pairwise
from typing import Any, ClassVar, NamedTuple
from xml.sax.saxutils import escape

import cramjam
import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.events import EVENT_DTYPE
from aestream.writers.base import Limits, WriteOptions
from aestream.writers.blocks import join
from aestream.writers.output import Output

_MAX_PACKET_EVENTS = 8192
_GROUP, _GROUPS_AHEAD = 16, 4  # packets that a thread encodes at a time, and groups that wait to be written
_LZ4_LEVEL = 0  # from 3 on, the slow compressor that the format calls LZ4_HIGH
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


# name → the header's number, and how bytes become one frame
_COMPRESSIONS: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "none": (0, lambda data: data),
    "lz4": (1, lambda data: cramjam.lz4.compress(data, level=_LZ4_LEVEL)),
    "zstd": (3, lambda data: cramjam.zstd.compress(data, level=_ZSTD_LEVEL)),
}


class _Packet(NamedTuple):
    payload: Any
    num_events: int
    first_us: int
    last_us: int


class Aedat4Writer:
    """A `FormatWriter`: a packet is written when the first event behind it is known."""

    LIMITS: ClassVar[Limits] = Limits()
    IS_STREAM: ClassVar[bool] = False

    def __init__(self, output: Output, shape: tuple[int, int], options: WriteOptions) -> None:
        compression = options.compression or "zstd"
        if compression not in _COMPRESSIONS:
            raise ValueError(f"compression must be one of {', '.join(_COMPRESSIONS)}; got {compression!r}")
        if options.packet_us < 1:
            raise ValueError(f"packet_us must be at least 1; got {options.packet_us}")
        if not options.source.isprintable():
            raise ValueError(f"source must be printable; got {options.source!r}")
        self._number, self._compress = _COMPRESSIONS[compression]
        self._is_lz4 = compression == "lz4"
        source = escape(options.source)
        info = _INFO_NODE.format(compression=compression.upper(), width=shape[0], height=shape[1], source=source)
        self._info = info.encode()
        self._open = np.zeros(0, EVENT_DTYPE)  # the last packet, which may go on
        self._rows: list[tuple[int, int, int, int, int]] = []
        self._file = io.BufferedWriter(output)
        self._position = self._file.write(_core.encode_aedat4_header(self._number, -1, self._info))
        self._cutter = _core.PacketCutter(options.packet_us, _MAX_PACKET_EVENTS)
        self._pool = ThreadPoolExecutor(_core.default_threads())

    def write(self, events: npt.NDArray[Any]) -> None:
        """Append events: all packets that end among them are written, the rest is kept."""
        borders = self._cutter.cut(events)
        if not borders:
            self._open = join(self._open, events)
            return
        first = join(self._open, events[: borders[0]])
        packets = (events[start:stop] for start, stop in pairwise(borders))
        self._write_packets(chain([first] if len(first) else [], packets))
        self._open = events[borders[-1] :].copy()

    def finish(self) -> None:
        """Write the last packet, the data table, and its place into the header."""
        self._write_packets(iter([self._open] if len(self._open) else []))
        self._file.write(self._compress(_core.encode_aedat4_table(self._rows)))
        self._file.seek(0)
        self._file.write(_core.encode_aedat4_header(self._number, self._position, self._info))
        self._file.flush()
        self._pool.shutdown()

    def abort(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)
        with suppress(ValueError):  # it was done before
            self._file.detach()

    def _write_packets(self, packets: Iterator[npt.NDArray[Any]]) -> None:
        """Encode packets on several threads, a few groups ahead of the one that is written, and write them in order."""
        jobs: deque[Future[list[_Packet]]] = deque()
        while group := list(islice(packets, _GROUP)):
            jobs.append(self._pool.submit(self._encode, group))
            if len(jobs) > _GROUPS_AHEAD:
                self._write_group(jobs.popleft().result())
        for job in jobs:
            self._write_group(job.result())

    def _encode(self, group: list[npt.NDArray[Any]]) -> list[_Packet]:
        """LZ4 is made by the core, which knows what repeats in events."""
        packets = []
        for events in group:
            payload, first, last = _core.encode_aedat4_packet(events, self._is_lz4)
            packets.append(_Packet(payload if self._is_lz4 else self._compress(payload), len(events), first, last))
        return packets

    def _write_group(self, packets: list[_Packet]) -> None:
        for packet in packets:
            size = len(packet.payload)
            self._file.write(np.array([0, size], "<i4").tobytes())
            self._file.write(packet.payload)
            self._rows.append((self._position + 8, size, packet.num_events, packet.first_us, packet.last_us))
            self._position += 8 + size
