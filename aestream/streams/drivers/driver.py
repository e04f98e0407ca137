"""What a camera's driver package has to be for USBInput, and the words for cameras and drivers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from typing import Any, NamedTuple, Protocol

import numpy as np


class Camera(Enum):
    """Makers of cameras, as ``USBInput(camera=...)`` wants them. A camera with Prophesee's sensor is Prophesee's."""

    Inivation = "inivation"
    Prophesee = "prophesee"


@dataclass(frozen=True)
class CameraInfo:
    """A camera that is connected.

    Attributes:
        name: the model, as the driver calls it.
        serial: its serial number, as ``USBInput(serial=...)`` wants it; None if it could not be read.
        driver: the package that sees it.
        camera: its maker.
        problem: why it cannot be opened, as far as the driver knows already.
    """

    name: str
    serial: str | None
    driver: str
    camera: Camera
    problem: str | None = None

    def __str__(self) -> str:
        return self.name if self.serial is None else f"{self.name} {self.serial}"


@dataclass(frozen=True)
class DriverInfo:
    """A driver package that ``USBInput`` can use.

    Attributes:
        name: of the package.
        cameras: whose cameras it drives.
        version: that is installed and usable; None if there is none. "unknown" if the package does not say.
        problem: why it is not usable; None if it is.
        install: how to get it.
    """

    name: str
    cameras: tuple[Camera, ...]
    version: str | None
    problem: str | None
    install: str


class Batch(NamedTuple):
    """What a driver hands out at a time.

    Attributes:
        events: structured array with fields that ``EventSink.push`` knows, or None; not valid after the next batch.
        packets: transfers that they came in.
        lost: transfers that the driver had to drop since the last batch.
    """

    events: np.ndarray | None
    packets: int = 1
    lost: int = 0


class Device(Protocol):
    """An open camera. Used by one thread at a time."""

    @property
    def info(self) -> CameraInfo:
        """Which one it is."""

    @property
    def shape(self) -> tuple[int, int]:
        """(width, height) in pixels."""

    def batches(self) -> Iterator[Batch | None]:
        """What comes in, and None at least every 100 ms if nothing does. Ends once the camera is gone.

        Raises:
            CameraDisconnected: instead of ending, where the driver says why.
        """

    def close(self) -> None:
        """Release the camera. May be called again."""


class Driver(ABC):
    """A driver package, imported when it is used."""

    name: str
    cameras: tuple[Camera, ...]
    install: str
    oldest: tuple[int, ...] = ()

    @abstractmethod
    def module(self) -> Any:
        """Import the package.

        Raises:
            ImportError: if it is not installed or does not load.
        """

    @abstractmethod
    def list_cameras(self) -> list[CameraInfo]:
        """Connected cameras.

        Raises:
            OSError: if the driver cannot tell.
        """

    @abstractmethod
    def open(self, info: CameraInfo) -> Device:
        """Open a camera that was listed, so that events come.

        Raises:
            OSError: saying why it cannot be opened.
        """

    def version(self) -> str:
        """The installed version, once the package was imported.

        Raises:
            ImportError: if it is not installed, too old or does not load.
        """
        try:
            found = metadata.version(self.name)
        except metadata.PackageNotFoundError:
            found = "unknown"
        numbers = tuple(map(int, re.findall(r"\d+", found)))[: len(self.oldest)]
        if numbers and numbers < self.oldest:
            raise ImportError(f"version {found} is too old: {'.'.join(map(str, self.oldest))} or newer is needed")
        self.module()
        return found


def one_line(error: BaseException) -> str:
    """The message of a driver's exception without source positions and stack traces, or its type if it has none."""
    text = str(error).split("Stacktrace", 1)[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = [line.split("RuntimeError: ", 1)[1] for line in lines if "RuntimeError: " in line]
    return (said or [" ".join(lines)])[0] or type(error).__name__
