"""Transforms of 1 M events against tonic's, and geometric ones fused with accumulation against none."""

from __future__ import annotations

from benchmarks.contests import WINDOW_50_MS, Contender, Contest
from benchmarks.learning.scale import Scale

RANDOM = "drawn at random"
SHAPE = (346, 260)

# row, ours, tonic's: class and parameters (its sensor_size is added where it takes one); why their events differ
ROWS = (
    ("FlipX", {"type": "FlipX", "probability": 1.0}, ("RandomFlipLR", {"p": 1.0}), ""),
    ("FlipY", {"type": "FlipY", "probability": 1.0}, ("RandomFlipUD", {"p": 1.0}), ""),
    ("FlipPolarity", {"type": "FlipPolarity", "probability": 1.0}, ("RandomFlipPolarity", {"p": 1.0}), ""),
    ("CenterCrop", {"type": "CenterCrop", "size": (128, 96)}, ("CenterCrop", {"size": (128, 96)}), ""),
    ("RandomCrop", {"type": "RandomCrop", "size": (128, 96)}, ("RandomCrop", {"target_size": (128, 96)}), RANDOM),
    ("Downsample", {"type": "Downsample", "factor": 2}, ("Downsample", {"spatial_factor": 0.5}), ""),
    ("MergePolarity", {"type": "MergePolarity"}, ("MergePolarities", {}), ""),
    ("TimeJitter", {"type": "TimeJitter", "std_us": 100.0}, ("TimeJitter", {"std": 100.0}), RANDOM),
    ("SpatialJitter", {"type": "SpatialJitter", "std": 1.0}, ("SpatialJitter", {"clip_outliers": True}), RANDOM),
    ("TimeScale", {"type": "TimeScale", "low": 0.9, "high": 1.1}, ("TimeSkew", {"coefficient": (0.9, 1.1)}), RANDOM),
    ("DropEvents", {"type": "DropEvents", "fraction": 0.2}, ("DropEvent", {"p": 0.2}), RANDOM),
    ("DropArea", {"type": "DropArea", "fraction": 0.04}, ("DropEventByArea", {"area_ratio": 0.2}), RANDOM),
    ("DropTime", {"type": "DropTime", "fraction": 0.2}, ("DropEventByTime", {"duration_ratio": 0.2}), RANDOM),
    (
        "HotPixels",
        {"type": "HotPixels", "factor": 3.0},
        ("DropPixel", {"hot_pixel_frequency": 100}),
        "another threshold",
    ),
    (
        "Refractory",
        {"type": "Refractory", "period_us": 1000},
        ("RefractoryPeriod", {"delta": 1000}),
        "tonic's counts from events that it dropped",
    ),
    (
        "Denoise",
        {"type": "Denoise", "window_us": 10_000},
        ("Denoise", {"filter_time": 10_000}),
        "tonic's asks 4 neighbours, ours 8",
    ),
)

FLIP = {"type": "FlipX", "probability": 1.0}
FUSED = (
    ("FlipX", FLIP),
    ("FlipY", {"type": "FlipY", "probability": 1.0}),
    ("FlipPolarity", {"type": "FlipPolarity", "probability": 1.0}),
    ("Rotate90", {"type": "Rotate90", "turns": 1}),
    ("Downsample", {"type": "Downsample", "factor": 2}),
    ("CenterCrop", {"type": "CenterCrop", "size": (300, 200)}),
    ("FlipX, RandomCrop", {"type": "Compose", "transforms": [FLIP, {"type": "RandomCrop", "size": (300, 200)}]}),
)


def contests(scale: Scale) -> list[Contest]:
    """A row for each transform, then each sensor's frames with and without one."""
    return [*_alone(scale), *_fused(scale)]


def _alone(scale: Scale) -> list[Contest]:
    facts, events = scale.generated("dat_davis.dat"), 100_000 if scale.quick else 1_000_000
    found = []
    for row, ours, (name, parameters), differs in ROWS:
        peer = {"name": name, "parameters": parameters}
        contenders = (
            Contender("aestream", "ours_transforms", "transform", "ours", {"transform": ours}),
            Contender("tonic", "tonic_transforms", "transform", args=peer, differs=differs),
        )
        args = {"events": events, "shape": SHAPE}
        found.append(Contest("transforms", row, facts["path"], events, "tensors", {}, contenders, args=args))
    return found


def _fused(scale: Scale) -> list[Contest]:
    found = []
    for sensor, file in (("346x260", "dat_davis.dat"), ("1280x720", "dat.dat")):
        facts = scale.generated(file)
        for row, transform in FUSED:
            args = {"transform": transform}
            contenders = [
                Contender("aestream", "ours_transforms", "fused", "ours", args),
                Contender("aestream, no transform", "ours_transforms", "fused", "base", {"transform": None}),
            ]
            if "Random" not in row:
                two_calls = Contender(
                    "aestream, applied first", "ours_transforms", "applied_first", "ours_variant", args
                )
                contenders.append(two_calls)
            windows = 40 if scale.quick else 160
            args = {"shape": facts["shape"], "window_us": WINDOW_50_MS, "windows": windows}
            common = (facts["path"], windows, "tensors", {}, tuple(contenders), "ms")
            found.append(Contest("transforms, fused with frames of a DAT file", f"{sensor}, {row}", *common, args=args))
    return found
