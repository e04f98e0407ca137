"""Prophesee's RAW (EVT2, EVT2.1, EVT3) and DAT files. Spec: docs.prophesee.ai, "Data Encoding Formats"."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy.typing as npt

import aestream._core as _core
from aestream.formats.base import OpenedFile, Request

_TRIGGERS = 14  # the type of DAT records that are triggers


def open_raw(request: Request) -> OpenedFile:
    """Open a RAW file by its header.

    Raises:
        FormatError: if the header names an unknown format, or contradicts itself.
    """
    file = request.bytes
    header = _core.read_raw_header(file)
    decoder = _decoder_name(file, header)
    return _open(file, header, decoder, partial(_core.read_triggers, file, decoder, header["payload"]))


def open_dat(request: Request) -> OpenedFile:
    """Open a DAT file, version 1 or 2. It holds either events or external triggers.

    Raises:
        FormatError: if the records are not changes or triggers of 8 bytes.
    """
    file = request.bytes
    header = _core.read_dat_header(file)
    begin = header["payload"] if header["event_type"] == _TRIGGERS else len(file)
    triggers = partial(_core.read_triggers, file, "dat", begin)
    return _open(file, header, "dat1" if header["variant"] == "1" else "dat", triggers)


def open_headerless(request: Request) -> OpenedFile:
    """Open a payload that has no header, in the format that the user names: every byte is part of a word."""
    file, decoder = request.bytes, str(request.options.format)
    triggers = partial(_core.read_triggers, file, decoder, 0)
    return OpenedFile(_core.Recording.open_stream(file, decoder, 0), decoder, triggers=triggers)


def _decoder_name(file: _core.MappedFile, header: dict[str, Any]) -> str:
    if header["format"] != "evt21":
        return str(header["format"])
    order = header["variant"] or _core.sniff_evt21_order(file, header["payload"])
    return "evt21_legacy" if order == "legacy" else "evt21"


def _open(
    file: _core.MappedFile, header: dict[str, Any], decoder: str, triggers: Callable[[], npt.NDArray[Any]]
) -> OpenedFile:
    begin = len(file) if header["event_type"] == _TRIGGERS else header["payload"]
    recording = _core.Recording.open_stream(file, decoder, begin)
    shape = (header["width"], header["height"]) if header["width"] else None
    return OpenedFile(recording, header["format"], shape, dict(header["fields"]), triggers)
