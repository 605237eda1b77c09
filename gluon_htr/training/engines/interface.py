"""The interface between the training loop and an engine: five operations.

An engine owns a network, its optimizer and their arrays. Parameters are exchanged under the names of the exported pair
(`arg:…` weights and `aux:…` running statistics), so that either engine can continue from the other's checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from ..objectives.batch import Batch

Arrays = Mapping[str, np.ndarray]


class Engine(Protocol):
    """A network in training."""

    name: str

    def step(self, batch: Batch, rate: float, seed: int) -> float:
        """Update the weights once at the learning rate `rate`; return the mean loss of the batch before the update.

        `seed` fixes the dropout of this step, so that a resumed run repeats it exactly.
        """
        ...

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Compute logits float32 of images (N, H, W) uint8, without dropout and with running statistics."""
        ...

    def parameters(self) -> Arrays:
        """Copy all weights and running statistics, float32."""
        ...

    def state(self) -> Arrays:
        """Copy the optimizer's moments and its step count."""
        ...

    def restore(self, parameters: Arrays, state: Arrays | None = None) -> None:
        """Load the results of `parameters` and `state`; without a state, the optimizer is left as it is."""
        ...
