"""iniVation's cameras, through dv-processing."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aestream.errors import CameraDisconnected
from aestream.streams.drivers.driver import Batch, Camera, CameraInfo, Driver, one_line

_PAUSE_S = 0.0005  # between looks at a driver that has nothing


class DvProcessing(Driver):
    """https://pypi.org/project/dv-processing. DAVIS, DVXplorer, DVXplorer Micro and DVS128."""

    name = "dv-processing"
    cameras = (Camera.Inivation,)
    install = "pip install 'aestream[inivation]'"
    oldest = (2,)

    def module(self) -> Any:
        return importlib.import_module("dv_processing")

    def list_cameras(self) -> list[CameraInfo]:
        try:
            found = self.module().io.camera.discover()
        except RuntimeError as error:
            raise OSError(f"{self.name} cannot list cameras: {one_line(error)}") from error
        return [
            CameraInfo(descriptor.cameraModel.name, descriptor.serialNumber or None, self.name, Camera.Inivation)
            for descriptor in found
        ]

    def open(self, info: CameraInfo) -> DvDevice:
        camera = self.module().io.camera
        try:
            opened = camera.open() if info.serial is None else camera.open(info.serial)
        except (RuntimeError, IndexError) as error:  # an IndexError where there is no camera at all
            raise OSError(one_line(error)) from error
        model = opened.getCameraName().removesuffix(f"_{info.serial}")  # of "DAVIS346_00000042"
        return DvDevice(opened, replace(info, name=model))


class DvDevice:
    """A camera, or another input of dv-processing: a recording, a NetworkReader.

    The driver gives out 10 ms of events when the next ones have begun, and never those before an unplug. It keeps 256
    of these batches and drops what comes when nobody takes them, without telling.
    """

    def __init__(self, source: Any, info: CameraInfo) -> None:
        self._source = source
        self.info = info
        width, height = source.getEventResolution()
        self.shape = (int(width), int(height))

    def batches(self) -> Iterator[Batch | None]:
        while self._source is not None:
            was_running = self._source.isRunning()  # before the read: what came before an unplug is still to be read
            try:
                store = self._source.getNextEventBatch()
            except RuntimeError as error:
                raise CameraDisconnected(f"{self.info}: {one_line(error)}") from error
            if store is not None:
                yield Batch(store.numpy())
            elif was_running:
                yield None
                time.sleep(_PAUSE_S)
            else:
                return

    def close(self) -> None:
        self._source = None  # there is no close(): the camera is released with its last reference
