"""Prepare a folder of recordings on a cluster of dask's, here on this machine, then read an epoch of the shards.

python recipes/preprocess.py                      # cuts of the recording that ships, into a temporary folder
python recipes/preprocess.py RECORDINGS SHARDS    # a folder per class
python recipes/preprocess.py RECORDINGS SHARDS --scheduler tcp://10.0.0.1:8786
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from distributed import Client, LocalCluster
from torch.utils.data import DataLoader

import aestream
from aestream.data import demo_recording
from aestream.datasets import EventFolder, PreparedDataset, prepare


def cut_demo(folder: Path, seconds: float = 0.2) -> Path:
    """A folder of two classes, early and late, of short cuts of the recording that ships."""
    file = aestream.FileInput(demo_recording())
    length, middle = int(seconds * 1e6), (file.t_start + file.t_stop) // 2
    for start in range(file.t_start, file.t_stop, length):
        path = folder / ("early" if start < middle else "late") / f"{start}.aedat4"
        path.parent.mkdir(parents=True, exist_ok=True)
        aestream.save(path, file.slice(start, start + length), file.shape)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="?", type=Path, help="a folder per class")
    parser.add_argument("shards", nargs="?", type=Path, help="where the shards go")
    parser.add_argument("--scheduler", help="address of a running scheduler; a cluster on this machine without it")
    parser.add_argument("--workers", type=int, default=2, help="processes of the cluster on this machine")
    parser.add_argument("--window-ms", type=float, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        recordings = arguments.recordings or cut_demo(Path(temporary) / "recordings")
        shards = arguments.shards or Path(temporary) / "shards"
        dataset = EventFolder(recordings, window_us=int(arguments.window_ms * 1000))
        if arguments.scheduler is not None:
            with Client(arguments.scheduler) as client:
                print(prepare(dataset, shards, client=client, what="tensors"))
        else:
            options = {"n_workers": arguments.workers, "threads_per_worker": 1, "dashboard_address": None}
            with LocalCluster(**options) as cluster, Client(cluster) as client:
                print(prepare(dataset, shards, client=client, what="tensors"))
        began, items = time.perf_counter(), 0
        for frames, _ in DataLoader(PreparedDataset(shards), batch_size=32, shuffle=True):
            items += len(frames)
        print(f"an epoch of {items} items: {items / (time.perf_counter() - began):.0f} items/s")


if __name__ == "__main__":
    main()
