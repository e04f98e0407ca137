"""Sequences: batches in which each lane goes through consecutive windows of one recording after the other."""

from __future__ import annotations

import heapq
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from torch.utils.data import Sampler

from aestream.arguments import check_epoch, positive
from aestream.datasets.chunks import Chunk, Part
from aestream.datasets.samplers import permutation, recording_lengths, this_rank


class SequenceSampler(Sampler[list[int]]):
    """A batch sampler in whose batches each lane goes through consecutive windows of one recording after the other.

    A lane that is through with a recording takes the next one. A chunk, a lane's part of one batch, never holds two
    recordings: its last steps are padded. Every rank has its own ``lanes`` lanes and as many batches as every other; a
    lane that finds no recording any more is padded. With ``shuffle``, recordings of as many chunks change places from
    epoch to epoch, and lanes go through theirs in another order, so that every epoch has as many batches.
    `EventLoader` makes a `SequenceBatch` of each batch.

    Args:
        dataset: any map-style dataset. Its attribute ``recording_lengths`` is the number of items of each recording, in
            index order; without one, as a `FileInput` is, it is one recording. A `ConcatDataset` is asked part by part.
        lanes: recordings side by side, on each rank.
        steps: windows of a lane in one batch.
        shuffle: take recordings in another order every epoch, by ``seed``.
        seed: of the order.
        rank, world_size: of this process; None: as torch.distributed says, or 0 of 1.
        drop_last: leave out what would be padded: a recording's last windows that fill no chunk, and batches in which
            a lane of any rank has no recording. Otherwise each window comes exactly once an epoch.

    Raises:
        ValueError: if an argument is out of range; with ``drop_last``, if all ranks have more lanes than recordings.

    Warns:
        UserWarning: without ``drop_last``, if all ranks have more lanes than recordings.
    """

    def __init__(
        self,
        dataset: Any,
        *,
        lanes: int,
        steps: int,
        shuffle: bool = False,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        drop_last: bool = False,
    ) -> None:
        positive("lanes", lanes)
        positive("steps", steps)
        self.lanes, self.steps, self.shuffle, self.seed, self.drop_last = lanes, steps, shuffle, seed, drop_last
        self.rank, self.world_size = this_rank(rank, world_size)
        self.lengths = recording_lengths(dataset)
        self.epoch = 0
        self._check_lanes()
        self._planned: tuple[int, list[list[Part]]] | None = None

    def _check_lanes(self) -> None:
        lanes, recordings = self.lanes * self.world_size, sum(1 for parts in self.parts() if parts)
        if lanes <= recordings:
            return
        found = f"{lanes} lanes on {self.world_size} rank(s), but only {recordings} recording(s) that fill a chunk"
        if self.drop_last:
            raise ValueError(f"{found}: drop_last leaves no batch; take fewer lanes, or drop_last=False")
        warnings.warn(f"{found}: the other lanes are all padding; take fewer lanes", UserWarning, stacklevel=3)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration has."""
        self.epoch = check_epoch(epoch)

    def parameters(self) -> dict[str, Any]:
        """What the order of batches depends on, beside the epoch and the rank."""
        names = ("lanes", "steps", "shuffle", "seed", "world_size", "drop_last")
        values = {name: getattr(self, name) for name in names}
        return {"sampler": "sequences", "length": sum(self.lengths), "recordings": len(self.lengths)} | values

    def __len__(self) -> int:
        """Batches of an epoch, the same on every rank and in every epoch."""
        loads = [len(lane) for lane in self._plan()]
        return min(loads) if self.drop_last else max(loads)

    def __iter__(self) -> Iterator[Chunk]:
        plan = self._plan()
        mine, batches = plan[self.rank :: self.world_size], len(self)
        for batch in range(batches):
            yield Chunk.of(self.steps, [lane[batch] if batch < len(lane) else None for lane in mine])

    def _plan(self) -> list[list[Part]]:
        """The parts that each lane of all ranks goes through in this epoch."""
        if self._planned is None or self._planned[0] != self.epoch:
            self._planned = self.epoch, self._make_plan()
        return self._planned[1]

    def _make_plan(self) -> list[list[Part]]:
        parts = [recording for recording in self.parts() if recording]
        if not self.shuffle:
            lanes = self._fill(range(len(parts)), parts)
        else:
            longest_first = sorted(range(len(parts)), key=lambda recording: -len(parts[recording]))
            lanes = self._shuffled(self._fill(longest_first, parts), parts)
        return [[part for recording in lane for part in parts[recording]] for lane in lanes]

    def _fill(self, order: Iterable[int], parts: list[list[Part]]) -> list[list[int]]:
        """The recordings of each lane: the next in order goes to the lane that is free first."""
        lanes: list[list[int]] = [[] for _ in range(self.lanes * self.world_size)]
        free = [(0, lane) for lane in range(len(lanes))]  # by the batch from which on a lane is free
        for recording in order:
            since, lane = free[0]
            lanes[lane].append(recording)
            heapq.heapreplace(free, (since + len(parts[recording]), lane))
        return lanes

    def _shuffled(self, lanes: list[list[int]], parts: list[list[Part]]) -> list[list[int]]:
        """Lanes of the same lengths, with other recordings in another order: every epoch has as many batches."""
        by_length: dict[int, list[int]] = {}
        for recording in permutation(len(parts), self.seed, self.epoch, 0):
            by_length.setdefault(len(parts[recording]), []).append(recording)
        drawn = [[by_length[len(parts[recording])].pop() for recording in lane] for lane in lanes]
        turned = [
            [lane[place] for place in permutation(len(lane), self.seed, self.epoch, 1, number)]
            for number, lane in enumerate(drawn)
        ]
        return [turned[place] for place in permutation(len(lanes), self.seed, self.epoch, 2)]

    def parts(self) -> list[list[Part]]:
        """Each recording cut into parts of ``steps`` items; with ``drop_last`` without the shorter last one."""
        cut, start = [], 0
        for recording, length in enumerate(self.lengths):
            used = length // self.steps * self.steps if self.drop_last else length
            steps = range(start, start + used, self.steps)
            stop = start + used
            cut.append([Part(recording, at, min(at + self.steps, stop), at == start) for at in steps])
            start += length
        return cut


class MixedSampler(Sampler[list[int]]):
    """Batches of a `SequenceSampler` with random ones between them.

    A random batch holds, in each lane, ``steps`` consecutive windows from anywhere: every part of every recording comes
    once before one comes again. Its ``is_random`` is True, and so is ``is_first`` in every lane: a model's state of the
    lanes has to be put aside for it.

    Args:
        sequence_sampler: whose batches all come, in their order.
        ratio: the part of all batches that is random, from 0 to below 1.
        seed: of the random batches.

    Raises:
        ValueError: if ``ratio`` is out of range.
    """

    def __init__(self, sequence_sampler: SequenceSampler, *, ratio: float = 0.5, seed: int = 0) -> None:
        if not 0 <= ratio < 1:
            raise ValueError(f"ratio must be from 0 to below 1, the part of batches that is random; got {ratio!r}")
        self.sequence_sampler = sequence_sampler
        self.ratio = ratio
        self.seed = seed

    @property
    def epoch(self) -> int:
        """The epoch whose order the next iteration has."""
        return self.sequence_sampler.epoch

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order the next iteration has."""
        self.sequence_sampler.set_epoch(epoch)

    def parameters(self) -> dict[str, Any]:
        """What the order of batches depends on, beside the epoch and the rank."""
        return self.sequence_sampler.parameters() | {"sampler": "mixed", "ratio": self.ratio, "mixed_seed": self.seed}

    def _random_before(self, sequential: int) -> int:
        """How many random batches come before sequential batch ``sequential``."""
        return int(sequential * self.ratio / (1 - self.ratio) + 0.5)

    def __len__(self) -> int:
        sequential = len(self.sequence_sampler)
        return sequential + self._random_before(sequential)

    def __iter__(self) -> Iterator[Chunk]:
        drawn = self._random_chunks()
        count = 0
        for position, chunk in enumerate(self.sequence_sampler, start=1):
            yield chunk
            while count < self._random_before(position):
                yield next(drawn)
                count += 1

    def _random_chunks(self) -> Iterator[Chunk]:
        sampler = self.sequence_sampler
        parts = [part for recording in sampler.parts() for part in recording]
        endless = _endless(parts, self.seed, self.epoch)
        while True:
            everyone = [next(endless) for _ in range(sampler.lanes * sampler.world_size)]
            yield Chunk.of(sampler.steps, list(everyone[sampler.rank :: sampler.world_size]), is_random=True)


def _endless(parts: list[Part], *address: int) -> Iterator[Part]:
    """All parts in a random order, then all in another one, and so on."""
    turn = 0
    while parts:
        yield from (parts[place] for place in permutation(len(parts), *address, turn))
        turn += 1
