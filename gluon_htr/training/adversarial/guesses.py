"""Labels guessed for characters that have none."""

from __future__ import annotations

import numpy as np

KEPT = 0.99  # of the mean guess, at each step
TEMPERATURE = 0.5
LEAST = 1e-3  # added to the mean, so that a class which is never guessed has a bound


class Guesses:
    """Labels from what is read in characters, as if all classes were equally frequent.

    What is read is divided by its mean over the batches before, so that a class which was guessed too often is guessed
    less (distribution alignment; Berthelot et al. 2020), and sharpened (Berthelot et al. 2019). No guess is left out:
    of letters that look alike, few are ever read surely.
    """

    def __init__(self) -> None:
        self.mean = np.zeros(0, np.float32)  # (C,), once there was a batch

    def labels(self, read: np.ndarray) -> np.ndarray:
        """Return target probabilities (N, C) for what was read, (N, C), and count the latter in."""
        if not self.mean.size:
            self.mean = np.full(read.shape[1], 1 / read.shape[1], np.float32)
        self.mean = (KEPT * self.mean + (1 - KEPT) * read.mean(axis=0)).astype(np.float32)
        sharp = (read / (self.mean + LEAST)) ** (1 / TEMPERATURE)
        return np.asarray(sharp / np.maximum(sharp.sum(axis=1, keepdims=True), 1e-12), np.float32)
