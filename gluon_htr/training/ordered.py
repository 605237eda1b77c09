"""Batches that worker processes make in a fixed order.

The samples of each batch follow from (seed, epoch), and the changes to a sample from (seed, epoch, sample): the same
seed gives the same batches with any number of workers, and a resumed run sees the batches that it would have seen.

Workers use numpy and OpenCV with one thread each. If threads of the training process prepared tensors instead, two
thread pools would compete for the same cores.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import Any, Protocol

import numpy as np

from .._processes import leave_with_parent
from .team import ALONE, Team

AHEAD = 6  # batches per worker that are prepared in advance


@dataclass(frozen=True)
class BatchPosition:
    """The batch that comes next: epoch and batch, counted from 0."""

    epoch: int = 0
    batch: int = 0


@dataclass(frozen=True)
class Part:
    """A process' part of a batch: its samples, what the maker made of them, and the weight of their loss."""

    positions: np.ndarray
    made: Any
    weight: float


class Maker(Protocol):
    """Maker of batches in a worker."""

    def make(self, positions: np.ndarray, epoch: int) -> Any:
        """Make the batch of these samples; the result can be pickled."""


_maker: Maker
_memory: SharedMemory


def _start(name: str, size: int, create: Callable[[np.ndarray], Maker]) -> None:
    global _maker, _memory
    leave_with_parent()
    _memory = SharedMemory(name)
    _maker = create(np.ndarray(size, np.uint8, _memory.buf))


def _make(positions: np.ndarray, epoch: int) -> Any:
    return _maker.make(positions, epoch)


class OrderedBatches:
    """Made batches from a position on, endlessly, epoch after epoch. A context manager.

    pixels: (n,) uint8 of all samples, shared with the workers. create: builds a maker of them; can be pickled. plan:
    chooses the samples of every batch of an epoch. workers: processes; 0 makes each batch on demand, in this process.
    team: makes its part of each batch.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        create: Callable[[np.ndarray], Maker],
        plan: Callable[[int], list[np.ndarray]],
        workers: int,
        team: Team = ALONE,
    ) -> None:
        self._pixels, self._create, self._plan, self._workers = pixels, create, plan, workers
        self._team = team
        self._pool: ProcessPoolExecutor | None = None
        self._memory: SharedMemory | None = None

    def __enter__(self) -> OrderedBatches:
        """Start the workers."""
        if self._workers:
            size = self._pixels.size
            self._memory = SharedMemory(create=True, size=max(1, size))
            np.ndarray(size, np.uint8, self._memory.buf)[:] = self._pixels
            self._pool = ProcessPoolExecutor(
                self._workers,
                multiprocessing.get_context("spawn"),
                initializer=_start,
                initargs=(self._memory.name, size, self._create),
            )
        return self

    def __exit__(self, *exception: object) -> None:
        """End the workers, and free what they shared."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        if self._memory:
            self._memory.close()
            self._memory.unlink()

    def stream(self, start: BatchPosition) -> Iterator[tuple[BatchPosition, np.ndarray, Part]]:
        """Yield (position, samples of the whole batch, this process' part of it) from `start` on."""
        places = self._places(start)
        if not self._pool:
            maker = self._create(self._pixels)
            for place, positions in places:
                own, weight = self._team.part(positions)
                yield place, positions, Part(own, maker.make(own, place.epoch), weight)
        waiting: deque[tuple[BatchPosition, np.ndarray, np.ndarray, float, Future[Any]]] = deque()
        while self._pool:
            while len(waiting) < AHEAD * self._workers:
                place, positions = next(places)
                own, weight = self._team.part(positions)
                waiting.append((place, positions, own, weight, self._pool.submit(_make, own, place.epoch)))
            place, positions, own, weight, made = waiting.popleft()
            yield place, positions, Part(own, made.result(), weight)

    def _places(self, start: BatchPosition) -> Iterator[tuple[BatchPosition, np.ndarray]]:
        epoch, first = start.epoch, start.batch
        while True:
            batches = self._plan(epoch)
            for number in range(first, len(batches)):
                yield BatchPosition(epoch, number), batches[number]
            epoch, first = epoch + 1, 0
