"""export_rvt: a prepared folder in the layout that RVT (uzh-rpg/RVT) trains on.

A folder per recording, with the histograms in HDF5 and the boxes beside them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aestream.prepared.dataset import PreparedDataset
from aestream.prepared.unfinished import temporary_name
from aestream.representations import StackedHistogram

_BOX = np.dtype(
    {
        "names": ["t", "x", "y", "w", "h", "class_id", "track_id", "class_confidence"],
        "formats": ["<i8", "<f4", "<f4", "<f4", "<f4", "<u4", "<u4", "<f4"],
        "offsets": [0, 8, 12, 16, 20, 24, 28, 32],
        "itemsize": 40,
    }
)


def export_rvt(out: str | os.PathLike[str] | PreparedDataset, folder: str | os.PathLike[str]) -> list[str]:
    """Write prepared histograms and boxes as RVT's own preparation lays them out.

    ``<recording>/event_representations_v2/stacked_histogram_dt=50_nbins=10/event_representations.h5`` (or
    ``…_ds2_nearest.h5``) holds ``data`` uint8 ``[T, 2 · bins, H, W]``, Blosc with Zstandard, a chunk a window;
    ``timestamps_us.npy`` (the windows' ends) and ``objframe_idx_2_repr_idx.npy``. ``labels_v2`` holds ``labels.npz``
    and ``timestamps_us.npy``. A window without boxes is one without a label; a recording without windows is left out,
    as RVT leaves out one that has no labels behind its filters.

    Args:
        out: a folder that was prepared with ``what="tensors"``, ``StackedHistogram``, and the windows and boxes of
            `rvt_labels`, which filters as RVT does; or with windows of `rvt_windows`, and as targets structured arrays
            of boxes of your own (t, x, y, w, h, class_id, …), empty for windows without a label. They are written as
            they are.
        folder: made if it is not there.

    Returns:
        The folders of the recordings.

    Raises:
        ImportError: if h5py or hdf5plugin is missing (extra ``hdf5``).
        ValueError: if the folder holds something else; says what.
        OSError: if a file cannot be written.
    """
    dataset = out if isinstance(out, PreparedDataset) else PreparedDataset(out)
    histogram = dataset.representation
    if dataset.what != "tensors" or not isinstance(histogram, StackedHistogram) or not dataset.has_targets:
        raise ValueError(
            f"expected tensors of StackedHistogram with boxes, got {dataset.what} of {histogram!r}"
            f"{'' if dataset.has_targets else ' without targets'}"
        )
    written, first = [], 0
    for name, length in zip(dataset.recordings, dataset.recording_lengths.tolist(), strict=True):
        where = Path(folder) / os.path.splitext(name)[0].removesuffix("_td")
        if length > 0:
            _write(dataset, histogram, range(first, first + length), where)
            written.append(os.fspath(where))
        first += length
    return written


def _write(dataset: PreparedDataset, histogram: StackedHistogram, items: range, where: Path) -> None:
    import h5py
    import hdf5plugin

    ends = np.array([dataset.window(item)[1] - 1 for item in items], np.int64)
    length_us = ends[0] - dataset.window(items[0])[0]
    inside = where / "event_representations_v2" / f"stacked_histogram_dt={length_us // 1000}_nbins={histogram.bins}"
    inside.mkdir(parents=True, exist_ok=True)
    labels_folder = where / "labels_v2"
    labels_folder.mkdir(exist_ok=True)
    name = "event_representations" + ("" if histogram.downsample == 1 else f"_ds{histogram.downsample}_nearest")
    path = inside / f"{name}.h5"
    temporary = temporary_name(path)
    temporary.parent.mkdir(exist_ok=True)
    boxes, labelled = [], []
    try:
        with h5py.File(temporary, "w") as file:
            data: Any = None
            for row, item in enumerate(items):
                x, target = dataset[item][:2]
                if data is None:
                    shape = (len(items), *x.shape)
                    filters = hdf5plugin.Blosc(cname="zstd", clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
                    data = file.create_dataset("data", shape, "u1", chunks=(1, *x.shape), **filters)
                data[row] = x.cpu().numpy()
                if len(target):
                    boxes.append(_boxes(target, int(ends[row])))
                    labelled.append(row)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        temporary.parent.rmdir()
    np.save(inside / "timestamps_us.npy", ends)
    np.save(inside / "objframe_idx_2_repr_idx.npy", np.array(labelled, np.int64))
    np.save(labels_folder / "timestamps_us.npy", ends[labelled])
    starts = np.cumsum([0, *map(len, boxes)], dtype=np.int64)[:-1]
    np.savez(
        labels_folder / "labels.npz",
        labels=np.concatenate(boxes) if boxes else np.zeros(0, _BOX),
        objframe_idx_2_label_idx=starts,
    )


def _boxes(target: Any, time_us: int) -> npt.NDArray[Any]:
    """Rows of RVT's table of boxes; what a target does not say is 0, and its time the window's end."""
    if not isinstance(target, np.ndarray) or target.dtype.names is None:
        raise ValueError(
            f"expected boxes as a structured array with t, x, y, w, h, class_id; got {type(target).__name__}"
        )
    rows = np.zeros(len(target), _BOX)
    for name in _BOX.names or ():
        if name in target.dtype.names:
            rows[name] = target[name]
    if "t" not in target.dtype.names:
        rows["t"] = time_us
    return rows
