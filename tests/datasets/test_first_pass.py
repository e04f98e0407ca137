"""The bar of a long first pass: how far it is, and nothing where nobody wants it or the pass is short."""

from __future__ import annotations

import sys
import time

import pytest
from support.files import HEIGHT, WIDTH, file_bytes, make_events

from aestream import FileInput
from aestream.datasets import event_file, first_pass
from aestream.datasets.first_pass import first_pass_bar


def wait_for(text: str, capfd: pytest.CaptureFixture[str]) -> str:
    """All of stderr once the text is in it, at most five seconds."""
    seen, end = "", time.monotonic() + 5
    while text not in seen and time.monotonic() < end:
        time.sleep(0.01)
        seen += capfd.readouterr().err
    assert text in seen
    return seen


def test_a_long_pass_shows_how_far_it_is_and_ends_whole(monkeypatch, capfd):
    monkeypatch.setattr(first_pass, "PATIENCE_S", 0.01)
    with first_pass_bar("folder/long.raw", 1000, lambda: 400, shown=True):
        assert "long.raw" in wait_for("40%", capfd)
    assert "100%" in capfd.readouterr().err


def test_a_pass_that_fails_ends_its_bar(monkeypatch, capfd):
    monkeypatch.setattr(first_pass, "PATIENCE_S", 0.01)
    with pytest.raises(ValueError, match="damaged"), first_pass_bar("long.raw", 1000, lambda: 5000, shown=True):
        wait_for("100%", capfd)
        raise ValueError("damaged")


@pytest.mark.parametrize("shown", [True, False])
def test_a_short_pass_shows_nothing(capfd, shown):
    with first_pass_bar("short.raw", 1000, lambda: 400, shown=shown):
        pass
    assert capfd.readouterr().err == ""


def test_without_tqdm_nothing_is_shown(monkeypatch, capfd):
    monkeypatch.setattr(first_pass, "PATIENCE_S", 0.01)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with first_pass_bar("long.raw", 1000, lambda: 400, shown=True):
        time.sleep(0.1)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("format", ["evt2", "evt3", "dat", "csv", "aedat4"])
@pytest.mark.parametrize("progress", [True, False])
def test_a_file_asks_for_a_bar_of_its_bytes(tmp_path, monkeypatch, format, progress):
    path = tmp_path / "file"
    path.write_bytes(file_bytes(format, make_events(20_000)))
    asked = []
    bar = first_pass_bar

    def watched(path, size, passed, *, shown):
        asked.append((path, size, passed, shown))
        return bar(path, size, passed, shown=shown)

    monkeypatch.setattr(event_file, "first_pass_bar", watched)
    file = FileInput(path, (WIDTH, HEIGHT), progress=progress, cache_index=False)
    assert file.num_events == 20_000
    [(where, size, passed, shown)] = asked
    assert (where, size, shown) == (str(path), path.stat().st_size, progress)
    assert 0.9 * size < passed() <= size
