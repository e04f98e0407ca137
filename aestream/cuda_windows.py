"""Windows of events that are on a GPU already: found there, by the rule of csrc/recording/window, and accumulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from aestream.cuda import after, gpu_of
from aestream.datasets.windows import Cut, Spans, WindowGrid, Windows
from aestream.events import Events

_FIRST_TIME = int(np.iinfo(np.int64).min)
_BLOCK = 1024


class EventWindows:
    """How events on a GPU are cut. What the host has to know of them comes back in one copy.

    Attributes:
        windows: as of a recording of these events.
    """

    def __init__(self, events: Events, cut: Cut) -> None:
        self._events = events
        self._t = events.t.long()
        self._latest = running_maximum(self._t)
        recorded, found = (0, 0), (0, 0)
        if len(self._t):
            whole = torch.stack([self._t[0], after(self._latest[-1])])
            edges = whole.clone()
            for place, time in enumerate((cut.start_us, cut.stop_us)):
                if time is not None:
                    edges[place] = time
            first, last, *between = torch.cat([whole, torch.searchsorted(self._latest, edges)]).tolist()
            recorded, found = (first, last), (between[0], between[1])
        self.windows: Windows = cut.windows_of(recorded, lambda start, stop: found)

    def accumulate(self, representation: Any, shape: tuple[int, int]) -> torch.Tensor:
        """``[windows, ...]``, on the GPU."""
        spans = self.windows.bounds(list(range(len(self.windows))))
        if isinstance(self.windows, WindowGrid) and not self.windows.by_time:
            rows, count = self._rows_by_count(self.windows, spans), int((spans[:, 1] - spans[:, 0]).sum())
        else:
            rows, count = self._rows_by_time(spans), len(self._t) * _most_at_once(spans)
        return gpu_of(self._events.device).represent_events(representation, shape, self._events, rows, count)

    def _rows_by_time(self, spans: Spans) -> torch.Tensor:
        edges = torch.from_numpy(spans).to(self._t.device)
        first, last = torch.searchsorted(self._latest, edges.T.contiguous())
        return torch.stack([first, torch.maximum(first, last), torch.zeros_like(first), *edges.T], dim=1)

    def _rows_by_count(self, grid: WindowGrid, spans: Spans) -> torch.Tensor:
        """A window by count lasts from its first event to after its latest."""
        first, last = torch.from_numpy(spans).to(self._t.device).T
        t = self._t[grid.start : grid.stop]
        length = min(grid.length, len(t))
        missing = (len(grid) - 1) * grid.stride + length - len(t)
        if missing > 0:
            t = torch.cat([t, t.new_full((missing,), _FIRST_TIME)])
        latest = t.unfold(0, length, grid.stride)[: len(grid)].amax(1) if len(grid) else t[:0]
        return torch.stack([first, last, torch.zeros_like(first), self._t[first], after(latest)], dim=1)


def running_maximum(t: torch.Tensor) -> torch.Tensor:
    """The latest time up to and including each event: block by block, as torch scans a row by few threads."""
    missing = -len(t) % _BLOCK
    rows = torch.cat([t, t.new_full((missing,), _FIRST_TIME)]).view(-1, _BLOCK).cummax(1).values
    before = torch.cat([t.new_full((1,), _FIRST_TIME), rows[:, -1].cummax(0).values])[:-1]
    return torch.maximum(rows, before[:, None]).view(-1)[: len(t)]


def _most_at_once(spans: Spans) -> int:
    """In how many windows one event may be."""
    starts, stops = np.sort(spans[:, 0]), np.sort(spans[:, 1])
    begun = np.arange(1, len(starts) + 1)
    return int((begun - np.searchsorted(stops, starts, side="right")).max(initial=0)) or 1
