"""Skips this folder, with the reason, where the shared folder does not lie beside the repository."""

from __future__ import annotations

import pytest

from .manifest import SHARED


@pytest.fixture(autouse=True)
def _shared_folder():
    if not SHARED.is_dir():
        pytest.skip("needs the folder 'shared' beside the repository")
