"""Load, stream and train on event-camera data with PyTorch."""

from aestream.accumulate import accumulate
from aestream.backends import Backend
from aestream.datasets.file import FileInput
from aestream.errors import FormatError, TruncatedFileWarning
from aestream.events import EVENT_DTYPE, TRIGGER_DTYPE, EventBatch, Events, collate_events
from aestream.io import save
from aestream.representations import Frame, VoxelGrid
from aestream.streams.base import EventStream
from aestream.streams.session import StreamStats
from aestream.streams.speck import SpeckInput
from aestream.streams.udp import UDPInput, UDPOutput

__all__ = [
    "EVENT_DTYPE",
    "TRIGGER_DTYPE",
    "Backend",
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
    "accumulate",
    "collate_events",
    "save",
]
