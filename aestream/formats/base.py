"""What opening a file takes and gives, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, TypeAlias

import numpy.typing as npt

import aestream._core as _core
from aestream.camera_frames import CameraFrames

#: name (of a file in a folder), device, inode, size, time of change in ns, and hash of some blocks, of each file
Identity: TypeAlias = tuple[tuple[str, int, int, int, int, int], ...]


@dataclass(frozen=True)
class ReadOptions:
    """What a user may say about a file beyond its path; None where the file itself decides.

    Attributes:
        format: short name of the format, for bytes that do not tell.
        columns: a letter per column of text or of a plain array, such as ``"xytp"``; ``"_"`` is a column to skip.
        fields: of named columns, arrays or datasets the names of t, x, y, p where they are called otherwise.
        time_unit: what times count: "s", "ms", "us" or "ns".
        chip: the camera whose address map an AEDAT 1 or 2 file uses, such as ``"dvs128"``.
        stream: which of several streams of events: a stream's number in AEDAT4, a group in HDF5, a topic in a ROS bag.
        mirror: the axes to mirror against the stored order: "", "x", "y" or "xy".
    """

    format: str | None = None
    columns: str | None = None
    fields: Mapping[str, str] | None = None
    time_unit: str | None = None
    chip: str | None = None
    stream: int | str | None = None
    mirror: str | None = None

    @cached_property
    def given(self) -> Mapping[str, Any]:
        """The options that are not None."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}


@dataclass(frozen=True)
class Request:
    """A file to open: its path, its bytes (None for a folder), and what the user said about it."""

    path: str
    file: _core.MappedFile | None
    options: ReadOptions = ReadOptions()

    @property
    def bytes(self) -> _core.MappedFile:
        """The file's bytes; for formats that are never folders."""
        if self.file is None:
            raise IsADirectoryError(f"{self.path!r} is a folder")
        return self.file


@dataclass(frozen=True)
class Spooled:
    """What stands in for a file that can only be read from front to back.

    Attributes:
        size: bytes of the temporary file that the recording reads; offsets count in them.
        whole: what they are, for messages.
        cut_message: what the original lacks at its end, or None if it is whole.
    """

    size: int
    whole: str
    cut_message: str | None = None


@dataclass
class OpenedFile:
    """A recording whose outside has been read.

    Attributes:
        recording: the events, decoded by the core.
        format: short name, such as ``"evt3"``.
        shape: sensor (width, height) in pixels as the file gives it, or None.
        metadata: what the file says about itself: header fields, camera, compression.
        triggers: reads the edges on the camera's external inputs; None where the format holds none.
        frames, imu: read the pictures, or the samples of the inertial unit, of the stream with a number, or of the
            first one; None where the format holds none.
        spooled: the temporary file that the recording reads in place of the file; None where it reads the file itself.
        missing_bytes: of a truncated file, how many more its header announces.
        file: the file as it is mapped; None for a folder.
        identity: of the file, or of the files in a folder, as they were opened.
    """

    recording: _core.Recording
    format: str
    shape: tuple[int, int] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    triggers: Callable[[], npt.NDArray[Any]] | None = None
    frames: Callable[[int | None], CameraFrames] | None = None
    imu: Callable[[int | None], npt.NDArray[Any]] | None = None
    spooled: Spooled | None = None
    missing_bytes: int = 0
    file: _core.MappedFile | None = None
    identity: Identity = ()


@dataclass(frozen=True)
class Format:
    """How files of one format are opened.

    Attributes:
        open: reads the outside. It may raise FormatError with an offset, and ValueError for an option.
        options: names of the ``ReadOptions`` that mean something here; ``format`` always does.
    """

    open: Callable[[Request], OpenedFile]
    options: tuple[str, ...] = ()
