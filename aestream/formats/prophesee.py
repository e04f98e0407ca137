"""Prophesee's RAW (EVT2, EVT2.1, EVT3) and DAT files. Spec: docs.prophesee.ai, "Data Encoding Formats"."""

from __future__ import annotations

from typing import Any

from aestream import _core
from aestream.formats.base import OpenedFile, Request


def open_raw(request: Request) -> OpenedFile:
    """Open a RAW file by its header.

    Raises:
        FormatError: if the header names an unknown format, or contradicts itself.
    """
    file = request.bytes
    header = _core.read_raw_header(file)
    return _open(file, header, _decoder_name(file, header))


def open_dat(request: Request) -> OpenedFile:
    """Open a DAT file, version 1 or 2. A file of external triggers holds no events.

    Raises:
        FormatError: if the records are not changes or triggers of 8 bytes.
    """
    header = _core.read_dat_header(request.bytes)
    return _open(request.bytes, header, "dat1" if header["variant"] == "1" else "dat")


def open_headerless(request: Request) -> OpenedFile:
    """Open a payload that has no header, in the format that the user names: every byte is part of a word."""
    decoder = str(request.options.format)
    return OpenedFile(_core.Recording.open_stream(request.bytes, decoder, 0), decoder)


def _decoder_name(file: _core.MappedFile, header: dict[str, Any]) -> str:
    if header["format"] != "evt21":
        return str(header["format"])
    order = header["variant"] or _core.sniff_evt21_order(file, header["payload"])
    return "evt21_legacy" if order == "legacy" else "evt21"


def _open(file: _core.MappedFile, header: dict[str, Any], decoder: str) -> OpenedFile:
    is_triggers = header["event_type"] == 14
    recording = _core.Recording.open_stream(file, decoder, len(file) if is_triggers else header["payload"])
    shape = (header["width"], header["height"]) if header["width"] else None
    return OpenedFile(recording, header["format"], shape, dict(header["fields"]))
