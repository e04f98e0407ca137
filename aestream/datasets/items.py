"""WindowItems: what each window of a recording becomes, one by one and in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, Subset

import aestream._core as _core
from aestream.arguments import check_epoch, index_within, to_time
from aestream.cuda import gpu_of, has_kernels, tensor_on
from aestream.datasets.batch import Column, rows_of
from aestream.datasets.by_call import Transformed, represent_all, transformed
from aestream.datasets.epoch import Epoch
from aestream.datasets.recorded import RecordedEvents
from aestream.datasets.samplers import ItemIndex, draw_of
from aestream.datasets.windows import Cut, Spans, Windows
from aestream.option_checks import check_item_options, checked_targets
from aestream.options import FileOptions, resolved
from aestream.representations.base import element_type, is_fused, to_tensor
from aestream.transforms.base import Transform, seed_of, seeded
from aestream.transforms.compose import drawn_map

_CHUNK_BYTES = 8 << 20  # of items that __iter__ makes at a time
_SHARED_BYTES = 128 << 20  # that it makes at most to give each thread an item
_BLOCK_EVENTS = 1 << 20  # that are looked through at a time
_LAST_TIME = int(np.iinfo(np.int64).max)


class WindowItems(RecordedEvents, Dataset[Any]):
    """The part of ``FileInput`` that is a map-style dataset: windows, targets, representations."""

    shape: tuple[int, int] | None
    targets: Any
    target_transform: Callable[[Any], Any] | None

    def _set_options(self, given: FileOptions) -> dict[str, Any]:
        """Take all options but those of reading; gives all, with their defaults."""
        options = resolved(FileOptions, given, type(self).__name__)
        check_item_options(options)
        self._given = dict(given)
        self._cut = Cut.of(given)
        self._windows_found: Windows | None = None
        self.targets = checked_targets(options["targets"])
        self.target_transform = options["target_transform"]
        self.with_times: bool = options["with_times"]
        self.event_transform = options["event_transform"]
        self.representation = options["representation"]
        self.transform = options["transform"]
        self._address: tuple[int, ...] = (options["seed"],)
        is_random = isinstance(self.event_transform, Transform) and self.event_transform.is_random
        self._epoch = (self.__dict__.get("_epoch") or Epoch()) if is_random else None  # copies share it
        if self._cut.known_length is not None:
            self._check_number_of_targets(self._cut.known_length)
        return options

    @property
    def seed(self) -> int:
        """What random transforms draw from, beside the epoch and the number of the item."""
        if len(self._address) > 1:  # worked out when it is asked for: most datasets draw nothing
            self._address = (seed_of(*self._address),)
        return self._address[0]

    @property
    def window_us(self) -> int | None:
        """Length of one window in µs, if they are of one length."""
        if self._cut.windows is None:
            return self._cut.window_us
        lengths = np.unique(np.diff(self._cut.windows))
        return int(lengths[0]) if len(lengths) == 1 else None

    @property
    def window_events(self) -> int | None:
        """Length of one window in events, if they have one."""
        return self._cut.window_events

    @property
    def stride(self) -> int | None:
        """From one window's start to the next's, as it was given."""
        return self._cut.stride

    @property
    def start_us(self) -> int | None:
        """Where the used part of the recording begins, as it was given."""
        return self._cut.start_us

    @property
    def stop_us(self) -> int | None:
        """Where the used part of the recording ends, as it was given."""
        return self._cut.stop_us

    def set_epoch(self, epoch: int) -> None:
        """Make random event transforms draw anew, in this process and in workers that are there already.

        With one epoch, an item is always the same. It begins with 0.
        """
        number = check_epoch(epoch)
        if self._epoch is not None:
            self._epoch.number = number

    def window(self, index: int) -> tuple[int, int]:
        """The half-open window ``[start, stop)`` of an item, µs. A window by count lasts from its first event to after
        its latest."""
        span = self._windows.bounds([self._checked(index)])
        start, stop = self._times_of(span)[0].tolist()
        return start, stop

    def index_at(self, t_us: int) -> int:
        """The first item whose window holds a time: the way back from ``window()``.

        Windows by count hold the times from their first event's to their last one's; times that step back count as the
        latest one before them.

        Raises:
            ValueError: if no window holds it.
        """
        time = to_time("t_us", t_us)
        begin, end = time, time + 1
        if not self._windows.by_time:
            begin, end = self._find(time, min(time + 1, _LAST_TIME))
        index = self._windows.first_around(begin, end)
        if index is None:
            raise ValueError(f"no window of {self.path!r} holds the time {time}")
        return index

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: Any) -> Any:
        """An item; of a slice, such as ``file[10:20]``, a dataset of these items, which are numbered anew."""
        if isinstance(index, slice):
            return Subset(self, range(*index.indices(len(self))))
        return rows_of(self._columns([index]), remember=False)[0]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """The items of a batch, accumulated side by side; default_collate makes them a batch without a copy."""
        return rows_of(self._columns(indices), remember=True)

    def __iter__(self) -> Iterator[Any]:
        return self._iterate(range(len(self)))

    def _iterate(self, indices: range) -> Iterator[Any]:
        """Items in order, made a few at a time as far as they fit into the processor's cache."""
        step = 1
        while indices:
            columns = self._columns(list(indices[:step]))
            values = columns[0]
            indices = indices[len(values) :]
            if isinstance(values, torch.Tensor):
                step = _chunk_length(values[0].nbytes, self._file.thread_count)
            yield from rows_of(columns, remember=False)
            del columns, values  # their memory serves the next ones

    def _columns(self, indices: list[int]) -> list[Column]:
        """The members of so many items: values, then targets and times where they are asked for."""
        indices = [self._checked(index) for index in indices]
        spans = self._windows.bounds(indices)
        values, targets = self._represent(indices, spans, self._targets_at(indices))
        columns = [values if self.transform is None else [self.transform(value) for value in values]]
        if targets is not None:
            chosen = self.target_transform
            columns.append(targets if chosen is None else [chosen(target) for target in targets])
        if self.with_times:
            columns.append(self._times_of(spans))
        return columns

    def _represent(self, indices: list[int], spans: Spans, targets: Column | None) -> tuple[Column, Column | None]:
        """What windows become, and their targets. The one place that decides who makes it: the core while it decodes,
        which nothing but a coordinate map may stand before; or else transform and representation by call, window by
        window."""
        transform = self.event_transform
        if is_fused(self.representation):
            if transform is None:
                return self._represent_fused(spans, self._require_shape()), targets
            if isinstance(transform, Transform) and transform.is_geometric:
                return self._represent_mapped(indices, spans, targets)
        windows = (
            self._transformed(index, span, None if targets is None else targets[position])
            for position, (index, span) in enumerate(zip(indices, spans, strict=True))
        )
        values, changed = represent_all(windows, self.representation, self._require_shape, self.device)
        return values, None if targets is None else changed

    def _represent_fused(
        self, spans: Spans, shape: tuple[int, int], maps: Sequence[_core.CoordinateMap] = ()
    ) -> torch.Tensor:
        representation: Any = self.representation
        recording, by_time, threads = self._file.indexed, self._windows.by_time, self._file.thread_count
        if self.device.type == "cuda":
            gpu = gpu_of(self.device)  # says at once where it cannot be used
            if has_kernels(representation, shape):
                how: dict[str, Any] = {"by_time": by_time, "threads": threads, "maps": maps}
                return self._file.located(lambda: gpu.represent_windows(representation, shape, recording, spans, **how))
        frames, _ = self._file.located(
            lambda: recording.accumulate(representation.spec(), *shape, spans, by_time, threads, maps)
        )
        return tensor_on(self.device, to_tensor(frames, element_type(representation)))

    def _represent_mapped(
        self, indices: list[int], spans: Spans, targets: Column | None
    ) -> tuple[Column, Column | None]:
        """What windows become behind a coordinate map each, in one pass: as by call, to the bit."""
        shape, maps, moved = self._require_shape(), [], []
        for position, index in enumerate(indices):
            target = None if targets is None else targets[position]
            map, target = drawn_map(self.event_transform, shape, target, self._generator(index))
            maps.append(map)
            moved.append(target)
        after = [map.shape for map in maps]
        values: Column = [None] * len(maps)
        for end in dict.fromkeys(after):  # one, unless it was drawn whether to crop or not
            members = [position for position, other in enumerate(after) if other == end]
            made = self._represent_fused(spans[members], end, [maps[position] for position in members])
            if len(members) == len(maps):
                values = made
                break
            for position, value in zip(members, made, strict=True):
                values[position] = value
        return values, None if targets is None else moved

    def _generator(self, index: int) -> torch.Generator | None:
        """What the transforms of an item draw from; None where none draws."""
        return None if self._epoch is None else seeded(self.seed, self._epoch.number, draw_of(index))

    def _transformed(self, index: int, span: Spans, target: Any) -> Transformed:
        """The events of one window, and its target: transforms of events may change both."""
        records = self._read(*self._ordinals(span))
        start_us, stop_us = self._times_of(span[None], lambda: [records])[0].tolist()
        return transformed(
            records,
            (start_us, stop_us),
            target,
            event_transform=self.event_transform,
            shape=self._require_shape,
            generator=self._generator(index),
        )

    def _times_of(self, spans: Spans, blocks: Callable[[], Iterable[np.ndarray]] | None = None) -> torch.Tensor:
        """int64 ``[n, 2]``: start and stop of windows in µs; of those by count, from the first event to after the
        latest. ``blocks`` gives the events where there is one window, and they are at hand."""
        if self._windows.by_time:
            return torch.from_numpy(spans)
        times = np.zeros((len(spans), 2), np.int64)
        for row, span in enumerate(spans):
            of_window = self._blocks(*self._ordinals(span), _BLOCK_EVENTS) if blocks is None else blocks()
            for position, t in enumerate(block["t"] for block in of_window if len(block)):
                latest = min(int(t.max()) + 1, _LAST_TIME)
                times[row] = (times[row, 0], max(times[row, 1], latest)) if position else (t[0], latest)
        return torch.from_numpy(times)

    def _ordinals(self, span: Spans) -> tuple[int, int]:
        return self._find(int(span[0]), int(span[1]), self._windows.by_time)

    @property
    def _windows(self) -> Windows:
        if self._windows_found is None:
            recorded = (0, 0) if self._cut.windows is not None else (self.t_start, self.t_stop)
            found = self._cut.windows_of(recorded, self._find)
            self._check_number_of_targets(len(found))
            self._windows_found = found
        return self._windows_found

    def _targets_at(self, indices: list[int]) -> Column | None:
        if self.targets is None:
            return None
        if isinstance(self.targets, torch.Tensor):
            return self.targets[torch.tensor(indices, dtype=torch.int64)]
        return [self.targets[index] for index in indices]

    def _check_number_of_targets(self, length: int) -> None:
        if self.targets is not None and len(self.targets) != length:
            raise ValueError(f"targets must be one per window; got {len(self.targets)} for {length} windows")

    def _checked(self, index: int) -> int:
        number = index_within(index, len(self), f"windows of {self.path!r}")
        return ItemIndex.of(number, index.draw) if isinstance(index, ItemIndex) else number

    def _require_shape(self) -> tuple[int, int]:
        if self.shape is None:
            raise ValueError(f"{self.path!r} does not say its sensor's shape: pass shape=(width, height)")
        return self.shape


def _chunk_length(item_bytes: int, threads: int) -> int:
    """How many items are made at a time: as many as stay in a cache, but one for each thread."""
    fitting, shared = (limit // max(item_bytes, 1) for limit in (_CHUNK_BYTES, _SHARED_BYTES))
    return max(1, min(4 * threads, max(fitting, min(threads, shared))))
