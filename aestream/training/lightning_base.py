"""Lightning's data module, under either of its names."""

# mypy: disable-error-code="import-untyped,import-not-found,unused-ignore"
from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_NAMES = {"lightning.pytorch": "lightning", "pytorch_lightning": "pytorch-lightning"}
_COMPROMISED = ("2.6.2", "2.6.3")


def data_module_class() -> Any:
    """``LightningDataModule`` of the package that is imported already, or else of the first that is installed.

    Raises:
        ImportError: if neither is installed, or in a release that was compromised.
    """
    for name in sorted(_NAMES, key=lambda name: name not in sys.modules):
        try:
            found = version(_NAMES[name])
        except PackageNotFoundError:
            continue
        if found in _COMPROMISED:
            raise ImportError(f"{_NAMES[name]} {found} is a compromised release: pip install -U 'aestream[lightning]'")
        return import_module(name).LightningDataModule
    raise ImportError("EventDataModule needs Lightning: pip install 'aestream[lightning]'")
