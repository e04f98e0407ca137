"""Load, stream and train on event-camera data with PyTorch."""

from aestream.accumulate import accumulate
from aestream.backends import Backend
from aestream.camera_frames import CameraFrame, CameraFrames
from aestream.datasets.file import FileInput
from aestream.errors import FormatError, TruncatedFileWarning
from aestream.events import EVENT_DTYPE, IMU_DTYPE, TRIGGER_DTYPE, EventBatch, Events, collate_events
from aestream.io import Writer, save
from aestream.representations import Frame, VoxelGrid
from aestream.streams.base import EventStream
from aestream.streams.session import StreamStats
from aestream.streams.speck import SpeckInput
from aestream.streams.udp import UDPInput, UDPOutput

__all__ = [
    "EVENT_DTYPE",
    "IMU_DTYPE",
    "TRIGGER_DTYPE",
    "Backend",
    "CameraFrame",
    "CameraFrames",
    "EventBatch",
    "EventStream",
    "Events",
    "FileInput",
    "FormatError",
    "Frame",
    "SpeckInput",
    "StreamStats",
    "TruncatedFileWarning",
    "UDPInput",
    "UDPOutput",
    "VoxelGrid",
    "Writer",
    "accumulate",
    "collate_events",
    "save",
]
