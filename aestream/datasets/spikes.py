"""What the Heidelberg spiking data sets share: all recordings of a split in one HDF5 file. zenkelab.org"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aestream.datasets.published import Archive
from aestream.datasets.recordings import Part, RecordingDataset
from aestream.formats.hdf5_spikes import read_spike_labels

LICENCE = "CC BY 4.0"
CITATION = (
    "Cramer, Stradmann, Schemmel, Zenke: The Heidelberg Spiking Data Sets for the Systematic Evaluation of Spiking "
    "Neural Networks. IEEE Transactions on Neural Networks and Learning Systems, 2020"
)
PAGE = "https://zenkelab.org/resources/spiking-heidelberg-datasets-shd/"
SHAPE = (700, 1)
# Address and list of hashes: as in the publishers' notebooks, github.com/fzenke/spytorch.
_FILES = "https://zenkelab.org/datasets/"


def archive(name: str) -> Archive:
    """The packed file of a split, whose hash the publishers list."""
    return Archive(f"{name}.gz", url=f"{_FILES}{name}.gz", md5_url=f"{_FILES}md5sums.txt")


class SpikeDataset(RecordingDataset):
    """The recordings of one HDF5 file of spikes: x is the unit from 0 to 699, y is 0, every spike is ON.

    Times are those of the file, float16 seconds rounded to µs: near 1 s they resolve half a millisecond.

    Raises:
        ValueError: if the file has not as many labels as recordings, or a label without a name.
        FormatError: if it is no file of spikes.
    """

    def __init__(self, path: Path, **options: Any) -> None:
        labels, names = read_spike_labels(str(path))
        items = [(Part(str(path), number), None, label) for number, label in enumerate(labels)]
        super().__init__(items, SHAPE, classes=names, root=path.parent, **options)
