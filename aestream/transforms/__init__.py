"""Transforms of events before they become a representation: functions of a sample, random by address."""

from aestream.transforms.base import Sample, Transform, transform_from_dict
from aestream.transforms.compose import Compose
from aestream.transforms.geometry import (
    CenterCrop,
    Crop,
    Downsample,
    FlipPolarity,
    FlipX,
    FlipY,
    RandomCrop,
    Rotate90,
)
from aestream.transforms.noise import Denoise, DropArea, DropEvents, DropPixels, DropTime, HotPixels, Refractory
from aestream.transforms.pixels import MergePolarity, SpatialJitter, Undistort
from aestream.transforms.time import RandomTimeCrop, Sort, TimeJitter, TimeScale

__all__ = [
    "CenterCrop",
    "Compose",
    "Crop",
    "Denoise",
    "Downsample",
    "DropArea",
    "DropEvents",
    "DropPixels",
    "DropTime",
    "FlipPolarity",
    "FlipX",
    "FlipY",
    "HotPixels",
    "MergePolarity",
    "RandomCrop",
    "RandomTimeCrop",
    "Refractory",
    "Rotate90",
    "Sample",
    "Sort",
    "SpatialJitter",
    "TimeJitter",
    "TimeScale",
    "Transform",
    "Undistort",
    "transform_from_dict",
]
