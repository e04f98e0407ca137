"""The recipes run, on the recording that ships, and do what they say."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest
from PIL import Image

RECIPES = Path(__file__).parents[1] / "recipes"


def run(name: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    runpy.run_path(str(RECIPES / name), run_name="__main__")


def test_demo_draws_a_frame_and_runs_an_epoch(tmp_path, monkeypatch, capsys):
    run("demo.py", "--frame", str(tmp_path / "frame.png"), monkeypatch=monkeypatch)
    printed = capsys.readouterr().out
    for part in ("aedat4, 346x260, 41309 events", "one epoch: 41309 events", "Mev/s"):
        assert part in printed
    picture = Image.open(tmp_path / "frame.png")
    assert picture.size == (2 * 346, 2 * 260)
    assert len(picture.getcolors()) > 2  # white, and events of both polarities


def test_training_reduces_the_error(monkeypatch, capsys):
    run("train.py", "--epochs", "2", monkeypatch=monkeypatch)
    first, second = (float(error) for error in re.findall(r"error (\d+\.\d+)", capsys.readouterr().out))
    assert second < first


@pytest.mark.parametrize("recipe", sorted(RECIPES.glob("*.py")), ids=lambda path: path.name)
def test_help_says_how_to_run(recipe, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        run(recipe.name, "--help", monkeypatch=monkeypatch)
    assert f"python recipes/{recipe.name}" in capsys.readouterr().out
