"""spikingjelly on files of N-MNIST: its reader and frames, in a DataLoader. It imports torchvision and torchaudio, in
whose place a stand-in is put: nothing here uses them. (Its NMNIST wants the archives.)"""

import importlib.abc
import importlib.machinery
import sys
import types
from pathlib import Path

import torch  # looks for modules itself, so before the stand-ins

from benchmarks.peers.digits import Files, epoch, items

SIDE = 34


class _StandIn(types.ModuleType):
    """A module that has whatever is imported from it."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        is_absent = name.partition(".")[0] in ("torchvision", "torchaudio")
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if is_absent else None

    def create_module(self, spec):
        return _StandIn(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(_StandIns())
from spikingjelly.datasets import utils  # noqa: E402  after the stand-ins


def _frames(path, steps):
    events = utils.load_ATIS_bin(path)
    return utils.integrate_events_by_fixed_frames_number(events, "time", steps, SIDE, SIDE)


def prepare_steps(path, steps, batch):
    return items(Files(path, lambda file: _frames(file, steps)), batch)


steps = epoch


def _frame(path):
    return _frames(path, 1)[0]


def prepare_later_frames(path, batch, workers):
    return items(Files(path, _frame), batch, workers)


later_frames = epoch


def first_frames(path, sink, batch, workers):
    epoch(prepare_later_frames(path, batch, workers), sink)


class _Kept(Files):
    """Frames in .npz files, as its NMNIST keeps them."""

    def __getitem__(self, index):
        path, target = self.items[index]
        return torch.from_numpy(utils.load_npz_frames(path + ".npz")[0]), target


def prepare_cached_frames(path, batch, workers):
    dataset = _Kept(path, None)
    for file, _ in dataset.items:
        if not Path(file + ".npz").exists():
            utils.np_savez(file + ".npz", frames=_frames(file, 1))
    return items(dataset, batch, workers)


cached_frames = epoch
