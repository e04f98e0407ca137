"""Load, stream and train on event-camera data with PyTorch."""

from aestream.accumulate import accumulate
from aestream.backends import Backend
from aestream.camera_frames import CameraFrame, CameraFrames
from aestream.datasets.file import FileInput
from aestream.datasets.windows import windows_before
from aestream.errors import CameraDisconnected, CameraNotFound, FormatError, TruncatedFileWarning
from aestream.events import EVENT_DTYPE, IMU_DTYPE, TRIGGER_DTYPE, EventBatch, Events, collate_events
from aestream.io import Writer, save
from aestream.representations import Concat, Frame, Steps, VoxelGrid
from aestream.streams.base import EventStream
from aestream.streams.drivers.driver import Camera, CameraInfo, DriverInfo
from aestream.streams.drivers.find import drivers, list_cameras
from aestream.streams.session import StreamStats
from aestream.streams.speck import SpeckInput
from aestream.streams.udp import UDPInput, UDPOutput
from aestream.streams.usb import USBInput

__all__ = [
    "EVENT_DTYPE",
    "IMU_DTYPE",
    "TRIGGER_DTYPE",
    "Backend",
    "Camera",
    "CameraDisconnected",
    "CameraFrame",
    "CameraFrames",
    "CameraInfo",
    "CameraNotFound",
    "DriverInfo",
    "EventBatch",
    "EventStream",
    "Events",
    "FileInput",
    "Concat",
    "FormatError",
    "Frame",
    "SpeckInput",
    "Steps",
    "StreamStats",
    "TruncatedFileWarning",
    "UDPInput",
    "UDPOutput",
    "USBInput",
    "VoxelGrid",
    "Writer",
    "accumulate",
    "collate_events",
    "drivers",
    "list_cameras",
    "save",
    "windows_before",
]
