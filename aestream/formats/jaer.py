"""AEDAT 1.0 and 2.0 (jAER): the header says which camera's addresses the records hold. Spec: docs.inivation.com."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

import aestream._core as _core
from aestream.errors import FormatError
from aestream.formats.aedat_header import CHIPS, chip_named, header_lines
from aestream.formats.base import OpenedFile, Request

_VERSION = re.compile(r"!AER-DAT(?:(1)\.0|(2)\.[01])\s*")
_CREATED = re.compile(r"\s*(?:created|creation time:?)\s+(\S.*?)\s*", re.IGNORECASE)
_CLASS = re.compile(r"\s*AEChip:\s*(\S+)")
_SNIFFED = 1 << 16  # records
_MIRRORS = ("", "x", "y", "xy")
_ADVICE = f"pass chip=, one of {', '.join(CHIPS)}"


@dataclass(frozen=True)
class _Header:
    version: int | None = None
    chip_class: str | None = None  # of jAER
    end: int = 0
    created: str | None = None


def open_jaer(request: Request) -> OpenedFile:
    """Open a file of version 1 or 2; without a header in the version that ``format`` names.

    The camera is ``chip``, else the class in the header, else a DVS128 in version 1, which knows no other, and in
    version 2 if all addresses fit its 16 bits. A line "created" is the metadata's ``creation_time``. x and y are
    mirrored as jAER shows them, unless ``mirror`` says which of them. Special, external-input, APS and IMU records are
    skipped.

    Raises:
        FormatError: if the header is damaged, or names no camera whose addresses are known.
        ValueError: if ``chip``, ``mirror`` or ``format`` is not one of those known, or contradicts the header.
    """
    file, options = request.bytes, request.options
    header = _read_header(file)
    version = _choose_version(header, options.format)
    chip = _choose_chip(version, header, options.chip, file)
    mirror = "xy" if options.mirror is None else options.mirror
    if mirror not in _MIRRORS:
        raise ValueError(f"mirror must be one of {', '.join(map(repr, _MIRRORS))}; got {mirror!r}")
    width, height = CHIPS[chip]
    recording = _core.open_aedat12(
        file,
        header.end,
        version=version,
        davis=chip != "dvs128",
        width=width,
        height=height,
        mirror_x="x" in mirror,
        mirror_y="y" in mirror,
    )
    metadata = {"chip": chip, "chip_class": header.chip_class or "", "mirror": mirror}
    if header.created is not None:
        metadata["creation_time"] = header.created
    return OpenedFile(recording, f"aedat{version}", (width, height), metadata)


def _read_header(file: _core.MappedFile) -> _Header:
    version = chip_class = created = None
    end = 0
    for line in header_lines(file, "End Of ASCII Header"):
        if line.start == 0 and line.text.startswith("!"):
            found = _VERSION.fullmatch(line.text)
            if found is None:
                raise FormatError(f"expected #!AER-DAT1.0, #!AER-DAT2.0 or 2.1, found #{line.text[:40]}", 0)
            version = int(found[1] or found[2])
        elif chip_class is None and (found := _CLASS.match(line.text)):
            chip_class = found[1]
        elif created is None and (found := _CREATED.fullmatch(line.text)):
            created = found[1]
        end = line.stop
    return _Header(version, chip_class, end, created)


def _choose_version(header: _Header, format: str | None) -> int:
    if header.version is None and format is None:
        raise FormatError("expected a first line #!AER-DAT1.0 or #!AER-DAT2.0, found no line of text", 0)
    version = header.version or int(str(format)[-1])
    if format not in (None, f"aedat{version}"):
        raise ValueError(f"format={format!r} contradicts the header, which says AER-DAT{version}.0")
    return version


def _choose_chip(version: int, header: _Header, given: str | None, file: _core.MappedFile) -> str:
    if given is not None and given not in CHIPS:
        raise ValueError(f"chip must be one of {', '.join(CHIPS)}; got {given!r}")
    if given is not None:
        chip = given
    elif header.chip_class is not None:
        named = chip_named(header.chip_class)
        if named is None:
            raise FormatError(f"expected a class whose addresses are known, found {header.chip_class}; {_ADVICE}")
        chip = named
    elif version == 1 or _has_short_addresses(file, header.end):
        chip = "dvs128"
    else:
        raise FormatError(f"expected a line # AEChip: in the header, found none; {_ADVICE}")
    if version == 1 and chip != "dvs128":
        raise ValueError(f"AEDAT 1.0 has the 16-bit addresses of chip='dvs128' only; got {chip!r}")
    return chip


def _has_short_addresses(file: _core.MappedFile, begin: int) -> bool:
    """Whether the first records of version 2 have addresses of 16 bits, which a DAVIS's, with x from bit 12, exceed."""
    stop = min(begin + 8 * _SNIFFED, len(file) - (len(file) - begin) % 8)
    addresses = np.frombuffer(memoryview(file)[begin:stop], ">u4")[::2] if stop > begin else np.zeros(0, ">u4")
    return bool((addresses < 1 << 16).all())
