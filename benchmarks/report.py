"""The results as markdown: one table per section, then the bars."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import bars

EVENT_BYTES = 16


def speed(contest: dict, result: dict) -> float:
    """Mev/s, or milliseconds per call."""
    if contest["unit"] == "ms":
        return 1e3 * result["seconds"] / contest["events"]
    return contest["events"] / result["seconds"] / 1e6


def best_peer(contest: dict, kind: str = "peer") -> tuple[str, dict] | None:
    """The fastest peer whose results were right."""
    timed = [(name, r) for name, r in contest["results"].items() if r["kind"] == kind and "seconds" in r]
    return min(timed, key=lambda item: item[1]["seconds"], default=None)


def _memory(contest: dict, result: dict) -> str:
    if not result.get("peak_bytes"):
        return ""
    return f"{result['peak_bytes'] / 1e6:.0f} MB ({result['peak_bytes'] / (EVENT_BYTES * contest['events']):.2f}x)"


def _line(contest: dict, name: str, result: dict) -> str:
    best = best_peer(contest)
    if "seconds" not in result and result["status"] == "ok":
        return f"| {contest['row']} | {name} | | | {result['peak_bytes'] / 1e6:.0f} MB |"
    if "seconds" not in result:
        why = result.get("why", "").replace("|", "/")
        return f"| {contest['row']} | {name} | {result['status']}: {why} | | |"
    ratio = f"{best[1]['seconds'] / result['seconds']:.2f}" if best else ""
    figure = f"{speed(contest, result):.{3 if contest['unit'] == 'ms' else 1}f}"
    note = f" ({result['layout']})" if result.get("layout") else ""
    return f"| {contest['row']} | {name}{note} | {figure} | {ratio} | {_memory(contest, result)} |"


def _section(name: str, contests: list[dict]) -> list[str]:
    unit = "ms a call" if contests[0]["unit"] == "ms" else contests[0]["unit"]
    lines = [f"### {name}", "", f"| row | who | {unit} | ratio to the best peer | peak memory (to 16 B/event) |"]
    lines.append("|---|---|--:|--:|--:|")
    for contest in contests:
        lines += [_line(contest, who, result) for who, result in contest["results"].items()]
    return [*lines, ""]


def _machine(out: dict) -> str:
    m = out["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in m["versions"].items())
    return (
        f"{m['cpu']}, {m['cores']} cores, {m['memory_gib']} GiB, {m['system']}, Python {m['python']}; {m['date']}; "
        f"medians of {out['rounds']} interleaved rounds, warm file cache. {versions}."
    )


def markdown(out: dict, bars_of: Callable[[dict], list[bars.Bar]] = bars.of) -> str:
    """All tables, and the bars that they are held against."""
    lines = [_machine(out), ""]
    for name in dict.fromkeys(contest["section"] for contest in out["contests"]):
        lines += _section(name, [contest for contest in out["contests"] if contest["section"] == name])
    return "\n".join(lines + bars.table(out["contests"], bars_of))
