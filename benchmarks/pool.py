"""Starts workers, one per adapter and environment, and talks to them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = ("limits", "columns_h5")  # and all adapters whose names begin with "ours"
TIMEOUT_S = 900


class Worker:
    """One child process; a call that takes too long kills it."""

    def __init__(self, module: str, peers_python: Path) -> None:
        python = sys.executable if module in OURS or module.startswith("ours") else str(peers_python)
        command = [python, "-W", "ignore", "-m", "benchmarks.worker", module]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.errors: list[str] = []
        threading.Thread(target=self._drain, daemon=True).start()
        self.failed = "" if self._read().get("ready") else f"does not start: {self._last_error()}"

    def _drain(self) -> None:
        for line in self.process.stderr:
            self.errors = [*self.errors[-20:], line.strip()]

    def _last_error(self) -> str:
        return next((line for line in reversed(self.errors) if line), "no message")[:160]

    def _read(self) -> dict:
        timer = threading.Timer(TIMEOUT_S, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line:
            self.process.wait()
        return json.loads(line) if line else {"error": f"worker ended: {self._last_error()}"}

    def call(self, request: dict) -> dict:
        """Send one request, wait for its answer."""
        if self.failed:
            return {"error": self.failed}
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": f"worker ended: {self._last_error()}"}
        return self._read()

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


class Pool:
    """Workers by adapter name, started on first use."""

    def __init__(self, peers_python: Path) -> None:
        self.peers_python, self.workers = peers_python, {}

    def call(self, module: str, request: dict) -> dict:
        """Run a request in the adapter's long-lived worker."""
        if module not in self.workers:
            self.workers[module] = Worker(module, self.peers_python)
        return self.workers[module].call(request)

    def once(self, module: str, request: dict) -> dict:
        """Run a request in a fresh process."""
        worker = Worker(module, self.peers_python)
        answer = worker.call(request)
        worker.close()
        return answer

    def release(self) -> None:
        """Drop all prepared states, and restart workers that died."""
        for module, worker in list(self.workers.items()):
            if worker.process.poll() is not None:
                del self.workers[module]
            else:
                worker.call({"op": "release"})

    def close(self) -> None:
        """End all workers."""
        for worker in self.workers.values():
            worker.close()
