"""Finding a camera: through the drivers that are installed, in order, and saying in full why none was found."""

from __future__ import annotations

from dataclasses import dataclass, field

from aestream.errors import CameraNotFound
from aestream.streams.drivers.driver import Camera, CameraInfo, Device, Driver, DriverInfo
from aestream.streams.drivers.dv import DvProcessing
from aestream.streams.drivers.metavision import Metavision
from aestream.streams.drivers.neuromorphic import NeuromorphicDrivers

#: A camera that several can drive is opened by the first of them.
DRIVERS: tuple[Driver, ...] = (DvProcessing(), NeuromorphicDrivers(), Metavision())

_MAKERS = {
    None: "camera of iniVation or Prophesee",
    Camera.Inivation: "camera of iniVation",
    Camera.Prophesee: "camera of Prophesee",
}


def describe_drivers() -> tuple[DriverInfo, ...]:
    """The driver packages, in the order in which they are asked, and which are usable; imports those installed."""
    return tuple(_describe(driver) for driver in DRIVERS)


def list_cameras() -> tuple[CameraInfo, ...]:
    """The cameras that are connected, as the usable drivers see them; one that two drivers see is there twice.

    Raises:
        OSError: if a driver cannot tell.
    """
    usable = [driver for driver in DRIVERS if _describe(driver).version is not None]
    return tuple(info for driver in usable for info in driver.list_cameras())


def open_camera(camera: Camera | None = None, serial: str | None = None) -> Device:
    """Open the first camera of that maker and serial number; None: any.

    Raises:
        CameraNotFound: if there is none that can be opened.
    """
    search = _Search(camera, serial)
    for driver in DRIVERS:
        if camera is None or camera in driver.cameras:
            device = search.ask(driver)
            if device is not None:
                return device
    raise CameraNotFound(search.report())


@dataclass
class _Search:
    """What is looked for, and what was found on the way."""

    camera: Camera | None
    serial: str | None
    asked: list[str] = field(default_factory=list)
    unusable: list[DriverInfo] = field(default_factory=list)
    others: dict[str, None] = field(default_factory=dict)  # connected, but not what is looked for; in order
    failed: dict[str | None, str] = field(default_factory=dict)  # serial number or driver: what went wrong

    def ask(self, driver: Driver) -> Device | None:
        """The camera, if this driver has it."""
        description = _describe(driver)
        if description.version is None:
            self.unusable.append(description)
            return None
        self.asked.append(f"{driver.name} {description.version}")
        try:
            listed = driver.list_cameras()
        except OSError as error:
            self.failed[driver.name] = str(error)
            return None
        for info in listed:
            if not self._is_wanted(info):
                self.others[str(info)] = None
            elif info.serial not in self.failed:  # another driver would not do better, and might hang
                try:
                    return driver.open(info)
                except OSError as error:
                    self.failed[info.serial] = f"{info} cannot be opened ({driver.name}): {error}"
        return None

    def _is_wanted(self, info: CameraInfo) -> bool:
        return self.camera in (None, info.camera) and self.serial in (None, info.serial)

    def report(self) -> str:
        """Why there is no camera, and what to do."""
        wanted = _MAKERS[self.camera] + ("" if self.serial is None else f" with serial number {self.serial!r}")
        if self.asked:
            parts = [*self.failed.values()] or [f"no {wanted} is connected"]
            parts += [f"connected: {', '.join(self.others)}"] if self.others else []
            parts.append(f"looked with {', '.join(self.asked)}")
        else:
            parts = [f"no driver is usable to look for a {wanted}"]
        parts += [f"without {one.name}: {one.problem} ({one.install})" for one in self.unusable]
        return "; ".join(parts)


def _describe(driver: Driver) -> DriverInfo:
    try:
        return DriverInfo(driver.name, driver.cameras, driver.version(), None, driver.install)
    except ImportError as error:
        return DriverInfo(driver.name, driver.cameras, None, str(error), driver.install)
