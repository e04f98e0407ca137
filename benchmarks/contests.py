"""What is measured: sections, rows, and who takes part in each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WINDOW_50_MS, WINDOW_10_MS, SLICE_US = 50_000, 10_000, 100_000
SLICE_STARTS = [1_200_000 + 683_000 * i for i in range(12)]
RECORDINGS = Path("../shared/recordings")
AEDAT4 = ("aedat4_none", "aedat4_lz4", "aedat4_zstd")
READERS = {
    "dat": ("evutils", "expelliarmus", "faery", "eventcv"),
    "evt2": ("evutils", "expelliarmus", "faery", "eventcv"),
    "evt21_legacy": ("evutils", "eventcv"),
    "evt21_little": ("evutils", "eventcv"),
    "evt3_scalar": ("evutils", "evt3", "faery", "eventcv", "expelliarmus"),
    "evt3_vectors": ("evutils", "evt3", "faery", "eventcv", "expelliarmus"),
    "evt3_camera": ("evutils", "evt3", "faery", "eventcv"),
    "evt3_chains": ("evutils", "evt3", "faery", "eventcv"),
    **dict.fromkeys(AEDAT4, ("evutils", "dv", "eventcv", "tonic", "aedat", "faery")),
    "csv": ("evutils", "faery", "eventcv"),
    "aedat2": ("evutils, its axes mirrored",),
    "aedat3": ("evutils",),
    "es": ("event_stream", "faery"),
    "dsec": ("h5py", "evutils"),
    "gzip": ("h5py", "evutils"),
    "ecf": ("evutils",),
}
RECORDED = {
    "evt3": ("evutils", "eventcv"),
    "evt2": ("evutils", "eventcv"),
    "dat": ("evutils", "eventcv"),
    "aedat4": ("dv", "eventcv"),
    "csv": ("evutils", "eventcv"),
}
WRITERS = {
    "evt3": ("faery", "evutils"),
    "evt2": ("expelliarmus", "faery", "evutils"),
    "dat": ("evutils", "expelliarmus", "faery"),
    "aedat4 lz4": ("dv", "faery"),
}
OTHER_WAYS = {  # label → module, operation
    "evutils, its axes mirrored": ("evutils", "load_mirrored"),
    "h5py": ("columns_h5", "load"),
}
SLICERS = {
    "dat": ("evutils", "eventcv", "faery"),
    "evt2": ("evutils", "eventcv", "faery"),
    "evt21_legacy": ("evutils",),
    "evt3_scalar": ("evutils", "eventcv", "faery"),
    "evt3_vectors": ("evutils", "eventcv", "faery"),
    **dict.fromkeys(AEDAT4, ("evutils", "eventcv", "dv", "faery")),
    "csv": ("evutils", "eventcv", "faery"),
}


@dataclass(frozen=True)
class Contender:
    """Who, with which operation of its adapter; `kind` says what the row counts as."""

    label: str
    module: str
    op: str
    kind: str = (
        "peer"  # "ours", "ours_variant", "peer", "other" (shown, not the base of a ratio), "limit", "base" (other work)
    )
    args: dict[str, Any] = field(default_factory=dict)
    signed: bool = False  # hands out ON minus OFF
    differs: str = ""  # on purpose, why its tensors are not the others'; it is timed, and the row says by how much


@dataclass(frozen=True)
class Contest:
    """One row of a table: the same work on the same file by several contenders."""

    section: str
    row: str
    path: str
    events: int
    check: str
    expect: dict[str, Any]
    contenders: tuple[Contender, ...]
    unit: str = "Mev/s"
    args: dict[str, Any] = field(default_factory=dict)
    memory: bool = False


def _loader(label: str, shape: list[int]) -> Contender:
    module, op = OTHER_WAYS.get(label, (label, "load"))
    return Contender(label, module, op, args={"shape": shape} if op == "load_mirrored" else {})


def _recorded(files: list[dict]) -> list[Contest]:
    """Recordings of cameras, and files made of them. The truth is our own decoding; peers that differ are not timed."""
    contests = []
    for facts in files:
        peers = RECORDED[facts["format"]]
        expect = {"events": facts["events"], "digest": facts["digest"]}
        contenders = [
            Contender("aestream", "ours", "load", "ours"),
            Contender("aestream, threads=1", "ours", "load", "ours_variant", {"threads": 1}),
            *(Contender(peer, peer, "load") for peer in peers),
        ]
        common = (facts["path"], facts["events"], "events", expect, tuple(contenders))
        contests.append(Contest("load, real recordings", facts["row"], *common, memory=True))
        once = (Contender("1 thread", "limits", "read_file", "limit"),)
        row = f"read {facts['row']} once"
        contests.append(Contest("physical limits", row, facts["path"], facts["events"], "", {}, once))
        args = {"starts_us": [facts["t_middle"]], "length_us": SLICE_US}
        slicers = [Contender("aestream", "ours", "first_slice", "ours")]
        slicers += [Contender(peer, peer, "first_slice") for peer in peers if peer in ("evutils", "eventcv", "dv")]
        common = (facts["path"], 1, "events", facts["slice"], tuple(slicers), "ms", args)
        contests.append(Contest("first slice, real recordings", facts["row"], *common))
    return contests


def _load(files: dict[str, dict]) -> list[Contest]:
    contests = []
    for name, peers in READERS.items():
        facts = next(facts for file, facts in files.items() if file.rsplit(".", 1)[0] == name)
        contenders = [
            Contender("aestream", "ours", "load", "ours"),
            Contender("aestream, threads=1", "ours", "load", "ours_variant", {"threads": 1}),
            Contender("aestream, cached index", "ours", "load_again", "ours_variant"),
            *(_loader(peer, facts["shape"]) for peer in peers),
        ]
        if "eventcv" in peers:
            contenders.append(Contender("eventcv, own storage", "eventcv", "load_own", "other"))
        if "evutils" in peers:
            contenders.append(Contender("evutils, blocks joined", "evutils", "load_joined"))
            contenders.append(Contender("evutils, blocks dropped", "evutils", "load_blocks", "other"))
        expect = {"events": facts["events"], "digest": facts["digest"]}
        contests.append(
            Contest("load", name, facts["path"], facts["events"], "events", expect, tuple(contenders), memory=True)
        )
    return contests


def _slices(files: dict[str, dict], truth: dict[str, dict]) -> list[Contest]:
    contests = []
    args = {"starts_us": SLICE_STARTS, "length_us": SLICE_US}
    for name, peers in SLICERS.items():
        facts = next(facts for file, facts in files.items() if file.rsplit(".", 1)[0] == name)
        for section, op, calls in (("slice, first call", "first_slice", 1), ("slice, later calls", "slices", 12)):
            contenders = [Contender("aestream", "ours", op, "ours"), *(Contender(peer, peer, op) for peer in peers)]
            if "eventcv" in peers and op == "slices":
                contenders.append(Contender("eventcv, own storage", "eventcv", "slices_own", "other"))
            expect = truth[facts["digest"]][op]
            part = args | {"starts_us": SLICE_STARTS[:calls]}
            contests.append(
                Contest(section, name, facts["path"], calls, "events", expect, tuple(contenders), "ms", part)
            )
    return contests


def _frames(files: dict[str, dict]) -> list[Contest]:
    contests = []
    for name, file in (("346x260", "dat_davis.dat"), ("1280x720", "dat.dat")):
        facts = files[file]
        args = {"shape": facts["shape"], "window_us": WINDOW_50_MS}
        expect = {"total": facts["events"], "signed": facts["signed"]}
        common = (facts["path"], facts["events"], "frames", expect)
        memory = (
            Contender("aestream", "ours", "frames", "ours"),
            Contender("aestream, uint8", "ours", "frames_uint8", "ours_variant"),
            Contender("evutils histogram", "evutils", "frames"),
            Contender("evutils histogram, float32", "evutils", "frames_float", "other"),
            Contender("evutils frame_diff", "evutils", "frames_signed", "other", signed=True),
        )
        contests.append(Contest("50 ms frames from memory", name, *common, memory, args=args))
        from_file = (
            Contender("aestream", "ours", "file_frames", "ours"),
            Contender("evutils load + histogram", "evutils", "file_frames"),
            Contender("evutils windows + histogram", "evutils", "file_frames_streamed"),
            Contender("eventcv count", "eventcv", "file_frames", "other"),
        )
        contests.append(Contest("50 ms frames from the file", f"DAT {name}", *common, from_file, args=args))
        for window_us, label in ((10_000_000, "10 s"), (WINDOW_50_MS, "50 ms")):
            voxels = (
                Contender("aestream", "ours", "voxels", "ours", signed=True),
                Contender("numba bilinear", "bilinear", "voxels", signed=True),
                Contender("evutils voxel_histogram", "evutils", "voxels", "other"),
            )
            row = f"{name}, windows of {label}"
            args = {"shape": facts["shape"], "window_us": window_us, "bins": 10}
            contests.append(Contest("voxel grid, 10 bins", row, *common, voxels, args=args))
    return contests


def _writes(files: dict[str, dict]) -> list[Contest]:
    contests = []
    facts = files["scattered.npy"]
    for row, peers in WRITERS.items():
        args = {"format": row, "shape": facts["shape"]}
        contenders = (Contender("aestream", "ours", "write", "ours"), *(Contender(p, p, "write") for p in peers))
        expect = {"events": facts["events"], "digest": facts["digest"]}
        contests.append(Contest("write", row, facts["path"], facts["events"], "path", expect, contenders, args=args))
    return contests


def _epochs(files: dict[str, dict]) -> list[Contest]:
    recording = RECORDINGS / "davis346_emlb_demo01.aedat4"
    sources = [("generated 346x260", files["epoch_davis.aedat4"]), ("generated 1280x720", files["epoch_hd_1s.aedat4"])]
    if recording.exists():
        sources.insert(0, (recording.stem, {"path": str(recording), "events": 319_512, "shape": (346, 260)}))
    contests = []
    for name, facts in sources:
        for batch_size in (1, 16):
            contenders = (
                Contender("aestream", "ours", "epoch", "ours"),
                Contender("tonic SlicedDataset + ToFrame", "tonic", "epoch"),
                Contender("evutils dataset by hand", "evutils", "epoch"),
            )
            args = {"shape": facts["shape"], "window_us": WINDOW_10_MS, "batch_size": batch_size}
            common = (facts["path"], facts["events"], "frames", {"total": facts["events"]}, contenders)
            contests.append(Contest("DataLoader, 10 ms frames", f"{name}, batch {batch_size}", *common, args=args))
    return contests


def _limits(files: dict[str, dict]) -> list[Contest]:
    contests = []
    facts = files["aedat4_lz4.aedat4"]
    for row, op, file in (
        ("copy 16 B/event, fresh memory", "copy_fresh", facts),
        ("copy 16 B/event, warm memory", "copy_warm", facts),
        ("decompress LZ4", "decompress", facts),
        ("decompress zstd", "decompress", files["aedat4_zstd.aedat4"]),
    ):
        contenders = tuple(
            Contender(f"{n} thread{'s'[: n - 1]}", "limits", op, "limit", {"events": facts["events"], "threads": n})
            for n in (1, 2)
        )
        contests.append(Contest("physical limits", row, file["path"], facts["events"], "", {}, contenders))
    return contests


def all_contests(files: dict[str, dict], truth: dict[str, dict], recorded: list[dict]) -> list[Contest]:
    """Every contest; `truth` holds, by a stream's digest, the events and digests of its slices."""
    return (
        _recorded(recorded)
        + _limits(files)
        + _load(files)
        + _slices(files, truth)
        + _writes(files)
        + _frames(files)
        + _epochs(files)
    )
