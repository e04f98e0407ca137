"""A long-lived child process that runs one adapter's operations, driven over a pipe with JSON lines.

A request names a function of the adapter; `prepare_<name>` makes its state once, outside the clock. The function
calls `sink(result)` for each result; while verifying, the sink digests, while timing, it does nothing.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.agreement import TensorsCheck
from benchmarks.digests import digest


class EventsCheck:
    """Digest of all events handed out."""

    def __init__(self, module: Any) -> None:
        self.module, self.parts = module, []

    def __call__(self, result: Any) -> None:
        self.parts.append([np.array(column) for column in self.module.columns(result)])

    def facts(self) -> dict:
        columns = [np.concatenate(column) for column in zip(*self.parts, strict=True)]
        return {"events": int(columns[0].size), "digest": digest(*columns)}


class FramesCheck:
    """Number of frames handed out and the sum over all of them."""

    def __init__(self, module: Any) -> None:
        self.frames, self.total, self.layout = 0, 0.0, ""

    def __call__(self, frame: Any) -> None:
        array = np.asarray(frame)
        self.frames += 1
        self.total += float(array.sum(dtype=np.float64))
        self.layout = self.layout or f"{list(array.shape)} {array.dtype}"

    def facts(self) -> dict:
        return {"frames": self.frames, "total": round(self.total), "layout": self.layout}


class PathCheck:
    """The file that was written; whoever asked reads it."""

    def __init__(self, module: Any) -> None:
        self.path = ""

    def __call__(self, path: str) -> None:
        self.path = path

    def facts(self) -> dict:
        return {"written": self.path}


class NoCheck:
    """For what no reader can beat: there is nothing to compare."""

    def __init__(self, module: Any) -> None:
        pass

    def __call__(self, result: Any) -> None:
        pass

    def facts(self) -> dict:
        return {}


CHECKS = {"events": EventsCheck, "frames": FramesCheck, "path": PathCheck, "tensors": TensorsCheck, "none": NoCheck}


class Runner:
    """Runs requests against one adapter module; keeps prepared states until they are released."""

    def __init__(self, name: str) -> None:
        self.module = importlib.import_module(f"benchmarks.peers.{name}")
        self.states: dict[str, Any] = {}

    def _state(self, request: dict) -> Any:
        prepare = getattr(self.module, f"prepare_{request['op']}", None)
        if prepare is None:
            return request["path"]
        key = json.dumps([request["op"], request["path"], request["args"]])
        if key not in self.states:
            self.states[key] = prepare(request["path"], **request["args"])
        return self.states[key]

    def run(self, request: dict) -> dict:
        """One run: seconds, or what was handed out when `check` names a check."""
        if request["op"] == "release":
            self.states.clear()
            gc.collect()
            return {}
        operation, state = getattr(self.module, request["op"]), self._state(request)
        if request.get("check"):
            sink = CHECKS[request["check"]](self.module)
            sink.args = request["args"]
            operation(state, sink, **request["args"])
            return sink.facts()
        return {"seconds": _timed(operation, state, request["args"])}

    def peak(self, request: dict) -> dict:
        """Peak resident memory of one run above the state before it, in bytes; for a fresh process."""
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM to the present size
        before = _status("VmRSS")
        operation = getattr(self.module, request["op"])
        operation(self._state(request), _Last(), **request["args"])
        return {"peak_bytes": _status("VmHWM") - before}


class _Last:
    """Keeps the last result alive, as a caller would."""

    def __call__(self, result: Any) -> None:
        self.result = result


def _wake_cores() -> None:
    """Keep every core busy for a while: a virtual core that slept takes longer to wake than a load takes,
    which would cost whoever uses several of them, and only him."""
    block = bytes(16 << 20)
    threads = [threading.Thread(target=hashlib.sha256, args=(block,)) for _ in range(os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _timed(operation: Any, state: Any, args: dict) -> float:
    """Seconds of one run; results are kept until the clock has stopped when there is only one."""
    keep = _Last()
    _wake_cores()
    start = time.perf_counter()
    operation(state, keep, **args)
    return time.perf_counter() - start


def _status(field: str) -> int:
    """A size of /proc/self/status in bytes."""
    return int(re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024


def main() -> None:
    """Answer requests from stdin until it closes; adapters may print, so answers have a channel of their own."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.append(sys.path.pop(0))  # an installed aestream comes before the sources beside us
    runner = Runner(sys.argv[1])
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = runner.peak(request) if request.get("peak") else runner.run(request)
        except Exception as error:  # whatever a peer raises is a result to be shown
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:160]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
