"""RVT's StackedHistogram as its own code computes it, restated in torch on the CPU: uint8 counters, `put_`, a clamp."""

import torch

from benchmarks.peers import plain


def stacked_histogram(t, x, y, p, shape, bins=10, cutoff=10):
    """Channel p * bins + bin, the bin from the first event's time to the last one's."""
    width, height = shape
    counts = torch.zeros((2, bins, height, width), dtype=torch.uint8)
    if len(t):
        part = (t - t[0]) / max(int(t[-1] - t[0]), 1)
        bin = torch.clamp((part * bins).floor(), max=bins - 1).long()
        indices = x.long() + width * y.long() + height * width * bin + bins * height * width * p.long()
        counts.put_(indices, torch.ones_like(indices, dtype=torch.uint8), accumulate=True)
        counts = torch.clamp(counts, min=0, max=cutoff)
    return counts.reshape(2 * bins, height, width)


def prepare_dense(path, representation, shape, window_us, windows, to_last=False):
    parts = plain.prepare_dense(path, representation, shape, window_us, windows, to_last)
    return [[torch.from_numpy(column) for column in columns] for columns, _, _ in parts]


def dense(parts, sink, representation, shape, **_):
    for columns in parts:
        sink(stacked_histogram(*columns, shape, representation["bins"], representation["cutoff"]))
