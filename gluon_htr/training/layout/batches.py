"""Batches of crops of pages with the classes of their pixels; `ordered.py` makes them in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ...pages.detection.classes import Classes
from ..objectives.batch import Batch
from ..ordered import BatchPosition, OrderedBatches
from ..team import ALONE, Team
from .augmentation import crop
from .pages import PageStore, page_of
from .settings import LayoutSettings
from .targets import Lines, draw_targets

CROPS = 2  # of each page in an epoch


@dataclass(frozen=True)
class _Maker:
    """Maker of batches of crops.

    stride: pixels of a crop per pixel of its target. zoom: of a crop, see `crop`. pages: the page of each crop.
    """

    shapes: np.ndarray
    offsets: np.ndarray
    lines: list[Lines]
    settings: LayoutSettings
    classes: Classes
    stride: int
    zoom: float
    seed: int
    pages: np.ndarray
    pixels: np.ndarray

    def make(self, positions: np.ndarray, epoch: int) -> Batch:
        images, labels = zip(*(self._crop(int(k), np.random.default_rng([self.seed, epoch, k])) for k in positions))
        return Batch(np.stack(images), np.stack(labels).astype(np.int32))

    def _crop(self, position: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        page, side = int(self.pages[position]), self.settings.crop
        image = page_of(self.pixels, self.shapes, self.offsets, page)
        square, lines = crop(image, self.lines[page], self.zoom, side, self.settings.augmentation, random)
        small = [(polygon / self.stride, baseline / self.stride) for polygon, baseline in lines]
        return square, draw_targets(small, side // self.stride, side // self.stride, self.classes)


class LayoutBatches:
    """All batches of crops from a position on, endlessly. A context manager.

    zoom: pixels of a crop per pixel of a stored page. workers: processes; 0 makes each batch on demand. team: makes its
    part of each batch.
    """

    def __init__(
        self,
        pages: PageStore,
        settings: LayoutSettings,
        classes: Classes,
        stride: int,
        zoom: float,
        seed: int,
        workers: int,
        team: Team = ALONE,
    ) -> None:
        self._ids = pages.ids
        self._pages = np.repeat(np.arange(len(pages)), CROPS * pages.counts)
        self._batch_size, self._seed = settings.batch_size, seed
        page_files = (pages.shapes, pages.offsets, pages.lines)
        create = partial(_Maker, *page_files, settings, classes, stride, zoom, seed, self._pages)
        self._ordered = OrderedBatches(pages.pixels, create, self._plan, workers, team)

    def __enter__(self) -> LayoutBatches:
        self._ordered.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ordered.__exit__(*exception)

    def __len__(self) -> int:
        """Return the number of crops of one epoch."""
        return len(self._pages)

    @property
    def per_epoch(self) -> int:
        """Batches of one epoch."""
        return -(-len(self) // self._batch_size)

    def ids(self, positions: np.ndarray) -> list[str]:
        """Return the ids of the pages of a batch, for messages."""
        return [self._ids[self._pages[k]] for k in positions.tolist()]

    def stream(self, start: BatchPosition) -> Iterator[tuple[BatchPosition, np.ndarray, Batch]]:
        """Yield (position, crops, this process' part of the batch) from `start` on."""
        for place, positions, part in self._ordered.stream(start):
            yield place, positions, replace(part.made, weight=part.weight)

    def _plan(self, epoch: int) -> list[np.ndarray]:
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self))
        return [order[k : k + self._batch_size] for k in range(0, len(order), self._batch_size)]
