"""Percentiles of grays from their histogram: as numpy computes them, in a tenth of the time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image


def percentiles(image: np.ndarray, shares: Sequence[float], known: np.ndarray | None = None) -> list[float]:
    """Compute percentiles of an image (H, W) uint8, interpolated linearly, as `numpy.percentile` does.

    shares: 0 to 100. known: (H, W) bool, the pixels to use; at least one.
    """
    mask = None if known is None else Image.fromarray(known.view(np.uint8) * np.uint8(255))
    below = np.cumsum(Image.fromarray(np.ascontiguousarray(image)).histogram(mask))
    places = np.asarray(shares, float) / 100 * (below[-1] - 1)
    low = np.floor(places).astype(np.int64)
    lower, upper = (np.searchsorted(below, ranks, "right") for ranks in (low, np.minimum(low + 1, below[-1] - 1)))
    return (lower + (upper - lower) * (places - low)).tolist()  # type: ignore[no-any-return]


def median(image: np.ndarray) -> float:
    """Compute the median of an image (H, W) uint8."""
    return percentiles(image, [50])[0]
