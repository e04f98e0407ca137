"""Datasets prepared once: shards on a disk, made on threads or on a cluster, and read at the speed of memory."""

from aestream.prepared.dataset import PreparedDataset
from aestream.prepared.prepare import Failure, PrepareReport, prepare

__all__ = ["Failure", "PrepareReport", "PreparedDataset", "prepare"]
