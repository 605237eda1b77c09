"""Scaling of a page to the size at which its lines are found: the same for training and reading."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

SMALL, FINE = 26, 30  # pixels of the scaled page: lines that are lower are looked at again at this height
MIN_LINES = 3  # fewer lines do not tell how large the writing is


def scaled(page: np.ndarray, max_side: int) -> tuple[np.ndarray, np.ndarray]:
    """Scale a page so that its longer side has `max_side` pixels; every covered pixel counts.

    page: (H, W) uint8. Returns the scaled page, and its pixels per pixel of the page along x and y (2,).
    """
    height, width = page.shape
    factor = max_side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    image = Image.fromarray(page).resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(image), np.array([size[0] / width, size[1] / height])


def enlargement(polygons: Sequence[np.ndarray], most: float) -> float:
    """Return the factor, 1 to `most`, by which a scaled page is enlarged because its lines are low.

    polygons: (n, 2) each, of the lines in pixels of the scaled page.
    """
    if len(polygons) < MIN_LINES:
        return 1.0
    height = float(np.median([np.ptp(polygon[:, 1]) for polygon in polygons]))
    return min(FINE / max(height, 1.0), most) if height < SMALL else 1.0


def padded(page: np.ndarray, multiple: int) -> np.ndarray:
    """Pad a page at the right and at the bottom to multiples of a number of pixels, in the gray of its edges."""
    below, right = (-side % multiple for side in page.shape)
    return np.pad(page, ((0, below), (0, right)), mode="edge") if below or right else page
