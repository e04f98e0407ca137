"""The speeds that we promise, compared with a run's results."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Bar: TypeAlias = tuple[str, float | None, float, bool]  # what, measured, bar, more is better

MB = 1_000_000
LOAD = {
    "dat": 2.5,
    "evt2": 2.5,
    "evt21_legacy": 2.0,
    "evt3_scalar": 2.0,
    "evt3_vectors": 2.0,
    "evt3_camera": 2.0,
    "evt3_chains": 2.0,
    "aedat4_lz4": 2.5,
    "aedat4_none": 2.5,
    "aedat4_zstd": 2.0,
    "csv": 2.0,
    "aedat2": 1.5,
    "aedat3": 1.5,
    "es": 4.0,
    "dsec": 1.0,
    "gzip": 1.0,
}
RECORDED = {"EVT3": (2.0, 1.2), "EVT2": (2.5, 1.3), "DAT": (2.5, 1.3)}  # with all threads, with one
SECTIONS = {
    "first slice, real recordings": 1.0,
    "slice, later calls": 1.0,
    "50 ms frames from memory": 1.2,
    "50 ms frames from the file": 2.0,
}
EVENTCV_OWN, SINGLE_THREAD, VOXEL, TONIC, EVUTILS_DATASET = 1.2, 1.0, 2.0, 20.0, 1.5
WRITE = 2.0
LOAD_MEMORY, EPOCH_MEMORY = 1.35, 200 * MB


def ratio(results: dict, ours: str, others: list[str]) -> float | None:
    """How much faster we are than the fastest of the others."""
    times = [results[name]["seconds"] for name in others if "seconds" in results.get(name, {})]
    mine = results.get(ours, {}).get("seconds")
    return min(times) / mine if times and mine else None


def _load_bars(contest: dict, peers: list[str]) -> list[Bar]:
    results, name = contest["results"], contest["row"]
    rows = []
    if name in LOAD:
        rows.append((f"load {name}, to the fastest peer", ratio(results, "aestream", peers), LOAD[name], True))
    single = ratio(results, "aestream, threads=1", peers)
    rows.append((f"load {name}, threads=1, to the fastest peer", single, SINGLE_THREAD, True))
    if "seconds" in results.get("eventcv, own storage", {}):
        own = ratio(results, "aestream", ["eventcv, own storage"])
        rows.append((f"load {name}, to eventcv's own storage", own, EVENTCV_OWN, True))
    peak = results.get("aestream", {}).get("peak_bytes")
    rows.append((f"load {name}, peak memory", peak / (16 * contest["events"]) if peak else None, LOAD_MEMORY, False))
    return rows


def _recorded_bars(contest: dict, peers: list[str]) -> list[Bar]:
    results, name = contest["results"], contest["row"]
    many, one = RECORDED.get(name.replace(",", "").split()[0], (1.0, 1.0))
    return [
        (f"load {name}, to the fastest peer", ratio(results, "aestream", peers), many, True),
        (f"load {name}, threads=1, to the fastest peer", ratio(results, "aestream, threads=1", peers), one, True),
    ]


def of(contest: dict) -> list[Bar]:
    """(what, measured, bar, more is better) of one contest."""
    section, results = contest["section"], contest["results"]
    peers = [name for name, result in results.items() if result["kind"] == "peer"]
    label = f"{section}: {contest['row']}"
    if section == "load":
        return _load_bars(contest, peers)
    if section == "load, real recordings":
        return _recorded_bars(contest, peers)
    if section in SECTIONS:
        rows = [(label, ratio(results, "aestream", peers), SECTIONS[section], True)]
        if "aestream, uint8" in results:
            rows.append((f"{label}, uint8", ratio(results, "aestream, uint8", peers), SECTIONS[section], True))
        return rows
    if section == "write":
        return [(label, ratio(results, "aestream", peers), WRITE, True)]
    if section.startswith("voxel"):
        return [(label, ratio(results, "aestream", ["numba bilinear"]), VOXEL, True)]
    if section.startswith("DataLoader"):
        tonic, by_hand = ([name for name in peers if name.startswith(who)] for who in ("tonic", "evutils"))
        return [
            (f"{label}, to tonic", ratio(results, "aestream", tonic), TONIC, True),
            (f"{label}, to evutils by hand", ratio(results, "aestream", by_hand), EVUTILS_DATASET, True),
        ]
    if section == "memory":
        return [(f"{label}, bytes", results.get("aestream", {}).get("peak_bytes"), EPOCH_MEMORY, False)]
    return []


def table(contests: list[dict], bars: Callable[[dict], list[Bar]] = of) -> list[str]:
    """The bars as a markdown table."""
    lines = ["### bars", "", "| what | measured | bar | |", "|---|--:|--:|---|"]
    for contest in contests:
        for what, value, bar, more in bars(contest):
            sign = ">=" if more else "<="
            if value is None:
                lines.append(f"| {what} | | {sign} {bar:g} | not measured |")
                continue
            met = value >= bar if more else value <= bar
            lines.append(f"| {what} | {value:.2f} | {sign} {bar:g} | {'met' if met else 'NOT MET'} |")
    return [*lines, ""]
