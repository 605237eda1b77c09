"""A stand-in for a network that finds lines: what is dark is a baseline."""

from __future__ import annotations

import numpy as np


def dark_is_a_baseline(images: np.ndarray) -> np.ndarray:
    """Return logits at half the size, as the preset `layout` does: dark rows are baselines in a body."""
    small = images[:, ::2, ::2]
    body = np.stack([np.roll(small, -k, axis=1) for k in range(12)]).min(axis=0) < 128
    baseline = small < 128
    rest = np.zeros(small.shape)
    return np.stack([rest, np.where(body, 8.0, -8.0), np.where(baseline, 16.0, -8.0), rest - 8.0], axis=1)
