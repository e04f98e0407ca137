"""prepare() on dask's cluster, whose processes die. ``AESTREAM_CLUSTER_FILES`` says of how many files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.trees import write_recording

from aestream.datasets import EventFolder, prepare

FILES = int(os.environ.get("AESTREAM_CLUSTER_FILES", "60"))
PATIENCE = 60 + FILES  # seconds

# The clients' processes have what dask needs; the test's own has none of its threads or warnings.
CLIENT = """
import sys, time
from pathlib import Path
from distributed import Client, LocalCluster
from aestream.datasets import EventFolder, prepare

if __name__ == "__main__":
    data, out = sys.argv[1:]
    options = dict(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        pids = [worker["pid"] for worker in client.run(lambda: {"pid": __import__("os").getpid()}).values()]
        print(*pids, flush=True)
        report = prepare(EventFolder(data, window_us=1000), out, client=client, shard_bytes=300, progress=False)
        print("done", report.items, report.made, report.kept, flush=True)
"""


LONELY = """
import sys
from distributed import Client
from aestream.datasets import EventFolder, prepare

with Client(scheduler_file=sys.argv[3]) as client:
    client.wait_for_workers(2)
    prepare(EventFolder(sys.argv[1], window_us=1000), sys.argv[2], client=client, shard_bytes=300, progress=False)
"""


def all_files(path):
    return {each.name: each.read_bytes() for each in path.iterdir() if each.is_file()}


@pytest.fixture
def folder(tmp_path):
    for number in range(FILES):
        name = "left" if number % 2 else "right"
        write_recording(tmp_path / "data" / name / f"{number}.dat", count=40, seed=number)
    return tmp_path / "data"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_workers_and_the_client_may_die(folder, tmp_path):
    dataset = EventFolder(folder, window_us=1000)
    prepare(dataset, tmp_path / "want", shard_bytes=300, workers=1)
    want, out = all_files(tmp_path / "want"), tmp_path / "out"
    script = tmp_path / "client.py"
    script.write_text(CLIENT)
    command = [sys.executable, str(script), str(folder), str(out)]

    def seen() -> int:
        """How many shards are there; each of them whole."""
        paths = list(out.glob("shard-*"))
        assert all(path.read_bytes() == want[path.name] for path in paths)
        return len(paths)

    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)  # its client dies
    try:
        pids = list(map(int, first.stdout.readline().split()))
        until = time.monotonic() + PATIENCE
        while not seen() and time.monotonic() < until:
            time.sleep(0.005)
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.wait(30)
        first.stdout.close()
    for pid in pids:  # its workers, which would go soon
        if Path(f"/proc/{pid}").exists():
            os.kill(pid, signal.SIGKILL)
    assert seen()
    second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)  # one of its workers dies
    try:
        os.kill(int(second.stdout.readline().split()[0]), signal.SIGKILL)
        while second.poll() is None:
            seen()
            time.sleep(0.02)
        assert second.stdout.read().startswith(f"done {len(dataset)} ")
        assert second.returncode == 0
    finally:
        second.kill()
        second.wait(30)
        second.stdout.close()
    assert all_files(out) == want


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_the_scheduler_may_die(folder, tmp_path):
    dataset = EventFolder(folder, window_us=1000)
    out, address = tmp_path / "out", str(tmp_path / "scheduler.json")
    dask = [sys.executable, "-W", "ignore", "-m"]
    started = ["--no-dashboard", "--scheduler-file", address]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    local = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    processes = [subprocess.Popen([*dask, *local, *started], **quiet)]
    worker = ["distributed.cli.dask_worker", "--nthreads", "1", "--death-timeout", "30"]
    processes += [subprocess.Popen([*dask, *worker, *started], **quiet) for _ in range(2)]
    command = [sys.executable, "-c", LONELY, str(folder), str(out), address]
    client = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        until = time.monotonic() + PATIENCE
        while len(list(out.glob("shard-*"))) < 3 and time.monotonic() < until:
            time.sleep(0.005)
        processes[0].kill()
        _, said = client.communicate(timeout=PATIENCE)
    finally:
        for process in (client, *processes):
            process.kill()
            process.wait(30)
    assert client.returncode == 1
    assert "run prepare again, it goes on" in said
    assert not (out / "manifest.json").exists()
    report = prepare(dataset, out, shard_bytes=300)
    assert report.kept >= 3
    prepare(dataset, tmp_path / "want", shard_bytes=300, workers=1)
    assert all_files(out) == all_files(tmp_path / "want")
