"""Everything that the training loop asks of a run and of its batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from .engines import OptimizerSettings
from .objectives.batch import Batch
from .ordered import BatchPosition
from .schedules import Schedule


class LoopSettings(Protocol):
    """Settings of a training that the loop uses; `TrainingSettings` documents them."""

    @property
    def batch_size(self) -> int: ...
    @property
    def epochs(self) -> int: ...
    @property
    def least_steps(self) -> int: ...
    @property
    def average(self) -> float: ...
    @property
    def patience(self) -> int: ...
    @property
    def optimizer(self) -> OptimizerSettings: ...
    @property
    def schedule(self) -> Schedule: ...


class LoopRequest(Protocol):
    """The part of a request that the loop uses; `Request` documents it."""

    @property
    def seed(self) -> int: ...
    @property
    def budget(self) -> float | None: ...
    @property
    def init(self) -> str | None: ...


class TrainedRun(Protocol):
    """A run's folder, and the values that its training follows."""

    @property
    def path(self) -> Path: ...
    @property
    def request(self) -> LoopRequest: ...
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
