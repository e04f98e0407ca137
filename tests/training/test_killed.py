"""A process that is killed in the middle of a training: another one goes on as if nothing had been."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support import killed_training
from support.files import make_events, write_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of three classes of recordings of different lengths."""
    root = tmp_path_factory.mktemp("killed")
    for number, count in enumerate((3000, 5000, 2000)):
        place = root / "recordings" / str(number)
        place.mkdir(parents=True)
        write_file(place, "evt3", make_events(count, seed=number))
    return root


def train(folder: Path, *arguments: object, killed: bool = False) -> dict:
    """What a process leaves."""
    command = [sys.executable, killed_training.__file__, str(folder), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == (-signal.SIGKILL if killed else 0), done.stderr
    name = "killed" if killed else "resumed" if "--resume" in arguments else "whole"
    return torch.load(folder / f"{name}.pt", weights_only=True)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("kind", killed_training.KINDS)
def test_a_killed_process_is_resumed_to_the_bit(kind, folder):
    whole = train(folder, kind, 0)
    count = len(whole["seen"])
    for before, after in ((0, 2), (2, 0)):
        stop = random.Random(f"{kind} {before}").randrange(1, count)
        seen = train(folder, kind, before, "--kill", stop, killed=True)
        resumed = train(folder, kind, after, "--resume")
        assert len(seen) == stop
        assert all(torch.equal(a, b) for a, b in zip(seen + resumed["seen"], whole["seen"], strict=True))
        assert all(torch.equal(a, b) for a, b in zip(resumed["weights"], whole["weights"], strict=True))
