"""What the training loop knows of an engine: five verbs.

An engine owns a network, its optimizer and their arrays. Parameters travel under the names that the exported pair uses
(`arg:…` weights and `aux:…` running statistics), so that either engine can take up what the other wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Batch:
    """Samples that are trained on together.

    images: (N, H, W) uint8, 0 = black ink, 255 = paper.
    labels: (N, L) int32, padded with -1; L is the longest label of the batch.
    lengths: (N,) int32, characters of each label.
    """

    images: np.ndarray
    labels: np.ndarray
    lengths: np.ndarray


class Engine(Protocol):
    """One network under training."""

    name: str

    def step(self, batch: Batch, rate: float, seed: int) -> float:
        """One update at the learning rate `rate`; returns the mean CTC loss of the samples, before the update.

        `seed` fixes the dropout of this step, so that a resumed run repeats it exactly.
        """

    def predict(self, images: np.ndarray) -> np.ndarray:
        """images: (N, H, W) uint8. Returns logits (N, T, C) float32, the blank last; no dropout, running statistics."""

    def parameters(self) -> Arrays:
        """A copy of all weights and running statistics, float32."""

    def state(self) -> Arrays:
        """A copy of the optimizer's moments and its step count."""

    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        """Takes over what `parameters` and `state` gave; without a state the optimizer is left as it is."""
