"""EventDataModule: datasets, folders or files as Lightning's data, with exact resume and a passport."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from torch.utils.data import ConcatDataset, DataLoader, IterableDataset

from aestream.arguments import positive
from aestream.datasets.file import FileInput
from aestream.datasets.folder import EventFolder
from aestream.datasets.loader import EventLoader
from aestream.datasets.sequences import SequenceSampler
from aestream.hidden import is_hidden
from aestream.streams.base import EventStream
from aestream.training.description import is_restorable, restore
from aestream.training.lightning_base import data_module_class
from aestream.training.passport import KEY, Passport, require_equal

_Base: Any = data_module_class()


class EventDataModule(_Base):
    """Data for a Lightning trainer: ``Trainer().fit(model, EventDataModule(train=..., val=...))``.

    Its loaders are `EventLoader`: a fit that is resumed from a checkpoint goes on with the very next batch, and every
    rank gets as many batches. The checkpoint holds a passport of how items are made, which `load_pipeline` reads; a fit
    that resumes with another one is an error.

    Args:
        train, val, test, predict: each a dataset; the path of a recording, of a folder of recordings, or of one with a
            folder per class (see `EventFolder`); or a list of such, which gives a list of loaders (of ``train``, one
            after the other as one dataset). ``predict`` may be a live stream, whose batches hold one window; of a list
            each stream is opened when the one before has ended.
        batch_size: items a batch.
        lanes, steps: batches of ``train``, ``val`` and ``test`` are sequences; see `SequenceSampler`.
        shuffle: whether training has another order every epoch.
        seed: of all that loaders, samplers and the module's own datasets draw; models draw from torch's.
        num_workers: processes per loader.
        drop_last: leave out training batches that are not full.
        loader_options: other arguments of `EventLoader`.
        dataset_options: arguments of `FileInput` or `EventFolder` for those that are paths, such as ``representation``.

    Raises:
        ValueError: if an argument is out of range, a path holds no recording, or only one of lanes and steps is given.
        ImportError: when the module is imported, without Lightning.
    """

    def __init__(
        self,
        train: Any = None,
        val: Any = None,
        test: Any = None,
        predict: Any = None,
        *,
        batch_size: int = 32,
        lanes: int | None = None,
        steps: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        num_workers: int = 0,
        drop_last: bool = False,
        loader_options: dict[str, Any] | None = None,
        dataset_options: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        positive("batch_size", batch_size)
        if (lanes is None) != (steps is None):
            raise ValueError(f"sequences need both lanes and steps; got lanes={lanes!r}, steps={steps!r}")
        options = dataset_options or {}
        given = [each for source in (train, val, test, predict) for each in _parts(source) if each is not None]
        if options and not any(isinstance(each, str | os.PathLike) for each in given):
            raise ValueError(f"dataset_options are for paths: give the datasets their own; got {sorted(options)}")
        self.datasets = {
            stage: _opened(source, options)
            for stage, source in [("train", train), ("val", val), ("test", test), ("predict", predict)]
            if source is not None
        }
        for stage in {"train", "val", "test", "predict"} - self.datasets.keys():  # as if the method were not defined
            setattr(self, f"{stage}_dataloader", getattr(super(), f"{stage}_dataloader"))
        if isinstance(self.datasets.get("train"), list):
            self.datasets["train"] = ConcatDataset(self.datasets["train"])
        self.batch_size, self.lanes, self.steps = batch_size, lanes, steps
        self.shuffle, self.seed, self.drop_last = shuffle, seed, drop_last
        self.loader_options = {"num_workers": num_workers} | (loader_options or {})
        self._opened_here: list[EventStream] = []

    @property
    def passport(self) -> Passport | None:
        """How items of evaluation are made: as in val, else test, predict or train; None without data."""
        for stage in ("val", "test", "predict", "train"):
            if stage in self.datasets:
                dataset = self.datasets[stage]
                return Passport.of(dataset[0] if isinstance(dataset, list) else dataset)
        return None

    def state_dict(self) -> dict[str, Any]:
        """The passport, which Lightning writes into its checkpoints."""
        passport = self.passport
        if passport is None:
            return {}
        transform = passport.event_transform
        if is_restorable(transform) and getattr(restore(transform), "is_random", False):
            warnings.warn(
                f"the checkpoint's passport says that items of evaluation are drawn at random, by {transform}: "
                "give val= a dataset without it",
                stacklevel=2,
            )
        return {KEY: passport.to_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Check that items are made as they were.

        Raises:
            ValueError: if they are not; shows both passports.
        """
        present = self.passport
        if KEY in state_dict and present is not None:
            saved = Passport.from_dict(state_dict[KEY])
            require_equal(saved, present, "the checkpoint's passport is not this module's")

    def train_dataloader(self) -> Any:
        """The loader of training."""
        return self._loaders("train")

    def val_dataloader(self) -> Any:
        """The loader of validation, in order; a list of them for a list."""
        return self._loaders("val")

    def test_dataloader(self) -> Any:
        """The loader of tests, in order; a list of them for a list."""
        return self._loaders("test")

    def predict_dataloader(self) -> Any:
        """The loader of predictions, in order; a list of them for a list."""
        return self._loaders("predict")

    def teardown(self, stage: str) -> None:
        """Close the live streams that were opened for the batches of this run, and no others."""
        self._close_streams()

    def on_exception(self, exception: BaseException) -> None:
        """As at the end of a run: wherever an error or Ctrl-C meets it, no port and no camera stays open."""
        self._close_streams()

    def _close_streams(self) -> None:
        while self._opened_here:
            self._opened_here.pop().stop()

    def _loaders(self, stage: str) -> Any:
        dataset = self.datasets[stage]
        if isinstance(dataset, list):
            return [self._loader(each, stage) for each in dataset]
        return self._loader(dataset, stage)

    def _loader(self, dataset: Any, stage: str) -> Any:
        if isinstance(dataset, IterableDataset):
            if isinstance(dataset, EventStream) and not dataset._is_open:
                self._opened_here.append(dataset)
            return DataLoader(dataset, batch_size=1)
        is_training = stage == "train"
        shuffle, drop_last = is_training and self.shuffle, is_training and self.drop_last
        if self.lanes is None or self.steps is None or stage == "predict":
            order: dict[str, Any] = {"batch_size": self.batch_size, "shuffle": shuffle, "drop_last": drop_last}
            return EventLoader(dataset, seed=self.seed, **order, **self.loader_options)
        sampler = SequenceSampler(
            dataset, lanes=self.lanes, steps=self.steps, shuffle=shuffle, seed=self.seed, drop_last=drop_last
        )
        return EventLoader(dataset, seed=self.seed, batch_sampler=sampler, **self.loader_options)


def _parts(source: Any) -> list[Any]:
    """The members of a list, of lists, too; or the one."""
    return [part for each in source for part in _parts(each)] if isinstance(source, list | tuple) else [source]


def _opened(source: Any, options: dict[str, Any]) -> Any:
    """A dataset for each path."""
    if isinstance(source, list | tuple):
        return [_opened(each, options) for each in source]
    if not isinstance(source, str | os.PathLike):
        return source
    path = Path(source)
    if not path.is_dir() or (path / "metadata.yaml").exists():  # the folder of a ROS 2 bag is one recording
        return FileInput(path, **options)
    if any(each.is_dir() and not is_hidden(each.name) for each in path.iterdir()):
        return EventFolder(path, **options)
    files = sorted(each for each in path.iterdir() if each.is_file() and not is_hidden(each.name))
    if not files:
        raise ValueError(f"expected recordings in {str(path)!r}, found none")
    return ConcatDataset([FileInput(each, **options) for each in files])
