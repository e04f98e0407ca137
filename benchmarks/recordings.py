"""Files of cameras for the benchmark: recordings, repeated with growing times, and written in other formats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from aestream import FileInput, save
from benchmarks.contests import RECORDINGS, SLICE_US
from benchmarks.digests import digest

DEMO = Path(__file__).resolve().parent.parent / "aestream/data/davis346_demo.aedat4"
OTHER_FORMATS = {
    "EVT2": ("evt2", ".raw"),
    "DAT": ("dat", ".dat"),
    "AEDAT4": ("aedat4", ".aedat4"),
    "CSV": ("csv", ".csv"),
}
TIME_HIGH, TIME_HIGHS = 0x8, 4096
VERSION = 1


def repeat_evt3(source: Path, out: Path, events: int) -> None:
    """The words of a recording, as many times as `events` takes; TIME_HIGH goes on, the others are the camera's."""
    data = source.read_bytes()
    begin = 0
    while data[begin : begin + 2] == b"% ":
        begin = data.index(b"\n", begin) + 1
    words = np.frombuffer(data[begin : begin + (len(data) - begin) // 2 * 2], "<u2")
    file = FileInput(source, cache_index=False)
    first, last = (int(t) >> 12 for t in (file.t_start, file.t_stop))
    is_high = words >> 12 == TIME_HIGH
    with out.open("wb") as target:
        target.write(data[:begin])
        for copy in range(max(1, round(events / file.num_events))):
            high = (words & 0xFFF) + copy * (last - first + 2)
            target.write(np.where(is_high, TIME_HIGH << 12 | high % TIME_HIGHS, words).astype("<u2").tobytes())


def repeat_events(source: Path, events: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The events of a recording, as many times as `events` takes, with growing times from 0 on."""
    file = FileInput(source, cache_index=False)
    part = file.load()
    span = int(part["t"].max() - part["t"].min()) + 1000
    out = np.tile(part, max(1, round(events / len(part))))
    out["t"] += np.repeat(np.arange(len(out) // len(part)) * span, len(part)) - int(part["t"].min())
    return out, tuple(file.shape)


def _facts(path: Path, row: str, format: str) -> dict:
    events = FileInput(path, cache_index=False).load()
    latest = np.maximum.accumulate(events["t"])
    middle = int(latest[len(latest) // 2])
    part = events[(latest >= middle) & (latest < middle + SLICE_US)]
    sums = [{"events": len(e), "digest": digest(*(e[name] for name in "txyp"))} for e in (events, part)]
    return sums[0] | {"path": str(path), "row": row, "format": format, "t_middle": middle, "slice": sums[1]}


def _make(folder: Path, events: int) -> list[dict]:
    files = []
    for source in sorted(RECORDINGS.glob("*.raw")):
        repeated = folder / f"{source.stem}_repeated.raw"
        repeat_evt3(source, repeated, events)
        files += [_facts(source, f"EVT3 {source.stem}", "evt3"), _facts(repeated, f"EVT3 {repeated.stem}", "evt3")]
    sources = sorted(RECORDINGS.glob("*.aedat4")) or [DEMO]
    files += [_facts(source, f"AEDAT4 {source.stem}", "aedat4") for source in sources]
    many, shape = repeat_events(next(iter(sorted(RECORDINGS.glob("*gen3*.raw"))), DEMO), events)
    for name, (format, suffix) in OTHER_FORMATS.items():
        path = folder / f"recorded_{format}{suffix}"
        save(path, many, shape, format=format)
        files.append(_facts(path, f"{name}, from a recording", format))
    if not any(facts["format"] == "evt3" for facts in files):
        path = folder / "recorded_evt3.raw"
        save(path, many, shape, format="evt3")
        files.append(_facts(path, "EVT3, from a recording", "evt3"))
    return files


def ensure(folder: Path, events: int) -> list[dict]:
    """Make what is missing; facts of every file: row, path, format, events, digest, and of a slice of its middle."""
    folder = folder / f"recorded_{events // 1000}k"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "truth.json"
    sources = [str(VERSION), *sorted(f"{p.name} {p.stat().st_size}" for p in RECORDINGS.glob("*.*"))]
    if manifest.exists() and (known := json.loads(manifest.read_text()))["sources"] == sources:
        return known["files"]
    files = _make(folder, events)
    manifest.write_text(json.dumps({"sources": sources, "files": files}, indent=1))
    return files
