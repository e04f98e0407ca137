"""Transforms of events before they become a representation: functions of a sample, random by address."""

from aestream.transforms.base import Sample, Transform

__all__ = ["Sample", "Transform"]
