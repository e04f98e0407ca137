"""Measure the kernels of CUDA beside torch's operations, on a machine with a GPU: `python -m benchmarks.gpu`."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import aestream
from aestream import Events, FileInput, Frame, StackedHistogram, Steps, TimeSurface, VoxelGrid, accumulate
from aestream.cuda import gpu_of
from aestream.events import EVENT_DTYPE

WINDOWS, PER_WINDOW, ROUNDS = 64, 25_000, 7
SHAPES = ((1280, 720), (346, 260))


def make_events(shape: tuple[int, int], count: int, seed: int = 0) -> np.ndarray:
    """Events that gather at edges which move, as a camera's do: half of them near 40 lines, the others anywhere."""
    random = np.random.default_rng(seed)
    events = np.zeros(count, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, count * 2, count))
    lines = random.integers(0, shape[0], 40)
    near = lines[random.integers(0, 40, count)] + events["t"] // 20_000 + random.integers(-2, 3, count)
    anywhere = random.integers(0, shape[0], count)
    events["x"] = np.where(random.random(count) < 0.5, near % shape[0], anywhere)
    events["y"] = random.integers(0, shape[1], count)
    events["p"] = random.integers(0, 2, count)
    return events


def seconds_of(work: Callable[[], object], repeats: int = 10) -> float:
    """Seconds of one call, on the wall, when calls follow each other: the median of some rounds."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    rounds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(repeats):
            work()
        torch.cuda.synchronize()
        rounds.append((time.perf_counter() - begin) / repeats)
    return statistics.median(rounds)


def torch_counts(events: Events, shape: tuple[int, int], dtype: torch.dtype) -> dict[str, Callable[[], torch.Tensor]]:
    """What torch has for counting, each from columns that are int64 already; RVT's is `put_`."""
    width, height = shape
    window = torch.arange(WINDOWS, device="cuda").repeat_interleave(PER_WINDOW)
    x, y, p = (column.long() for column in (events.x, events.y, events.p))
    size = WINDOWS * 2 * height * width

    def index() -> torch.Tensor:
        return ((window * 2 + p) * height + y) * width + x

    ready = index()
    one = torch.ones(len(events), dtype=dtype, device="cuda")

    def zeros() -> torch.Tensor:
        return torch.zeros(size, dtype=dtype, device="cuda")

    return {
        "torch put_": lambda: zeros().put_(index(), one, accumulate=True),
        "torch put_, index ready": lambda: zeros().put_(ready, one, accumulate=True),
        "torch index_add_, index ready": lambda: zeros().index_add_(0, ready, one),
        "torch scatter_add_, index ready": lambda: zeros().scatter_add_(0, ready, one),
        "torch bincount, index ready": lambda: torch.bincount(ready, minlength=size).to(dtype),
    }


def count_rows(shape: tuple[int, int]) -> list[dict]:
    """Counts of 64 windows of 25 000 events that lie on the device."""
    records = make_events(shape, WINDOWS * PER_WINDOW)
    events = Events.from_numpy(records).to("cuda")
    first = torch.arange(WINDOWS, device="cuda") * PER_WINDOW
    after = events.t[first + PER_WINDOW - 1] + 1
    windows = torch.stack([first, first + PER_WINDOW, first * 0, events.t[first], after], dim=1)
    kernels = gpu_of(torch.device("cuda"))
    rows = []
    for dtype in (torch.uint8, torch.float32):
        frame = Frame("split", dtype)
        out = torch.empty((WINDOWS, 2, shape[1], shape[0]), dtype=dtype, device="cuda")
        want = accumulate(Events.from_numpy(records), frame, shape, window_events=PER_WINDOW)
        contenders: dict[str, Callable[[], torch.Tensor]] = {
            "aestream, windows given": lambda frame=frame: kernels.represent_events(
                frame, shape, events, windows, len(events)
            ),
            "aestream, accumulate()": lambda frame=frame: accumulate(events, frame, shape, window_events=PER_WINDOW),
            **torch_counts(events, shape, dtype),
        }
        for name, work in contenders.items():
            if not torch.equal(work().view(out.shape).cpu(), want):
                raise SystemExit(f"{name} gives other counts")
            rows.append(row(f"counts, {dtype}", shape, name, seconds_of(work)))
        copied = torch.empty(len(events) * 13, dtype=torch.uint8, device="cuda")
        limit = seconds_of(out.zero_) + seconds_of(lambda copied=copied: copied.sum(dtype=torch.uint8))
        rows.append(row(f"counts, {dtype}", shape, "limit: clear the tensors, read the events", limit))
    for representation in (StackedHistogram.rvt(), VoxelGrid(10), TimeSurface(20_000.0), Steps(Frame(), 10)):
        work = lambda r=representation: kernels.represent_events(r, shape, events, windows, len(events))  # noqa: E731
        rows.append(row(str(representation), shape, "aestream, windows given", seconds_of(work, 3)))
    return rows


def row(what: str, shape: tuple[int, int], name: str, seconds: float, events: int = WINDOWS * PER_WINDOW) -> dict:
    return {
        "what": what,
        "shape": f"{shape[0]}x{shape[1]}",
        "contender": name,
        "ms": seconds * 1e3,
        "Gev/s": events / seconds / 1e9,
    }


def file_rows(folder: Path, count: int = 16_000_000) -> list[dict]:
    """From a file to tensors on the device, beside decoding alone."""
    shape = (1280, 720)
    records = make_events(shape, count, 1)
    rows = []
    for name in ("dat", "raw"):
        path = folder / f"events.{name}"
        aestream.save(path, records, shape)
        frame = Frame("split", torch.uint8)
        on_device = FileInput(path, shape, window_events=PER_WINDOW, representation=frame, device="cuda")
        on_host = FileInput(path, shape, window_events=PER_WINDOW, representation=frame)
        batches = [list(range(i, min(i + WINDOWS, len(on_host)))) for i in range(0, len(on_host), WINDOWS)]
        contenders = {
            "aestream, device='cuda'": lambda f=on_device, b=batches: [f.__getitems__(each) for each in b],
            "tensors on the CPU, then copied": lambda f=on_host, b=batches: [
                torch.stack(list(f.__getitems__(each))).cuda() for each in b
            ],
            "decoding alone, to 16-byte events": lambda path=path: FileInput(path, shape).load(),
        }
        for contender, work in contenders.items():
            rows.append(row(f"from {path.suffix[1:]}, uint8 counts", shape, contender, seconds_of(work, 1), count))
    return rows


def show(rows: list[dict]) -> list[dict]:
    """Print rows, and hand them on."""
    for each in rows:
        figures = f"{each['ms']:9.3f} ms {each['Gev/s']:8.2f} Gev/s"
        print(f"{each['what'][:44]:44} {each['shape']:9} {each['contender']:42} {figures}")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit(f"needs a GPU: {aestream.gpu()}")
    print(aestream.gpu(), f"torch {torch.__version__}", sep="\n")
    rows = show([each for shape in SHAPES for each in count_rows(shape)])
    with tempfile.TemporaryDirectory() as folder:
        rows += show(file_rows(Path(folder)))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    sys.exit(main())
