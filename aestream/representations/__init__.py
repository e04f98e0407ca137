"""What a window of events becomes: one dense tensor."""

from aestream.representations.base import (
    Accumulated,
    AnyEvents,
    Representation,
    as_records,
    is_plain,
    representation_from_dict,
)
from aestream.representations.frame import Frame
from aestream.representations.stacked_histogram import MixedDensity, StackedHistogram
from aestream.representations.steps import Concat, Steps
from aestream.representations.time_surface import EventImage, LatestTime, TimeSurface
from aestream.representations.tore import AveragedTimeSurface, Tore
from aestream.representations.voxel_grid import VoxelGrid

__all__ = [
    "Accumulated",
    "AnyEvents",
    "AveragedTimeSurface",
    "Concat",
    "EventImage",
    "Frame",
    "LatestTime",
    "MixedDensity",
    "Representation",
    "StackedHistogram",
    "Steps",
    "TimeSurface",
    "Tore",
    "VoxelGrid",
    "as_records",
    "is_plain",
    "representation_from_dict",
]
