"""Measure aestream and its peers, interleaved in one run: `python -m benchmarks.run`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import generate, machine, recordings, report, setup_peers
from benchmarks.contests import Contest, all_contests
from benchmarks.measure import measure
from benchmarks.pool import Pool

PEERS_PYTHON = Path("bench/venv-peers/bin/python")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("bench/data"), help="folder of the generated files")
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="words; measure only rows whose `section: row` holds one of them")
    parser.add_argument("--without-ours", action="store_true", help="measure the peers alone")
    parser.add_argument("--no-memory", action="store_true")
    parser.add_argument("--large", action="store_true", help="also the memory of an epoch over a 1 GB file")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--markdown", type=Path, help="write the tables here as well")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON)
    return parser.parse_args()


def _selected(contests: list[Contest], options: argparse.Namespace) -> list[Contest]:
    words = [word.strip() for word in options.only.split(",") if word.strip()]
    return [c for c in contests if not words or any(word in f"{c.section}: {c.row}" for word in words)]


def main() -> int:
    """Generate, measure, print."""
    options = _options()
    if not options.peers_python.exists():
        setup_peers.main()
    files = generate.ensure(options.data, options.events)
    pool = Pool(options.peers_python.absolute())
    out = {"machine": machine.describe(options), "rounds": options.rounds, "contests": []}
    for contest in _selected(
        all_contests(files, generate.slice_truth(files), recordings.ensure(options.data, options.events)), options
    ):
        if options.without_ours:
            kept = tuple(c for c in contest.contenders if c.module != "ours")
            contest = Contest(**{**contest.__dict__, "contenders": kept})
        print(f"{contest.section}: {contest.row}", file=sys.stderr, flush=True)
        row = {key: getattr(contest, key) for key in ("section", "row", "events", "unit")}
        out["contests"].append(row | {"results": measure(pool, contest, options.rounds, not options.no_memory)})
    if options.large:
        path, events = generate.ensure_large(options.data, Path(files["dat.dat"]["path"]))
        out["contests"].append(_large_epoch(pool, path, events, options.without_ours))
    pool.close()
    text = report.markdown(out)
    print(text)
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        options.json.write_text(json.dumps(out, indent=1))
    return 0


def _large_epoch(pool: Pool, path: Path, events: int, without_ours: bool) -> dict:
    """Peak memory of one epoch of 10 ms frames over a file of about 1 GB, each in a fresh process."""
    args = {"shape": [1280, 720], "window_us": 10_000, "batch_size": 1}
    streamed = {"shape": [1280, 720], "window_us": 10_000}
    results = {}
    runs = (
        ("aestream", "ours", "epoch", args, "ours"),
        ("evutils windows + histogram", "evutils", "file_frames_streamed", streamed, "peer"),
    )
    for label, module, op, args, kind in runs:
        if not (without_ours and kind == "ours"):
            answer = pool.once(module, {"op": op, "path": str(path), "args": args, "peak": True})
            results[label] = {"status": "fails" if "error" in answer else "ok", "kind": kind, "times": []}
            results[label] |= {"why": answer.get("error", ""), "peak_bytes": answer.get("peak_bytes")}
    return {"section": "memory", "row": "epoch over 1 GB", "events": events, "unit": "MB", "results": results}


if __name__ == "__main__":
    sys.exit(main())
