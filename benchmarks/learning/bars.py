"""The speeds that we promise of what learning needs."""

from __future__ import annotations

from benchmarks.bars import Bar, ratio

REPRESENTATION, LIMIT = 2.0, 1.5  # times the fastest peer's speed, or at most so many times the limit's time
TRANSFORM, DENOISE, FUSED = 3.0, 5.0, 1.1
READERS = 1.6  # what two processes read in the time of one
KEPT = 5.0
TIMES = {  # section: who, and how many times as fast we are
    "prepared": {"copies": 0.7, "tonic": 5.0, "h5py": 1.5},
    "rvt": {"evlib": 3.0, "RVT's": 3.0},
    "rvt, prepared": {"evlib": 3.0, "RVT's": 8.0},
    "datasets": {"tonic": 5.0, "spikingjelly": 5.0},
    "steps": {"tonic": 10.0, "spikingjelly": 5.0},
}


def of(contest: dict) -> list[Bar]:
    """(what, measured, bar, more is better) of one contest."""
    section, results = contest["section"], contest["results"]
    label = f"{section}: {contest['row']}"
    peers = [name for name, result in results.items() if result["kind"] == "peer"]
    if section.startswith("representations"):
        return [_peer_or_limit(label, results, peers)]
    if section.startswith("transforms, fused"):
        to_none = ratio(results, "aestream", ["aestream, no transform"])
        return [(f"{label}, time to that without", 1 / to_none if to_none else None, FUSED, False)]
    if section == "prepared, readers side by side":
        one = ratio(results, "aestream, two processes, an epoch each", ["aestream, one process"])
        return [(f"{label}, two to one", 2 * one if one else None, READERS, True)]
    if section == "transforms":
        bar = DENOISE if contest["row"] == "Denoise" else TRANSFORM
        return [(f"{label}, to tonic", ratio(results, "aestream", peers), bar, True)]
    ours = next((name for name, result in results.items() if result["kind"] == "ours"), "")
    rows = [
        (f"{label}, to {who}", ratio(results, ours, _named(results, who)), bar, True)
        for who, bar in TIMES.get(section, {}).items()
        if _named(results, who)
    ]
    if kept := _named(results, "aestream, kept"):
        rows.append((f"{label}, kept, to the fastest peer", ratio(results, kept[0], peers), KEPT, True))
    return rows


def _named(results: dict, who: str) -> list[str]:
    return [name for name in results if name.startswith(who)]


def _peer_or_limit(label: str, results: dict, peers: list[str]) -> Bar:
    """The bar that is met; where none is, the fastest peer's, with the other figure in words."""
    to_peer = ratio(results, "aestream", peers)
    limits = [name for name, result in results.items() if result["kind"] == "limit"]
    to_limit = ratio(results, "aestream", limits)
    times = 1 / to_limit if to_limit else None
    if times and times <= LIMIT and not (to_peer and to_peer >= REPRESENTATION):
        return (f"{label}, to the limit", times, LIMIT, False)
    note = f" ({times:.2f} of the limit)" if times else ""
    return (f"{label}, to the fastest peer{note}", to_peer, REPRESENTATION, True)
