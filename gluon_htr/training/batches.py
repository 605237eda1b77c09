"""Batches of augmented images of lines, words and characters; `ordered.py` makes them in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..datasets.store import Store
from ..images.augmentation_settings import Augmentation
from ..images.preprocessing import PADDING
from ..text.alphabet import Alphabet
from .objectives.batch import Batch
from .ordered import BatchPosition, OrderedBatches, Part
from .team import ALONE, Team

POOL = 32  # batches that are sorted by width together: little padding, yet random composition


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


@dataclass(frozen=True)
class _Maker:
    """Maker of batches of images."""

    store: Store
    augmentation: Augmentation
    seed: int

    def make(self, positions: np.ndarray, epoch: int) -> np.ndarray:
        if self.augmentation.share == 0:
            return stack([self.store.image(k) for k in positions])
        from ..images.augmentation import augment

        return stack(
            [
                augment(self.store.image(k), self.augmentation, np.random.default_rng([self.seed, epoch, k]))
                for k in positions.tolist()
            ]
        )


def make_maker(
    shapes: np.ndarray,
    offsets: np.ndarray,
    sizes: np.ndarray,
    augmentation: Augmentation,
    seed: int,
    pixels: np.ndarray,
) -> _Maker:
    """Create a maker of batches in a worker process, from the parts of a store."""
    return _Maker(Store([], [], [], shapes, offsets, sizes, pixels), augmentation, seed)


class Batches:
    """All batches from a position on, endlessly, epoch after epoch. A context manager.

    workers: processes; 0 makes each batch on demand, in this process. team: makes its part of each batch.
    """

    def __init__(
        self,
        store: Store,
        alphabet: Alphabet,
        batch_size: int,
        augmentation: Augmentation,
        seed: int,
        workers: int,
        team: Team = ALONE,
    ) -> None:
        self._store, self._batch_size = store, batch_size
        self._labels = [alphabet.encode(text) for text in store.texts]
        create = partial(make_maker, store.shapes, store.offsets, store.sizes, augmentation, seed)
        self._ordered = OrderedBatches(
            store.pixels, create, partial(plan, store.shapes[:, 1], batch_size, seed), workers, team
        )

    def __enter__(self) -> Batches:
        self._ordered.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ordered.__exit__(*exception)

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
        """Yield (position, sample indices in the store, this process' part of the batch) from `start` on."""
        for place, positions, part in self._ordered.stream(start):
            yield place, positions, self._batch(part)

    def _batch(self, part: Part) -> Batch:
        labels = pad_labels([self._labels[k] for k in part.positions])
        return Batch(part.made, *labels, weight=part.weight)


class CharacterBatches(Batches):
    """Batches of single characters; a label is the index of a class."""

    def _batch(self, part: Part) -> Batch:
        labels = np.concatenate([self._labels[k] for k in part.positions])
        return Batch(part.made, labels, weight=part.weight)
