"""The README's code runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_readme_has_code():
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: code.strip().splitlines()[-1][:40])
def test_readme_code_runs(code):
    exec(compile(code, str(README), "exec"), {})


@pytest.mark.parametrize(("name", "count"), [("sequences.md", 3), ("live.md", 2)])
def test_code_of_a_page_runs(name, count, monkeypatch):
    monkeypatch.chdir(ROOT)
    page = ROOT / "docs" / name
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == count
    exec(compile("\n".join(blocks), str(page), "exec"), {})
