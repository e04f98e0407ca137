"""One contest: every contender verified, then timed round by round, interleaved, then its memory."""

from __future__ import annotations

import statistics

from benchmarks.agreement import difference
from benchmarks.contests import Contender, Contest
from benchmarks.pool import Pool

BUDGET_S = 15  # a contender that has used more leaves out the remaining rounds


def _request(contest: Contest, contender: Contender, **extra: object) -> dict:
    args = contest.args | contender.args
    return {"op": contender.op, "path": contest.path, "args": args} | extra


def _verify(pool: Pool, contest: Contest, contender: Contender, truth: list[dict]) -> dict:
    """Run once and compare what was handed out with the truth; this warms caches and compilers up, too.

    Of tensors the first contender's are the truth, and are added to it.
    """
    check = "none" if contender.kind in ("limit", "base") and contest.check == "tensors" else contest.check
    answer = pool.call(contender.module, _request(contest, contender, check=check))
    if "error" not in answer and check == "none":
        return {"status": "ok"}
    if "written" in answer:
        answer = pool.call("ours", {"op": "load", "path": answer["written"], "args": {}, "check": "events"})
    if "error" in answer:
        return {"status": "fails", "why": answer["error"]}
    if "tensors" in answer:
        return _agree(contender, answer, truth)
    expect = {key: value for key, value in contest.expect.items() if key != "signed"}
    if contender.signed:
        expect = {"total": contest.expect["signed"]}
    wrong = {key: answer.get(key) for key, value in expect.items() if answer.get(key) != value}
    if wrong:
        return {"status": "wrong", "why": _why(expect, wrong)}
    return {"status": "ok", "layout": answer.get("layout", "")}


def _agree(contender: Contender, answer: dict, truth: list[dict]) -> dict:
    truth.extend([] if truth else answer["tensors"])
    why = difference(truth, answer["tensors"])
    if why and contender.kind != "other" and not contender.differs:
        return {"status": "wrong", "why": why}
    return {"status": "ok", "layout": answer["layout"] + (f"; {why}" if why else "")}


def _why(expect: dict, wrong: dict) -> str:
    """In words: digests say nothing to a reader."""
    parts = [f"{key} {value}, expected {expect[key]}" for key, value in wrong.items() if key != "digest"]
    return "; ".join(parts) or "events differ"


def measure(pool: Pool, contest: Contest, rounds: int, memory: bool) -> dict:
    """Verify all, time the right ones round by round, then measure memory in fresh processes."""
    truth: list[dict] = []
    results = {c.label: _verify(pool, contest, c, truth) | {"kind": c.kind, "times": []} for c in contest.contenders}
    for turn in range(rounds):
        for contender in contest.contenders[:: 1 if turn % 2 == 0 else -1]:
            result = results[contender.label]
            if result["status"] != "ok" or sum(result["times"]) > BUDGET_S:
                continue
            answer = pool.call(contender.module, _request(contest, contender))
            if "error" in answer:
                result.update(status="fails", why=answer["error"])
            else:
                result["times"].append(answer["seconds"])
    for contender in contest.contenders:
        result = results[contender.label]
        if result["status"] == "ok":
            result["seconds"] = statistics.median(result["times"])
            if memory and contest.memory:
                result |= pool.once(contender.module, _request(contest, contender, peak=True))
                results[contender.label] = result
    pool.release()
    return results
