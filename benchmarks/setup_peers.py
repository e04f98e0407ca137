"""Create the peers' own environment: `python -m benchmarks.setup_peers`."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path("bench/venv-peers")


def main() -> None:
    """A virtual environment with the pinned versions; torch first, so that nothing pulls in another one.

    Those of `peers_alone.txt` name more than they need here, such as torchvision, and come without it.
    """
    requirements = Path(__file__).parent / "peers.txt"
    venv.create(FOLDER, with_pip=True)
    pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "install", "-q"]
    torch = next(line for line in requirements.read_text().split() if line.startswith("torch=="))
    subprocess.run([*pip, torch], check=True)
    subprocess.run([*pip, "-r", str(requirements)], check=True)
    subprocess.run([*pip, "--no-deps", "-r", str(requirements.with_name("peers_alone.txt"))], check=True)
    print(f"peers are in {FOLDER}", file=sys.stderr)


if __name__ == "__main__":
    main()
