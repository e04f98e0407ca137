"""Whether two contenders hand out the same tensors, told by a few numbers of each, so that none travels."""

from __future__ import annotations

from typing import Any

import numpy as np

TOLERANCE = 1e-6  # of a weighted sum: one event of a window of 25 000 is 40 times that


class TensorsCheck:
    """Of each tensor its shape, kind and sum, each value weighted by its place; and the sum of what it is made of."""

    def __init__(self, module: Any) -> None:
        self.as_ours = getattr(module, "as_ours", lambda tensor, **_: tensor)
        self.parts = getattr(module, "parts", lambda result: [result])
        self.args: dict = {}
        self.tensors: list[dict] = []
        self.layout = ""
        self.weights = np.zeros(0)

    def __call__(self, result: Any) -> None:
        for part in self.parts(result):
            self.add(part)

    def add(self, result: Any) -> None:
        """One tensor more."""
        self.layout = self.layout or _layout(result)
        array = np.ascontiguousarray(self.as_ours(result, **self.args))
        if self.weights.size != array.size:
            self.weights = np.random.default_rng(0).random(array.size)
        values = array.reshape(-1).astype(np.float64)
        facts = {"shape": list(array.shape), "sum": float(values @ self.weights), "of": float(np.abs(values).sum())}
        self.tensors.append(facts)

    def facts(self) -> dict:
        return {"tensors": self.tensors, "layout": self.layout}


def _layout(result: Any) -> str:
    array = result if hasattr(result, "dtype") else np.asarray(result)
    if getattr(array.dtype, "names", None):
        return f"{len(array)} events"
    return f"{list(array.shape)} {str(array.dtype).removeprefix('torch.')}"


def difference(truth: list[dict], tensors: list[dict]) -> str:
    """In words how the tensors differ from the true ones; empty if they do not."""
    if len(truth) != len(tensors):
        return f"{len(tensors)} tensors, expected {len(truth)}"
    for mine, theirs in zip(truth, tensors, strict=True):
        if mine["shape"] != theirs["shape"]:
            return f"shape {theirs['shape']}, expected {mine['shape']}"
    far = [abs(a["sum"] - b["sum"]) > TOLERANCE * max(a["of"], b["of"]) for a, b in zip(truth, tensors, strict=True)]
    if not any(far):
        return ""
    mine, theirs = (sum(facts["of"] for facts in each) for each in (truth, tensors))
    return f"{sum(far)} of {len(far)} tensors differ, all values together {theirs:.6g}, expected {mine:.6g}"
