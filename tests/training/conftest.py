"""Recordings on disk for training, and Lightning without its advice."""

from __future__ import annotations

import pytest
from support.files import make_events, write_file

ADVICE = [
    "ignore:.*does not have many workers.*",
    "ignore:.*smaller than the logging interval.*",
    "ignore:.*The `predict_dataloader` does not have.*",
]


def pytest_collection_modifyitems(items):
    for item in items:
        if "/training/" in str(item.path):
            for advice in ADVICE:
                item.add_marker(pytest.mark.filterwarnings(advice))


@pytest.fixture
def recordings(tmp_path):
    """Three files of events, of different lengths."""
    paths = []
    for number, count in enumerate((3000, 5000, 2000)):
        folder = tmp_path / "recordings" / str(number)
        folder.mkdir(parents=True)
        paths.append(write_file(folder, "evt3", make_events(count)))
    return paths
