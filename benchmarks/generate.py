"""Write the benchmark files once, deterministic by seed; `truth.json` holds each stream's digest."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from aestream import save
from benchmarks import aedat4, contests, encoders, es, hdf5, jaer, streams
from benchmarks.digests import digest

HD, DAVIS = (1280, 720), (346, 260)
SHAPES = {"scattered": HD, "scattered 1 s": HD, "rows": HD, "chains": HD, "davis": DAVIS}
VERSION = 5  # raise it when a stream or an encoder changes


def _writers(events: int) -> dict[str, tuple[str, Callable[[Path, object], None]]]:
    """File name → (stream it holds, writer)."""
    files = {
        "dat.dat": ("scattered", lambda p, e: encoders.write_dat(p, e, HD)),
        "evt2.raw": ("scattered", lambda p, e: encoders.write_evt2(p, e, HD)),
        "evt21_little.raw": ("rows", lambda p, g: encoders.write_evt21(p, g, HD, legacy=False)),
        "evt21_legacy.raw": ("rows", lambda p, g: encoders.write_evt21(p, g, HD, legacy=True)),
        "evt3_scalar.raw": ("scattered", lambda p, e: encoders.write_evt3_scalar(p, e, HD)),
        "evt3_vectors.raw": ("rows", lambda p, g: encoders.write_evt3_vectors(p, g, HD)),
        "evt3_camera.raw": ("scattered", lambda p, e: encoders.write_evt3_camera(p, e, HD)),
        "evt3_chains.raw": ("chains", lambda p, c: encoders.write_evt3_chains(p, c, HD)),
        "csv.csv": ("scattered", encoders.write_csv),
        "aedat2.aedat": ("davis", lambda p, e: jaer.write_aedat2(p, e, DAVIS)),
        "aedat3.aedat": ("davis", lambda p, e: jaer.write_aedat3(p, e, DAVIS)),
        "es.es": ("scattered", lambda p, e: es.write_es(p, e, HD)),
        "dsec.h5": ("scattered", lambda p, e: hdf5.write_dsec(p, e, HD)),
        "gzip.h5": ("scattered", lambda p, e: hdf5.write_gzip(p, e, HD)),
        "ecf.hdf5": ("scattered", lambda p, e: save(p, e, HD)),
        "scattered.npy": ("scattered", np.save),
        "dat_davis.dat": ("davis", lambda p, e: encoders.write_dat(p, e, DAVIS)),
    }
    for name, stream in (("davis", "davis"), ("hd_1s", "scattered 1 s")):
        files[f"epoch_{name}.aedat4"] = (stream, lambda p, e, s=stream: aedat4.write_aedat4(p, e, SHAPES[s], "lz4"))
    for name in aedat4.COMPRESSION:
        files[f"aedat4_{name}.aedat4"] = (
            "scattered",
            lambda p, e, name=name: aedat4.write_aedat4(p, e, HD, name),
        )
    return files


def _make_stream(name: str, events: int) -> object:
    if name == "rows":
        return streams.row_groups(events, *HD)
    if name == "chains":
        return streams.chains(events, *HD)
    scattered = streams.scattered(events, *SHAPES[name])
    return scattered[: events // 10] if name == "scattered 1 s" else scattered


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _facts(events: np.ndarray) -> dict:
    signed = 2 * int(events["p"].sum()) - int(events.size)
    return {"events": int(events.size), "signed": signed, "digest": digest(*(events[name] for name in "txyp"))}


def _truth(stream: object) -> dict:
    events = stream
    if isinstance(stream, streams.Groups):
        events = streams.expand(stream)
    elif isinstance(stream, streams.Chains):
        events = streams.expand_chains(stream)
    return _facts(events) | {"t_first": int(events["t"][0]), "t_last": int(events["t"][-1])}


def ensure(folder: Path, events: int, only: set[str] | None = None) -> dict[str, dict]:
    """Generate what is missing or damaged; return file name → events, digest, times, shape, bytes, sha256."""
    folder = folder / f"{events // 1000}k"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "truth.json"
    known = json.loads(manifest.read_text()) if manifest.exists() else {}
    made: dict[str, tuple[object, dict]] = {}
    for name, (stream, write) in _writers(events).items():
        if only is not None and name not in only:
            continue
        path, old = folder / name, known.get(name, {})
        if path.exists() and old.get("version") == VERSION and old["sha256"] == _sha(path):
            continue
        if stream not in made:
            source = _make_stream(stream, events)
            made[stream] = source, _truth(source)
        print(f"writing {path.name}", flush=True)
        write(path, made[stream][0])
        known[name] = made[stream][1] | {"shape": SHAPES[stream], "sha256": _sha(path), "version": VERSION}
        known[name] |= {"stream": stream, "asked_events": events}
        known[name] |= {"path": str(path), "bytes": path.stat().st_size}
        manifest.write_text(json.dumps(known, indent=1))
    return known


def slice_truth(files: dict[str, dict]) -> dict[str, dict]:
    """For each stream, by its digest: what the benchmark's slices must hand out."""
    truth = {}
    for facts in files.values():
        if facts["digest"] in truth or facts["stream"] not in ("scattered", "rows"):
            continue
        stream = _make_stream(facts["stream"], facts["asked_events"])
        events = streams.expand(stream) if isinstance(stream, streams.Groups) else stream
        starts = np.array(contests.SLICE_STARTS)
        at = events["t"].searchsorted(np.stack([starts, starts + contests.SLICE_US], axis=1))
        parts = [events[a:b] for a, b in at]
        truth[facts["digest"]] = {"first_slice": _facts(parts[0]), "slices": _facts(np.concatenate(parts))}
    return truth


def ensure_large(folder: Path, source: Path, target_bytes: int = 1_000_000_000) -> tuple[Path, int]:
    """A DAT file of about 1 GB: the generated one repeated with shifted times; returns path and number of events."""
    path = folder / "large.dat"
    data = source.read_bytes()
    start = data.index(b"% end\n") + len(b"% end\n") + 2
    words = np.frombuffer(data, "<u4", offset=start).reshape(-1, 2).copy()
    copies = -(-target_bytes // words.nbytes)
    if not path.exists() or path.stat().st_size != start + copies * words.nbytes:
        with path.open("wb") as file:
            file.write(data[:start])
            for _ in range(copies):
                file.write(words.tobytes())
                words[:, 0] += streams.DURATION_US
    return path, copies * len(words)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("bench/data"))
    parser.add_argument("--events", type=int, default=5_000_000)
    options = parser.parse_args()
    for file_name, facts in ensure(options.data, options.events).items():
        print(f"{file_name:24} {facts['events']:>9} events {facts['bytes']:>11} bytes  {facts['digest']}")
