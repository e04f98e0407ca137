"""AEDAT4 (DV, dv-processing): the XML of its header; packets are the core's. Spec: docs.inivation.com, "AEDAT 4.0"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

import cramjam
import numpy as np
import numpy.typing as npt

import aestream._core as _core
from aestream.camera_frames import CameraFrames
from aestream.errors import FormatError
from aestream.events import IMU_DTYPE, TRIGGER_DTYPE
from aestream.formats.base import OpenedFile, Request

_MOST_DEPTH, _MOST_ELEMENTS = 100, 100_000  # of a header; those of cameras have some hundred elements, 10 deep
_COMPRESSIONS = ("none", "lz4", "lz4_high", "zstd", "zstd_high")
_ENCODING = re.compile(rb"\s*<\?xml[^>]*\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_PRIVATE = 0xF700  # a private area of Unicode, where bytes that are no text wait
_DECOMPRESSORS = {"none": None, "lz4": cramjam.lz4.decompress_into, "zstd": _core.inflate_zstd}


@dataclass(frozen=True)
class Stream:
    """One stream as the header declares it.

    Attributes:
        id: what its packets carry.
        type: four letters, ``"EVTS"`` for events.
        name: what the writer called it, such as ``"events"``.
        source: the camera, or empty.
        shape: (width, height) in pixels, or None where the header gives none.
    """

    id: int
    type: str
    name: str = ""
    source: str = ""
    shape: tuple[int, int] | None = None


def open_aedat4(request: Request) -> OpenedFile:
    """Open one stream of events: the one with the number ``stream``, else the lowest.

    A file without a stream of events has zero events.

    Raises:
        FormatError: if header or XML is damaged.
        ValueError: if ``stream`` is no stream of events.
    """
    file = request.bytes
    header = _core.read_aedat4_header(file)
    streams = _read_streams(header.info_node, header.info_position)
    chosen = _choose(streams, request.options.stream)
    compression = _COMPRESSIONS[header.compression]
    inflate = _DECOMPRESSORS[compression.removesuffix("_high")]
    ids = [each.id for each in streams]
    recording = _core.open_aedat4(file, header, ids, chosen.id if chosen else None, inflate)

    def packets_of(kind: str, wanted: int | None = None) -> _core.SidePackets | None:
        stream = _choose_side(streams, kind, wanted, chosen)
        return None if stream is None else _core.open_side_packets(file, header, ids, stream.id, inflate)

    def read_triggers() -> npt.NDArray[Any]:
        packets = packets_of("TRIG")
        return np.zeros(0, TRIGGER_DTYPE) if packets is None else packets.read_triggers()

    def read_imu(wanted: int | None) -> npt.NDArray[Any]:
        packets = packets_of("IMUS", wanted)
        return np.zeros(0, IMU_DTYPE) if packets is None else packets.read_imu()

    def read_frames(wanted: int | None) -> CameraFrames:
        return CameraFrames(packets_of("FRME", wanted), request.path)

    metadata = {
        "compression": compression,
        "source": chosen.source if chosen else "",
        "streams": [dict(vars(each)) for each in streams],
    }
    shape = chosen.shape if chosen else None
    return OpenedFile(recording, "aedat4", shape, metadata, read_triggers, read_frames, read_imu)


def _choose(streams: list[Stream], wanted: int | str | None) -> Stream | None:
    events = {each.id: each for each in streams if each.type == "EVTS"}
    if wanted is None:
        return events[min(events)] if events else None
    if wanted not in events:
        raise ValueError(f"stream must be one of {sorted(events)}; got {wanted!r}")
    return events[int(wanted)]


def _choose_side(streams: list[Stream], kind: str, wanted: int | None, events: Stream | None) -> Stream | None:
    """The stream of this kind with a number; else the lowest of the camera whose events are read; else the lowest."""
    found = {each.id: each for each in streams if each.type == kind}
    if wanted is not None:
        if wanted not in found:
            raise ValueError(f"stream must be one of {sorted(found)}; got {wanted!r}")
        return found[wanted]
    same_camera = [each.id for each in found.values() if events is not None and each.source == events.source]
    return found[min(same_camera or found)] if found else None


@dataclass
class _Node:
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[_Node] = field(default_factory=list)

    def child(self, name: str) -> _Node:
        return next((each for each in self.children if each.name == name), _Node(name))


class _TooLargeError(FormatError):
    """More elements, or deeper ones, than any camera writes."""


class _InfoReader:
    """Collects the nodes called outInfo, wherever they are, and what is in them."""

    def __init__(self, encoding: str | None = None) -> None:
        self._is_escaped = encoding is not None
        self.found: list[_Node] = []
        self._open: list[_Node] = []
        self._key: str | None = None
        self._depth = self._elements = 0
        self._parser = expat.ParserCreate(encoding)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self, xml: bytes, position: int) -> None:
        try:
            self._parser.Parse(xml, True)
        except FormatError as error:
            raise type(error)(str(error), position + self._parser.CurrentByteIndex) from None
        except expat.ExpatError as error:
            place = position + self._parser.ErrorByteIndex
            raise FormatError(f"expected an infoNode of XML, found: {error}", place) from None
        except (LookupError, ValueError) as error:  # an encoding that Python does not know, or expat cannot read
            raise FormatError(f"expected an infoNode in a known encoding, found: {error}", position) from None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _MOST_DEPTH or self._elements > _MOST_ELEMENTS:
            raise _TooLargeError(f"expected at most {_MOST_ELEMENTS} elements, {_MOST_DEPTH} deep, found more")
        if tag == "node":
            node = _Node(attributes.get("name", ""))
            if self._open:
                self._open[-1].children.append(node)
            if node.name == "outInfo":
                self.found.append(node)
            self._open.append(node)
            self._key = None
        elif tag == "attr" and self._open:
            self._key = attributes.get("key", "")
            self._open[-1].attributes[self._key] = ""

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "node":
            self._open.pop()
        self._key = None

    def _text(self, text: str) -> None:
        if self._key is not None:
            self._open[-1].attributes[self._key] += _surrogates(text) if self._is_escaped else text

    def _refuse(self, *_: object) -> None:
        raise FormatError("expected an infoNode without a document type, found one")


def _read_xml(xml: bytes, position: int) -> _InfoReader:
    """What the XML says, in whatever encoding it declares, and where its bytes are not what they are declared to be."""
    reader = _InfoReader()
    try:
        reader.read(xml, position)
    except _TooLargeError:
        raise
    except FormatError:
        declared = _ENCODING.match(xml)
        name = declared[1].decode("ascii") if declared else "utf-8"
        try:
            text = xml.decode(name, "surrogateescape")
        except (LookupError, UnicodeError) as error:
            raise FormatError(f"expected an infoNode in a known encoding, found: {error}", position) from None
        if text.encode("utf-8", "ignore") == xml:
            raise
        reader = _InfoReader("utf-8")
        kept = "".join(chr(_PRIVATE + ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c for c in text)
        reader.read(kept.encode(), position)
    return reader


def _surrogates(text: str) -> str:
    """The text with the bytes that XML cannot carry, which _read_xml() has moved aside, in their places."""
    return "".join(chr(0xDC00 + ord(c) - _PRIVATE) if _PRIVATE + 0x80 <= ord(c) <= _PRIVATE + 0xFF else c for c in text)


def _read_streams(xml: bytes, position: int) -> list[Stream]:
    reader = _read_xml(xml, position)
    if not reader.found:
        raise FormatError("expected a node outInfo in the infoNode, found none", position)
    nodes = [node for found in reader.found for node in found.children]
    return [_read_stream(node, position) for node in nodes if _is_id(node.name)]


def _is_id(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) <= 10 and int(name) < 2**31


def _read_stream(node: _Node, position: int) -> Stream:
    info = node.child("info").attributes
    return Stream(
        id=int(node.name),
        type=node.attributes.get("typeIdentifier", ""),
        name=node.attributes.get("originalOutputName", ""),
        source=info.get("source", ""),
        shape=_read_shape(info, position),
    )


def _read_shape(info: dict[str, str], position: int) -> tuple[int, int] | None:
    sizes = [info[key].strip() for key in ("sizeX", "sizeY") if key in info]
    if len(sizes) < 2:
        return None
    for size in sizes:
        if not (size.isascii() and size.isdecimal() and len(size) <= 5 and 1 <= int(size) <= 32767):
            raise FormatError(f'expected sizeX and sizeY from 1 to 32767, found "{size}"', position)
    return int(sizes[0]), int(sizes[1])
