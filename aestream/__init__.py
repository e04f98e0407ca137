"""Load, stream and train on event-camera data with PyTorch."""

from importlib.metadata import version as _version

from aestream.accumulate import accumulate
from aestream.backends import Backend
from aestream.camera_frames import CameraFrame, CameraFrames
from aestream.convert import Converted, convert
from aestream.datasets.file import FileInput
from aestream.datasets.windows import windows_before
from aestream.errors import (
    CameraDisconnected,
    CameraNotFound,
    FormatError,
    IndexWarning,
    ShapeWarning,
    TimeUnitWarning,
    TruncatedFileWarning,
)
from aestream.events import EVENT_DTYPE, IMU_DTYPE, TRIGGER_DTYPE, Event, EventBatch, Events, collate_events
from aestream.gpu import GpuInfo, gpu
from aestream.io import Writer, save
from aestream.representations import (
    AveragedTimeSurface,
    Concat,
    EventImage,
    Frame,
    LatestTime,
    MixedDensity,
    StackedHistogram,
    Steps,
    TimeSurface,
    Tore,
    VoxelGrid,
)
from aestream.streams.base import EventStream
from aestream.streams.drivers.driver import Camera, CameraInfo, DriverInfo
from aestream.streams.drivers.find import list_cameras
from aestream.streams.drivers.names import drivers
from aestream.streams.session import StreamStats
from aestream.streams.speck import SpeckInput
from aestream.streams.udp import UDPInput, UDPOutput
from aestream.streams.usb import USBInput

__version__ = _version("aestream")

__all__ = [
    "EVENT_DTYPE",
    "IMU_DTYPE",
    "TRIGGER_DTYPE",
    "AveragedTimeSurface",
    "Backend",
    "Camera",
    "CameraDisconnected",
    "CameraFrame",
    "CameraFrames",
    "CameraInfo",
    "CameraNotFound",
    "Concat",
    "Converted",
    "DriverInfo",
    "Event",
    "EventBatch",
    "EventImage",
    "EventStream",
    "Events",
    "FileInput",
    "FormatError",
    "Frame",
    "GpuInfo",
    "LatestTime",
    "MixedDensity",
    "IndexWarning",
    "ShapeWarning",
    "TimeUnitWarning",
    "SpeckInput",
    "StackedHistogram",
    "Steps",
    "StreamStats",
    "TimeSurface",
    "Tore",
    "TruncatedFileWarning",
    "UDPInput",
    "UDPOutput",
    "USBInput",
    "VoxelGrid",
    "Writer",
    "accumulate",
    "collate_events",
    "convert",
    "drivers",
    "gpu",
    "list_cameras",
    "save",
    "windows_before",
]
