"""Finite, indexable recordings and data sets. Each is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aestream.datasets.asl_dvs import ASLDVS as ASLDVS
    from aestream.datasets.chunks import SequenceBatch as SequenceBatch
    from aestream.datasets.cifar10_dvs import CIFAR10DVS as CIFAR10DVS
    from aestream.datasets.collate import PaddedBatch as PaddedBatch
    from aestream.datasets.collate import collate_padded as collate_padded
    from aestream.datasets.doctor import DoctorReport as DoctorReport
    from aestream.datasets.doctor import examine as examine
    from aestream.datasets.dsec import DSEC as DSEC
    from aestream.datasets.dvs_gesture import DVSGesture as DVSGesture
    from aestream.datasets.dvs_lip import DVSLip as DVSLip
    from aestream.datasets.folder import EventFolder as EventFolder
    from aestream.datasets.gen1 import Gen1Detection as Gen1Detection
    from aestream.datasets.loader import EventLoader as EventLoader
    from aestream.datasets.mvsec import MVSEC as MVSEC
    from aestream.datasets.n_caltech101 import NCaltech101 as NCaltech101
    from aestream.datasets.n_cars import NCars as NCars
    from aestream.datasets.n_mnist import NMNIST as NMNIST
    from aestream.datasets.one_megapixel import OneMegapixelDetection as OneMegapixelDetection
    from aestream.datasets.recordings import Part as Part
    from aestream.datasets.recordings import RecordingDataset as RecordingDataset
    from aestream.datasets.sequences import MixedSampler as MixedSampler
    from aestream.datasets.sequences import SequenceSampler as SequenceSampler
    from aestream.datasets.shd import SHD as SHD
    from aestream.datasets.splits import split_by_recording as split_by_recording
    from aestream.datasets.ssc import SSC as SSC
    from aestream.prepared.dataset import PreparedDataset as PreparedDataset
    from aestream.prepared.prepare import PrepareReport as PrepareReport
    from aestream.prepared.prepare import prepare as prepare
    from aestream.prepared.rvt import export_rvt as export_rvt
    from aestream.prepared.rvt_labels import rvt_labels as rvt_labels
    from aestream.prepared.rvt_labels import rvt_windows as rvt_windows
    from aestream.prepared.webdataset import export_webdataset as export_webdataset

_MODULES = {
    "EventLoader": "loader",
    "MixedSampler": "sequences",
    "SequenceSampler": "sequences",
    "SequenceBatch": "chunks",
    "PaddedBatch": "collate",
    "collate_padded": "collate",
    "DoctorReport": "doctor",
    "examine": "doctor",
    "ASLDVS": "asl_dvs",
    "CIFAR10DVS": "cifar10_dvs",
    "DSEC": "dsec",
    "DVSGesture": "dvs_gesture",
    "DVSLip": "dvs_lip",
    "EventFolder": "folder",
    "Gen1Detection": "gen1",
    "MVSEC": "mvsec",
    "NCaltech101": "n_caltech101",
    "NCars": "n_cars",
    "NMNIST": "n_mnist",
    "OneMegapixelDetection": "one_megapixel",
    "Part": "recordings",
    "RecordingDataset": "recordings",
    "SHD": "shd",
    "SSC": "ssc",
    "split_by_recording": "splits",
}
_PREPARED = {
    "PrepareReport": "prepare",
    "PreparedDataset": "dataset",
    "export_rvt": "rvt",
    "export_webdataset": "webdataset",
    "prepare": "prepare",
    "rvt_labels": "rvt_labels",
    "rvt_windows": "rvt_labels",
}


def __getattr__(name: str) -> Any:
    if name in _PREPARED:
        return getattr(import_module(f"aestream.prepared.{_PREPARED[name]}"), name)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_PREPARED})
