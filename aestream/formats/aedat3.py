"""AEDAT 3.1 (cAER): the header names the cameras; packets are the core's. Spec: docs.inivation.com, "AEDAT 3.1"."""

from __future__ import annotations

import re

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.aedat_header import CHIPS, chip_named, header_lines
from aestream.formats.base import OpenedFile, Request

_END = "!END-HEADER"
_FIELD = re.compile(r"(Format|Start-Time|Source (\d{1,5})):\s*(.*?)\s*")


def open_aedat3(request: Request) -> OpenedFile:
    """Open the events of one camera: of the source ``stream``, else of the lowest; of any where only one is declared.

    The shape is that of the camera's name, or None for a name that is not known. Packets of other kinds than polarity
    events are skipped, and so are events that are marked invalid.

    Raises:
        FormatError: if the header is damaged, or says that packets are compressed.
        ValueError: if ``stream`` is no source in the header.
    """
    file = request.bytes
    fields, cameras, begin = _read_header(file)
    chosen = _choose(cameras, request.options.stream)
    is_only = chosen is None or (len(cameras) == 1 and request.options.stream is None)
    recording = _core.open_aedat3(file, begin, None if is_only else chosen)
    name = "" if chosen is None else cameras[chosen]
    chip = chip_named(name)
    metadata = {
        "source": name,
        "sources": [{"id": number, "name": each} for number, each in cameras.items()],
        "start_time": fields.get("Start-Time", ""),
    }
    return OpenedFile(recording, "aedat3", None if chip is None else CHIPS[chip], metadata)


def _read_header(file: _core.MappedFile) -> tuple[dict[str, str], dict[int, str], int]:
    """(Format and Start-Time, cameras by the number of their source, offset of the packets)."""
    fields: dict[str, str] = {}
    cameras: dict[int, str] = {}
    end = 0
    for line in header_lines(file, _END):
        end = line.stop
        if line.start == 0 and line.text != "!AER-DAT3.1":
            raise FormatError(f"expected #!AER-DAT3.1, found #{line.text[:40]}", 0)
        if line.text == _END:
            return fields, cameras, end
        found = _FIELD.fullmatch(line.text)
        if found is None:
            continue
        key, number, value = found.groups()
        if key == "Format" and value != "RAW":
            raise FormatError(f"expected Format: RAW, found {value[:40]}", line.start)
        if number is None:
            fields[key] = value
        elif int(number) < 1 << 16:
            cameras[int(number)] = value
    raise FormatError(f"expected #{_END}, found {len(file) - end} bytes of something else", end)


def _choose(cameras: dict[int, str], wanted: int | str | None) -> int | None:
    if wanted is None:
        return min(cameras, default=None)
    if not isinstance(wanted, int) or wanted not in cameras:
        raise ValueError(f"stream must be one of {sorted(cameras)}; got {wanted!r}")
    return wanted
