"""Batches of labeled characters, each with unlabeled ones and with pictures that are no characters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from ...datasets.store import Store
from ...images.augmentation_settings import Augmentation
from ...images.preprocessing import Preprocessing
from ...networks.character_configuration import Generator
from ..batches import CharacterBatches, make_maker, plan
from ..objectives.batch import Batch
from ..ordered import BatchPosition, OrderedBatches
from .others import make_others


class SemiSupervisedBatches:
    """Batches of `labeled`, whose epochs are counted, with those of a store without labels. A context manager."""

    def __init__(
        self,
        labeled: CharacterBatches,
        unlabeled: Store,
        generator: Generator,
        augmentation: Augmentation,
        seed: int,
        workers: int,
        preprocessing: Preprocessing,
    ) -> None:
        self._labeled, self._seed, self._preprocessing = labeled, seed, preprocessing
        batch_size, self._others, self._store = generator.batch_size, generator.others, unlabeled
        self._alone = generator.alone
        self._per_epoch = -(-len(unlabeled) // batch_size)
        create = partial(make_maker, unlabeled.shapes, unlabeled.offsets, unlabeled.sizes, augmentation, seed + 1)
        order = partial(plan, unlabeled.shapes[:, 1], batch_size, seed + 1)
        self._unlabeled = OrderedBatches(unlabeled.pixels, create, order, workers)

    def __enter__(self) -> SemiSupervisedBatches:
        self._labeled.__enter__()
        self._unlabeled.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._labeled.__exit__(*exception)
        self._unlabeled.__exit__(*exception)

    def __len__(self) -> int:
        """Return the number of labeled samples of one epoch."""
        return len(self._labeled)

    @property
    def per_epoch(self) -> int:
        """Batches of one epoch."""
        return self._labeled.per_epoch

    def ids(self, positions: np.ndarray) -> list[str]:
        """Return the ids of the labeled samples of a batch, for messages."""
        return self._labeled.ids(positions)

    def stream(self, start: BatchPosition) -> Iterator[tuple[BatchPosition, np.ndarray, Batch]]:
        """Yield (position, indices of the labeled samples, batch) from `start` on."""
        step = start.epoch * self.per_epoch + start.batch
        unlabeled = None
        for number, (place, positions, batch) in enumerate(self._labeled.stream(start), step - self._alone):
            if number < 0:
                yield place, positions, batch
                continue
            if unlabeled is None:
                unlabeled = self._unlabeled.stream(BatchPosition(*divmod(number, self._per_epoch)))
            _, _, part = next(unlabeled)
            count = round(self._others * len(part.made))
            random = np.random.default_rng([self._seed, number])
            others = make_others(part.made, count, self._preprocessing, random)
            plain = np.stack([self._store.image(k) for k in part.positions.tolist()])
            yield place, positions, replace(batch, unlabeled=part.made, plain=plain, others=others)
