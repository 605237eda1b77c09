"""Batches of augmented images, made by worker processes in a fixed order.

The samples of each batch follow from (seed, epoch), and the augmentation of an image from (seed, epoch, sample): the
same seed gives the same batches with any number of workers, and a resumed run sees the batches that it would have seen.

Workers use numpy and OpenCV with one thread each. If threads of the training process prepared tensors instead, two
thread pools would compete for the same cores.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from types import TracebackType

import numpy as np

from .._processes import leave_with_parent
from ..datasets.store import Store
from ..images.augmentation_settings import Augmentation
from ..images.preprocessing import PADDING
from ..text.alphabet import Alphabet
from .objectives.batch import Batch

POOL = 32  # batches that are sorted by width together: little padding, yet random composition
AHEAD = 6  # batches per worker that are prepared in advance


@dataclass(frozen=True)
class BatchPosition:
    """The batch that comes next: epoch and batch, counted from 0."""

    epoch: int = 0
    batch: int = 0


def plan(widths: np.ndarray, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Choose the samples of every batch of an epoch: random, with images of similar width together."""
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(widths))
    batches = []
    for start in range(0, len(order), POOL * batch_size):
        pool = order[start : start + POOL * batch_size]
        pool = pool[np.argsort(widths[pool], kind="stable")]
        batches += [pool[k : k + batch_size] for k in range(0, len(pool), batch_size)]
    return [batches[k] for k in random.permutation(len(batches))]


def stack(images: list[np.ndarray]) -> np.ndarray:
    """Stack images of one height to (N, H, W) uint8; narrower ones are padded on the right, as `preprocessing.fit`
    pads.
    """
    width = max(image.shape[1] for image in images)
    batch = np.empty((len(images), images[0].shape[0], width), np.uint8)
    for target, image in zip(batch, images):
        target[:, : image.shape[1]] = image
        target[:, image.shape[1] :] = max(PADDING, int(image[0, 0]))
    return batch


def pad_labels(labels: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Pad labels to (N, L) int32 with -1; return them and their lengths (N,) int32."""
    lengths = np.array([len(label) for label in labels], np.int32)
    padded = np.full((len(labels), int(lengths.max())), -1, np.int32)
    for row, label in zip(padded, labels):
        row[: len(label)] = label
    return padded, lengths


class _Maker:
    """State of a worker: the pixels, and the augmentation."""

    def __init__(self, store: Store, augmentation: Augmentation, seed: int) -> None:
        self._store, self._augmentation, self._seed = store, augmentation, seed

    def images(self, positions: np.ndarray, epoch: int) -> np.ndarray:
        if self._augmentation.share == 0:
            return stack([self._store.image(k) for k in positions])
        from ..images.augmentation import augment

        return stack(
            [
                augment(self._store.image(k), self._augmentation, np.random.default_rng([self._seed, epoch, k]))
                for k in positions.tolist()
            ]
        )


_maker: _Maker
_memory: SharedMemory


def _start(
    name: str,
    size: int,
    shapes: np.ndarray,
    offsets: np.ndarray,
    sizes: np.ndarray,
    augmentation: Augmentation,
    seed: int,
) -> None:
    global _maker, _memory
    leave_with_parent()
    _memory = SharedMemory(name)
    pixels: np.ndarray = np.ndarray(size, np.uint8, _memory.buf)
    _maker = _Maker(Store([], [], [], shapes, offsets, sizes, pixels), augmentation, seed)


def _make(positions: np.ndarray, epoch: int) -> np.ndarray:
    return _maker.images(positions, epoch)


class Batches:
    """All batches from a position on, endlessly, epoch after epoch. A context manager.

    workers: processes; 0 makes each batch on demand, in this process.
    """

    def __init__(
        self, store: Store, alphabet: Alphabet, batch_size: int, augmentation: Augmentation, seed: int, workers: int
    ) -> None:
        self._store, self._batch_size, self._augmentation = store, batch_size, augmentation
        self._seed, self._workers = seed, workers
        self._labels = [alphabet.encode(text) for text in store.texts]
        self._pool: ProcessPoolExecutor | None = None
        self._memory: SharedMemory | None = None

    def __enter__(self) -> Batches:
        if self._workers:
            pixels = self._store.pixels
            self._memory = SharedMemory(create=True, size=max(1, pixels.size))
            np.ndarray(pixels.size, np.uint8, self._memory.buf)[:] = pixels
            store = (self._memory.name, pixels.size, self._store.shapes, self._store.offsets, self._store.sizes)
            self._pool = ProcessPoolExecutor(
                self._workers,
                multiprocessing.get_context("spawn"),
                initializer=_start,
                initargs=(*store, self._augmentation, self._seed),
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        if self._memory:
            self._memory.close()
            self._memory.unlink()

    def __len__(self) -> int:
        """Return the number of samples of one epoch."""
        return len(self._store)

    @property
    def per_epoch(self) -> int:
        """Batches of one epoch."""
        pools, rest = divmod(len(self._store), POOL * self._batch_size)
        return pools * POOL + -(-rest // self._batch_size)

    def ids(self, positions: np.ndarray) -> list[str]:
        """Return the ids of the samples of a batch, for messages."""
        return [self._store.ids[k] for k in positions]

    def stream(self, start: BatchPosition) -> Iterator[tuple[BatchPosition, np.ndarray, Batch]]:
        """Yield (position, sample indices in the store, batch) from `start` on."""
        if not self._pool:
            maker = _Maker(self._store, self._augmentation, self._seed)
            for place, positions in self._places(start):
                yield place, positions, self._batch(positions, maker.images(positions, place.epoch))
        waiting: deque[tuple[BatchPosition, np.ndarray, Future[np.ndarray]]] = deque()
        places = self._places(start)
        while self._pool:
            while len(waiting) < AHEAD * self._workers:
                place, positions = next(places)
                waiting.append((place, positions, self._pool.submit(_make, positions, place.epoch)))
            place, positions, images = waiting.popleft()
            yield place, positions, self._batch(positions, images.result())

    def _places(self, start: BatchPosition) -> Iterator[tuple[BatchPosition, np.ndarray]]:
        epoch, first = start.epoch, start.batch
        while True:
            batches = plan(self._store.shapes[:, 1], self._batch_size, self._seed, epoch)
            for number in range(first, len(batches)):
                yield BatchPosition(epoch, number), batches[number]
            epoch, first = epoch + 1, 0

    def _batch(self, positions: np.ndarray, images: np.ndarray) -> Batch:
        return Batch(images, *pad_labels([self._labels[k] for k in positions]))
