"""PreparedDataset: the items of a dataset, read from its shards."""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset, Subset

from aestream.arguments import index_within, to_index
from aestream.cuda import tensor_on, to_device
from aestream.datasets.batch import rows_of
from aestream.datasets.by_call import Transformed, represent_all, transformed
from aestream.datasets.epoch import Epoch
from aestream.datasets.ragged import collate_detections, collate_labelled
from aestream.datasets.samplers import draw_of
from aestream.options import DeviceOptions, takes
from aestream.prepared.contents import Contents
from aestream.prepared.places import Folder, LocalCopies
from aestream.prepared.records import TensorForm, decode_events
from aestream.prepared.shard import Shard, unchanged
from aestream.prepared.targets import decode_target
from aestream.representations.base import is_fused
from aestream.training.pipeline import UNSET, chosen
from aestream.transforms.base import Transform, seeded

_OPEN = 1024  # shards that stay mapped
_Run: TypeAlias = tuple[Shard, list[int]]  # items of one shard that follow each other: their places there
_COLLATE = {"labelled": collate_labelled, "detections": collate_detections}


@takes(DeviceOptions)
class PreparedDataset(Dataset[Any]):
    """The items of a dataset that `prepare` wrote into shards, the same to the bit, in the same order.

    An item is ``x``, ``(x, target)``, and with ``with_times`` has int64 ``[2]`` of its window's start and stop in µs
    as its last member. Batches of tensors are read into one piece of memory; workers map the shards themselves.

    Args:
        path: the prepared folder; with ``local_copy`` also a URL that fsspec opens.
        device: …
        representation, event_transform: of prepared events; None: events as they are. Where they are not given, they
            are those of the dataset that was prepared. Prepared tensors have theirs already.
        transform, target_transform: applied to every ``x`` and target. ``transform`` is the prepared dataset's where it
            is not given; ``target_transform`` has to be given again.
        with_times: None: as the dataset that was prepared.
        verify: compare each shard with its digest when it is first opened, in every process.
        local_copy: a folder in which to keep copies of the shards of a slow ``path``.
        local_bytes: how much these copies may take; None: no limit.

    Attributes:
        shape: the sensor's (width, height), pixels.
        classes: their names, by label.
        window_us, window_events, stride: as in `FileInput`.
        recording_lengths: int64 ``[R]``: items of each recording, which `SequenceSampler` goes by.
        collate: the collate function that fits.

    Raises:
        ValueError: if the folder is not prepared, or a callable of your own has to be given again.
        OSError: when a shard is missing or damaged; names it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        device: torch.device | str | None = "cpu",
        representation: Any = UNSET,
        event_transform: Any = UNSET,
        transform: Any = UNSET,
        target_transform: Callable[[Any], Any] | None = None,
        with_times: bool | None = None,
        verify: bool = True,
        local_copy: str | os.PathLike[str] | None = None,
        local_bytes: int | None = None,
    ) -> None:
        self.device = to_device(device)
        if local_copy is None:
            self._place: Any = Folder(path, verify=verify)
        else:
            self._place = LocalCopies(path, local_copy, local_bytes, verify=verify)
        self._set_contents(self._place.contents())
        fixed = self._contents.what == "tensors"
        passport = self._contents.passport
        self.representation = self._chosen("representation", representation, fixed)
        self.event_transform = self._chosen("event_transform", event_transform, fixed)
        self.transform = chosen("transform", passport, UNSET) if transform is UNSET else transform
        self.target_transform = target_transform
        self.with_times = self._contents.members.times if with_times is None else with_times
        self.shape, self.classes = passport.shape, passport.classes
        self.window_us, self.window_events, self.stride = passport.window_us, passport.window_events, passport.stride
        self._epoch = Epoch()
        self._forget()

    def _chosen(self, name: str, given: Any, is_fixed: bool) -> Any:
        if given is not UNSET and not is_fixed:
            return given
        return chosen(name, self._contents.passport, given)

    def _set_contents(self, contents: Contents) -> None:
        self._contents = contents
        self._shard_ends = np.cumsum([shard.items for shard in contents.shards], dtype=np.int64).tolist()
        self._ends = np.cumsum(contents.lengths, dtype=np.int64).tolist()

    def _forget(self) -> None:
        self._opened: OrderedDict[int, Shard] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def collate(self) -> Callable[[list[Any]], Any]:
        """The collate function that fits the items."""
        return _COLLATE[self._contents.collate]

    @property
    def what(self) -> str:
        """``"events"`` or ``"tensors"``."""
        return self._contents.what

    @property
    def has_targets(self) -> bool:
        """Whether items are ``(x, target)``."""
        return self._contents.members.target

    @property
    def recordings(self) -> list[str]:
        """The name of every recording."""
        return [file.name for file in self._contents.files]

    @property
    def failed(self) -> list[tuple[str, str]]:
        """Recordings of which something could not be read when they were prepared, and why."""
        return list(self._contents.failed)

    @property
    def num_recordings(self) -> int:
        """Recordings, with or without items."""
        return len(self._ends)

    @property
    def recording_lengths(self) -> npt.NDArray[np.int64]:
        """int64 ``[num_recordings]``: how many items each recording has, in order."""
        return np.array(self._contents.lengths, np.int64)

    def locate(self, index: int) -> tuple[int, int]:
        """The recording that an item lies in, and its place there; both count from 0."""
        index = self._checked(index)
        recording = bisect_right(self._ends, index)
        return recording, index - (self._ends[recording - 1] if recording else 0)

    def set_epoch(self, epoch: int) -> None:
        """Make random event transforms draw anew, in this process and in workers that are there already."""
        self._epoch.number = epoch

    def window(self, index: int) -> tuple[int, int]:
        """The half-open window of an item: start and stop, µs."""
        ((shard, (place,)),) = self._find_all([index])
        with unchanged([shard]):
            start, stop = shard.times[place].tolist()
        return start, stop

    def target(self, index: int) -> Any:
        """The target of an item as it was given, without its events; None if there are no targets."""
        ((shard, (place,)),) = self._find_all([index])
        with unchanged([shard]):
            return decode_target(shard.target(place))

    @property
    def targets(self) -> list[Any]:
        """The target of every item as it was given, in order."""
        return [self.target(index) for index in range(len(self))]

    def __len__(self) -> int:
        return int(self._ends[-1]) if self._ends else 0

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Subset(self, range(*index.indices(len(self))))
        return rows_of(self._columns([index]), remember=False)[0]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """The items of a batch; default_collate makes them a batch without a copy."""
        return rows_of(self._columns(indices), remember=True)

    def _columns(self, indices: list[int]) -> list[Any]:
        found = self._find_all(indices)
        with unchanged({shard for shard, _ in found}):
            return self._columns_of(indices, found)

    def _columns_of(self, indices: list[int], found: list[_Run]) -> list[Any]:
        raw = None
        if self._contents.members.target:
            raw = [decode_target(shard.target(place)) for shard, places in found for place in places]
        values, targets = (self._stored(found), raw) if self._contents.form else self._made(indices, found, raw)
        columns: list[Any] = [values if self.transform is None else [self.transform(value) for value in values]]
        if targets is not None:
            change = self.target_transform
            columns.append(targets if change is None else [change(target) for target in targets])
        if self.with_times:
            times = [np.empty((0, 2), np.int64), *(shard.times[places] for shard, places in found)]
            columns.append(torch.from_numpy(np.concatenate(times)))
        return columns

    def _stored(self, found: list[_Run]) -> torch.Tensor:
        """Tensors, in one piece of memory."""
        form: Any = self._contents.form
        tensor, rows = form.batch(sum(len(places) for _, places in found))
        first = 0
        for shard, places in found:
            shard.restore_tensors(form, places, rows[first : first + len(places)])
            first += len(places)
        return tensor_on(self.device, tensor)

    def _made(self, indices: list[int], found: list[_Run], targets: Any) -> tuple[Any, Any]:
        """What the representation makes of events, after their transform; and targets, which that may change."""
        at = [(shard, place) for shard, places in found for place in places]
        windows = (
            self._transformed(index, shard, place, None if targets is None else targets[position])
            for position, (index, (shard, place)) in enumerate(zip(indices, at, strict=True))
        )
        values, moved = represent_all(windows, self.representation, _no_shape, self.device)
        changed = None if targets is None else moved
        shapes = {value.shape for value in values if isinstance(value, torch.Tensor)}
        if not is_fused(self.representation) or len(shapes) != 1 or self.device.type != "cpu":
            return values, changed
        tensor, rows = TensorForm(tuple(shapes.pop()), values[0].dtype).batch(len(values))
        for row, value in zip(rows, values, strict=True):  # not torch.stack, whose threads wait for each other
            row[:] = value.reshape(-1).view(torch.uint8).numpy()
        return tensor, changed

    def _transformed(self, index: int, shard: Shard, place: int, target: Any) -> Transformed:
        records = decode_events(shard.item(place), int(shard.kinds[place]), int(shard.bases[place]))
        start_us, stop_us = shard.times[place].tolist()
        stretch, item = shard.stretch_of(place)
        generator = None
        if isinstance(self.event_transform, Transform) and self.event_transform.is_random:
            draw = draw_of(index) if hasattr(index, "draw") else item  # as the recording's own file draws
            generator = seeded(stretch.seed % 2**64, self._epoch.number, draw)
        window = transformed(
            records,
            (start_us, stop_us),
            target,
            event_transform=self.event_transform,
            shape=lambda: self.shape or stretch.shape,
            generator=generator,
        )
        if self.representation is None or window.shape is not None:
            return window
        return window._replace(shape=self.shape or stretch.shape)

    def _find_all(self, indices: list[int]) -> list[_Run]:
        """Where items lie, in order: a shard, and places there of those that follow each other."""
        length, ends = len(self), self._shard_ends
        found: list[_Run] = []
        first = stop = 0
        for given in indices:
            index = to_index(given) + (length if given < 0 else 0)
            if not first <= index < stop:
                number = bisect_right(ends, self._checked(given))
                first, stop = (ends[number - 1] if number else 0), ends[number]
                found.append((self._shard(number), []))
            found[-1][1].append(index - first)
        return found

    def _shard(self, number: int) -> Shard:
        with self._lock:
            if number in self._opened:
                self._opened.move_to_end(number)
                return self._opened[number]
        shard: Shard = self._place.open(number, self._contents.shards[number])
        with self._lock:
            self._opened[number] = shard
            while len(self._opened) > _OPEN:
                self._opened.popitem(last=False)
        return shard

    def _checked(self, index: int) -> int:
        return index_within(index, len(self), f"items of {self._place.name!r}")

    def __repr__(self) -> str:
        kind = f"{self._contents.what}, {len(self)} items of {self.num_recordings} recordings"
        return f"{type(self).__name__}({self._place.name!r}: {kind})"

    def __getstate__(self) -> dict[str, Any]:
        """Without the open shards: every process maps its own."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_opened", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


def _no_shape() -> tuple[int, int]:
    raise AssertionError("a window that becomes a tensor says its shape")
