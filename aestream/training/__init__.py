"""From datasets to a trained model and back: a Lightning data module, and the pipeline that a checkpoint remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aestream.training.passport import Passport
from aestream.training.pipeline import Pipeline, load_pipeline

if TYPE_CHECKING:
    from aestream.training.module import EventDataModule

__all__ = ["EventDataModule", "Passport", "Pipeline", "load_pipeline"]


def __getattr__(name: str) -> Any:
    """EventDataModule is imported when it is asked for, as its base class is Lightning's."""
    if name != "EventDataModule":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aestream.training.module import EventDataModule

    return EventDataModule
