"""One line about the machine and the versions that a table was measured with."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def _peer_versions(python: Path, names: list[str]) -> dict[str, str]:
    code = f"import importlib.metadata as m\nfor n in {names!r}: print(n, m.version(n))"
    lines = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split() for line in lines)


def describe(options: argparse.Namespace) -> dict:
    """CPU, cores, memory, date, versions."""
    lists = [Path(__file__).with_name(name).read_text() for name in ("peers.txt", "peers_alone.txt")]
    names = [line.split("==")[0].split("[")[0] for line in "\n".join(lists).split()]
    versions = _peer_versions(options.peers_python, names)
    try:
        versions["aestream"] = importlib.metadata.version("aestream")
    except importlib.metadata.PackageNotFoundError:
        versions["aestream"] = "not installed"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
        "load_average": os.getloadavg()[0],
        "versions": versions,
    }
