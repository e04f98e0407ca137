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
from aestream.representations.steps import Concat, Steps
from aestream.representations.voxel_grid import VoxelGrid

__all__ = [
    "Accumulated",
    "AnyEvents",
    "Concat",
    "Frame",
    "Representation",
    "Steps",
    "VoxelGrid",
    "as_records",
    "is_plain",
    "representation_from_dict",
]
