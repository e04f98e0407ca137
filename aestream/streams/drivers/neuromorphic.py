"""Prophesee's EVK3 and EVK4, and iniVation's DAVIS346 and DVXplorer, through neuromorphic-drivers."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from aestream.errors import CameraDisconnected
from aestream.streams.drivers.driver import Batch, Camera, CameraInfo, Driver, one_line

_PATIENCE_S = 0.05  # how long the iterator waits for events
_FAILURES = 1000  # one after the other, and no events between them: the camera is gone
_NO_USB = "Other error"  # what the driver says where there is no USB at all


class NeuromorphicDrivers(Driver):
    """https://pypi.org/project/neuromorphic-drivers."""

    name = "neuromorphic-drivers"
    cameras = (Camera.Prophesee, Camera.Inivation)
    install = "pip install 'aestream[prophesee]'"
    oldest = (0, 18, 2)

    def module(self) -> Any:
        return importlib.import_module("neuromorphic_drivers")

    def list_cameras(self) -> list[CameraInfo]:
        try:
            found = self.module().list_devices()
        except RuntimeError as error:
            if str(error) == _NO_USB:
                return []
            raise OSError(f"{self.name} cannot list cameras: {one_line(error)}") from error
        return [
            CameraInfo(device.name.value, device.serial, self.name, _maker(device.name.value), device.error)
            for device in found
        ]

    def open(self, info: CameraInfo) -> NeuromorphicDevice:
        if info.problem is not None:
            raise OSError(info.problem)
        try:
            device = self.module().open(serial=info.serial, iterator_timeout=_PATIENCE_S)
        except RuntimeError as error:
            raise OSError(one_line(error)) from error
        return NeuromorphicDevice(device, info)


class NeuromorphicDevice:
    """An open camera. The driver holds the interpreter while it opens (seconds) and closes one, but not in between."""

    def __init__(self, device: Any, info: CameraInfo) -> None:
        self._device = device
        self.info = info
        properties = device.properties()
        self.shape = (int(properties.width), int(properties.height))

    def batches(self) -> Iterator[Batch | None]:
        packets, dropped = iter(self._device), 0
        failure: RuntimeError | None = None
        failures = 0
        while failures < _FAILURES:
            try:
                status, packet = next(packets)
            except RuntimeError as error:  # comes early, once per transfer: what was buffered is behind it
                failure, failures = error, failures + 1
                yield None
                continue
            if status.ring is None:
                if failure is not None:
                    break
                yield None
                continue
            failures = 0
            events = None if packet is None else packet.polarity_events
            yield Batch(events, status.ring.raw_packets, status.ring.dropped_packets - dropped)
            dropped = status.ring.dropped_packets
        raise CameraDisconnected(f"{self.info} was unplugged or failed: {failure}") from failure

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # it may be unplugged
            self._device.close()


def _maker(name: str) -> Camera:
    return Camera.Inivation if name.startswith("iniVation") else Camera.Prophesee
