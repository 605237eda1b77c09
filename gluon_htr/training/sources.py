"""Everything that the training loop asks of a run and of its batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from .objectives.batch import Batch
from .ordered import BatchPosition
from .settings import LoopSettings, Request


class TrainedRun(Protocol):
    """A run's folder, and the values that its training follows."""

    @property
    def path(self) -> Path: ...
    @property
    def request(self) -> Request: ...
    @property
    def training(self) -> LoopSettings: ...
    @property
    def last(self) -> Path: ...
    @property
    def best(self) -> Path: ...
    @property
    def parameters(self) -> Path: ...


class BatchSource(Protocol):
    """Batches of samples, endlessly, epoch after epoch."""

    @property
    def per_epoch(self) -> int:
        """Batches of one epoch."""

    def __len__(self) -> int:
        """Return the number of samples of one epoch."""

    def ids(self, positions: np.ndarray) -> list[str]:
        """Return the ids of the samples of a batch, for messages."""

    def stream(self, start: BatchPosition) -> Iterator[tuple[BatchPosition, np.ndarray, Batch]]:
        """Yield (position, sample indices, batch) from `start` on."""
