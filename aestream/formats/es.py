"""ES (Event Stream), version 2. Spec: github.com/neuromorphicsystems/event_stream."""

from __future__ import annotations

import aestream._core as _core
from aestream.formats.base import OpenedFile, Request


def open_es(request: Request) -> OpenedFile:
    """Open a file of DVS, ATIS or colour events.

    The format counts y from the bottom; it becomes ``height - 1 - y``, from the top, unless ``mirror`` is ``""``. Some
    writers store y from the top: their files need ``mirror=""``. Of ATIS files the changes are read and the
    measurements of exposure left out; events of colour files have no polarity, and are all ON. Times begin at 0.

    Raises:
        FormatError: if the version is not 2, or the file holds no pixel events.
        ValueError: if ``mirror`` is neither ``""`` nor ``"y"``.
    """
    mirror = "y" if request.options.mirror is None else request.options.mirror
    if mirror not in ("", "y"):
        raise ValueError(f'mirror must be "" or "y" for an ES file; got {mirror!r}')
    header = _core.read_es_header(request.bytes)
    width, height, kind = header["width"], header["height"], header["variant"]
    recording = _core.open_es(
        request.bytes, header["payload"], type=kind, mirrored_height=height if mirror == "y" else 0
    )
    return OpenedFile(recording, "es", (width, height), {"type": kind, **header["fields"]})
