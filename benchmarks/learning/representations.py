"""Each representation of windows of 50 ms in memory, against the fastest peers, and clearing and reading alone."""

from __future__ import annotations

from benchmarks.contests import WINDOW_50_MS, Contender, Contest
from benchmarks.learning.scale import Scale

TAU_US = 30_000
FRAME = {"type": "Frame", "polarity": "split", "dtype": "float32", "clip": None}
GRID = {"type": "VoxelGrid", "bins": 10, "span": "window", "align": "edges", "polarity": "signed", "normalize": None}
SURFACE = {"type": "TimeSurface", "tau_us": TAU_US, "decay": "exponential", "polarity": "split"}
PLAIN, RVT = ("numba", "plain"), ("RVT's in torch", "rvt_torch")
EVUTILS, TONIC = ("evutils", "evutils_dense"), ("tonic", "tonic_dense")

# row, parameters, peers: (label, adapter)
ROWS = (
    ("Frame", FRAME, (PLAIN, EVUTILS, TONIC)),
    ("Frame, uint8", FRAME | {"dtype": "uint8"}, (PLAIN, EVUTILS)),
    ("Frame, difference", FRAME | {"polarity": "difference"}, (PLAIN, EVUTILS)),
    ("VoxelGrid, 10 bins", GRID, (PLAIN,)),
    ("VoxelGrid.e2vid, 5 bins", GRID | {"bins": 5, "span": "events"}, (PLAIN,)),
    ("VoxelGrid.eraft, 15 bins", GRID | {"bins": 15, "span": "events", "normalize": "residue"}, (PLAIN,)),
    ("VoxelGrid.event_cube, 10 bins", GRID | {"align": "centers", "polarity": "cube"}, (PLAIN,)),
    ("StackedHistogram.rvt", {"type": "StackedHistogram", "bins": 10, "cutoff": 10}, (PLAIN, RVT)),
    ("MixedDensity", {"type": "MixedDensity", "bins": 10, "cutoff": 32}, (PLAIN,)),
    ("TimeSurface", SURFACE, (PLAIN, TONIC)),
    ("TimeSurface, signed, to the last event", SURFACE | {"polarity": "signed"}, (PLAIN, EVUTILS)),
    ("LatestTime", {"type": "LatestTime", "polarity": "split"}, (PLAIN,)),
    ("EventImage", {"type": "EventImage"}, (PLAIN,)),
    ("Tore, k = 8", {"type": "Tore", "k": 8, "min_age_us": 150, "max_age_us": 5_000_000}, (PLAIN,)),
    ("AveragedTimeSurface", {"type": "AveragedTimeSurface", "cell": 10, "radius": 2, "tau_us": TAU_US}, (PLAIN,)),
    ("Steps(Frame, 5)", {"type": "Steps", "representation": FRAME, "steps": 5}, (PLAIN,)),
    ("Concat(Frame, TimeSurface)", {"type": "Concat", "members": [FRAME, SURFACE]}, (PLAIN,)),
)


def contests(scale: Scale) -> list[Contest]:
    """A row for each representation and sensor."""
    return [
        contest
        for name, file in (("346x260", "dat_davis.dat"), ("1280x720", "dat.dat"))
        for contest in _of_sensor(name, scale.generated(file), scale.windows)
    ]


def _of_sensor(name: str, facts: dict, every: int) -> list[Contest]:
    found = []
    for row, parameters, peers in ROWS:
        windows = 2 if parameters["type"] == "AveragedTimeSurface" else every
        args = {"representation": parameters, "shape": facts["shape"], "window_us": WINDOW_50_MS, "windows": windows}
        contenders = (
            Contender("aestream", "ours_dense", "dense", "ours"),
            *(Contender(label, module, "dense") for label, module in peers),
            Contender("limit: clear the tensor, read the events", "ours_dense", "clear_and_read", "limit"),
        )
        common = (facts["path"], windows, "tensors", {}, contenders, "ms")
        args["to_last"] = "to the last" in row
        found.append(Contest(f"representations, {name}", row, *common, args=args))
    return found
