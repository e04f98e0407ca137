"""Prophesee's cameras, through the Python modules of the Metavision SDK or OpenEB 5."""

from __future__ import annotations

import contextlib
import importlib
import queue
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from aestream.errors import CameraDisconnected
from aestream.streams.drivers.driver import Batch, Camera, CameraInfo, Driver, one_line

_SLICE_US = 10_000  # of the camera's time that the iterator hands out at once
_QUEUED = 64  # slices between the iterator's thread and ours
_PATIENCE_S = 0.05
_FAREWELL_S = 2.0  # how long a stopped iterator may take to return


class Metavision(Driver):
    """https://docs.prophesee.ai: ``metavision_core`` and ``metavision_hal``. PyPI's ``metavision`` is not it."""

    name = "metavision_core"
    cameras = (Camera.Prophesee,)
    install = "install the Metavision SDK or OpenEB 5 with its Python modules"

    def module(self) -> Any:
        importlib.import_module("metavision_hal")
        return importlib.import_module("metavision_core.event_io")

    def list_cameras(self) -> list[CameraInfo]:
        try:
            found = importlib.import_module("metavision_hal").DeviceDiscovery.list()
        except RuntimeError as error:
            raise OSError(f"{self.name} cannot list cameras: {one_line(error)}") from error
        return [self._info(identifier) for identifier in found]

    def _info(self, identifier: str) -> CameraInfo:
        """Of "Prophesee:hal_plugin_imx636_evk4:00ca0009"."""
        *name, serial = identifier.split(":")
        return CameraInfo(" ".join(name) or "camera", serial, self.name, Camera.Prophesee)

    def open(self, info: CameraInfo) -> MetavisionDevice:
        readers = importlib.import_module("metavision_core.event_io.raw_reader")
        try:
            device = readers.initiate_device(info.serial or "", do_time_shifting=False)
            events = self.module().EventsIterator.from_device(device, mode="delta_t", delta_t=_SLICE_US)
        except (OSError, RuntimeError) as error:
            raise OSError(one_line(error)) from error
        return MetavisionDevice(device, events, info)


class MetavisionDevice:
    """An open camera. Its iterator waits for events without end, so a thread of its own does that.

    A closed iterator that does not return keeps its thread, and the camera, until the process ends.
    """

    def __init__(self, device: Any, events: Any, info: CameraInfo) -> None:
        self._device = device
        self._slices: queue.Queue[np.ndarray | BaseException | None] = queue.Queue(_QUEUED)
        self._closing = threading.Event()
        self.info = info
        height, width = events.get_size()
        self.shape = (int(width), int(height))
        arguments = (iter(events), self._slices, self._closing)
        self._thread = threading.Thread(target=_collect, args=arguments, name="aestream metavision", daemon=True)
        self._thread.start()

    def batches(self) -> Iterator[Batch | None]:
        while not self._closing.is_set():
            try:
                found = self._slices.get(timeout=_PATIENCE_S)
            except queue.Empty:
                yield None
                continue
            if found is None:
                return
            if isinstance(found, BaseException):
                raise CameraDisconnected(f"{self.info}: {one_line(found)}") from found
            yield Batch(found)

    def close(self) -> None:
        if not self._closing.is_set():
            self._closing.set()
            with contextlib.suppress(RuntimeError):  # it may be unplugged
                self._device.get_i_events_stream().stop()  # wakes the iterator
            self._thread.join(_FAREWELL_S)


def _collect(
    events: Iterator[np.ndarray],
    slices: queue.Queue[np.ndarray | BaseException | None],
    closing: threading.Event,
) -> None:
    """Copies, since a slice is valid only until the next one; then None, or what went wrong."""
    last: BaseException | None = None
    try:
        for found in events:
            if not _put(slices, found.copy(), closing):
                return
    except Exception as error:
        last = error
    _put(slices, last, closing)


def _put(
    slices: queue.Queue[np.ndarray | BaseException | None],
    item: np.ndarray | BaseException | None,
    closing: threading.Event,
) -> bool:
    while not closing.is_set():
        try:
            slices.put(item, timeout=_PATIENCE_S)
        except queue.Full:
            continue
        return True
    return False
