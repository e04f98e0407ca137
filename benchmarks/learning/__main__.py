"""Measure what learning needs, interleaved with the peers: `python -m benchmarks.learning`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import machine, report, setup_peers
from benchmarks.learning import bars, datasets, prepared, representations, rvt, steps, transforms
from benchmarks.learning.scale import Scale
from benchmarks.measure import measure
from benchmarks.pool import Pool
from benchmarks.run import PEERS_PYTHON

SECTIONS = {
    "representations": representations.contests,
    "steps": steps.contests,
    "transforms": transforms.contests,
    "prepared": prepared.contests,
    "rvt": rvt.contests,
    "datasets": datasets.contests,
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(SECTIONS)}; default: all")
    parser.add_argument("--only", default="", help="words; measure only rows whose `section: row` holds one of them")
    parser.add_argument("--quick", action="store_true", help="3 rounds of less work: a minute or so a section")
    parser.add_argument("--rounds", type=int, help="default: 7, quick: 3")
    parser.add_argument("--data", type=Path, default=Path("bench/data"), help="folder of the generated files")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--markdown", type=Path, help="write the tables here as well")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON)
    options = parser.parse_args()
    if unknown := sorted(set(options.sections) - set(SECTIONS)):
        parser.error(f"sections are {', '.join(SECTIONS)}; got {', '.join(unknown)}")
    options.rounds = options.rounds or (3 if options.quick else 7)
    return options


def main() -> int:
    """Make the files, measure, print."""
    options = _options()
    if not options.peers_python.exists():
        setup_peers.main()
    scale = Scale(options.data, options.quick)
    words = [word.strip() for word in options.only.split(",") if word.strip()]
    pool = Pool(options.peers_python.absolute())
    out = {"machine": machine.describe(options), "rounds": options.rounds, "contests": []}
    for section in options.sections or SECTIONS:
        for contest in SECTIONS[section](scale):
            if words and not any(word in f"{contest.section}: {contest.row}" for word in words):
                continue
            print(f"{contest.section}: {contest.row}", file=sys.stderr, flush=True)
            row = {key: getattr(contest, key) for key in ("section", "row", "events", "unit")}
            out["contests"].append(row | {"results": measure(pool, contest, options.rounds, memory=False)})
    pool.close()
    text = report.markdown(out, bars.of)
    print(text)
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        options.json.write_text(json.dumps(out, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
