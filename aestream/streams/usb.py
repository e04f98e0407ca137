"""Events from cameras: USBInput, with any driver that is a Python package."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, Literal

import torch
from typing_extensions import Unpack

import aestream._core as _core
from aestream.errors import CameraDisconnected
from aestream.options import StreamOptions, takes
from aestream.streams.base import EventStream
from aestream.streams.drivers.driver import Camera, CameraInfo, Device
from aestream.streams.drivers.find import open_camera
from aestream.streams.thread_source import ThreadSource


@takes(StreamOptions)
class USBInput(EventStream):
    """Events from a camera: ``with USBInput((640, 480)) as stream: stream.read()``.

    A camera needs a driver: ``pip install 'aestream[inivation]'`` or ``'aestream[prophesee]'``, or the Python modules
    of the Metavision SDK or OpenEB; see ``aestream.drivers()`` and ``aestream.list_cameras()``. Times are the driver's:
    dv-processing gives microseconds since 1970, the others since the camera was started.

    Transfers that a driver had to drop count as ``stats.kernel_drops``. dv-processing does not tell what it drops, and
    keeps the latest 10 ms of events until more come.

    Args:
        shape: sensor (width, height) in pixels.
        device: …
        camera: Camera.Inivation or Camera.Prophesee; None: the first one found of either.
        serial: its serial number, as ``list_cameras()`` says it; None: the first one found.
        on_disconnect: what happens when the camera is unplugged, once all that came before was delivered: "raise" a
            CameraDisconnected, or "stop" as if the stream had ended.
        **options: keyword arguments, as of every ``EventStream``:

    Raises:
        ValueError: if an argument is out of range, or, when the stream is opened, if the camera has another shape.
        CameraNotFound: when the stream is opened, if there is no such camera or it cannot be opened.
        CameraDisconnected: while reading or iterating, if the camera was unplugged.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        device: torch.device | str | None = "cpu",
        camera: Camera | None = None,
        *,
        serial: str | None = None,
        on_disconnect: Literal["raise", "stop"] = "raise",
        **options: Unpack[StreamOptions],
    ) -> None:
        super().__init__(shape, device, **options)
        if camera is not None and not isinstance(camera, Camera):
            raise ValueError(f"camera must be Camera.Inivation, Camera.Prophesee or None; got {camera!r}")
        if serial is not None and not isinstance(serial, str):
            raise ValueError(f"serial must be a string or None; got {serial!r}")
        if on_disconnect not in ("raise", "stop"):
            raise ValueError(f'on_disconnect must be "raise" or "stop"; got {on_disconnect!r}')
        self.camera = camera
        self.serial = serial
        self.on_disconnect = on_disconnect
        self._info: CameraInfo | None = None

    @property
    def info(self) -> CameraInfo | None:
        """The camera that was opened; None before."""
        return self._info

    def _open(self, sink: _core.EventSink) -> ThreadSource:
        device = open_camera(self.camera, self.serial)
        try:
            if device.shape != self.shape:
                (width, height), (wanted_width, wanted_height) = device.shape, self.shape
                raise ValueError(f"{device.info} has {width}x{height} pixels; got shape {wanted_width}x{wanted_height}")
            source = ThreadSource(sink, partial(_produce, device, self.on_disconnect == "raise"))
        except BaseException:
            device.close()
            raise
        self._info = device.info
        return source

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_info": None}

    def __repr__(self) -> str:
        maker = "any camera" if self.camera is None else f"{self.camera.name} camera"
        serial = "" if self.serial is None else f" {self.serial}"
        return f"USBInput({self.shape[0]}x{self.shape[1]}, {maker}{serial})"


def _produce(device: Device, raises: bool, sink: _core.EventSink, stopping: threading.Event) -> None:
    """Everything that the camera gives, until it is gone or nobody wants more."""
    try:
        for batch in device.batches():
            if batch is not None:
                if batch.events is not None:
                    sink.push(batch.events)
                sink.count_packets(batch.packets)
                sink.count_kernel_drops(batch.lost)
            if stopping.is_set():
                return
        reason = CameraDisconnected(f"{device.info} was unplugged or switched off")
    except CameraDisconnected as error:
        reason = error
    finally:
        device.close()
    if raises and not stopping.is_set():
        raise reason
