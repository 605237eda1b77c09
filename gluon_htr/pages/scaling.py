"""Scaling of a page to the size at which its lines are found: the same for training and reading."""

from __future__ import annotations

import numpy as np
from PIL import Image


def scaled(page: np.ndarray, max_side: int) -> tuple[np.ndarray, np.ndarray]:
    """Scale a page so that its longer side has `max_side` pixels; every covered pixel counts.

    page: (H, W) uint8. Returns the scaled page, and its pixels per pixel of the page along x and y (2,).
    """
    height, width = page.shape
    factor = max_side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    image = Image.fromarray(page).resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(image), np.array([size[0] / width, size[1] / height])


def padded(page: np.ndarray, multiple: int) -> np.ndarray:
    """Pad a page at the right and at the bottom to multiples of a number of pixels, in the gray of its edges."""
    below, right = (-side % multiple for side in page.shape)
    return np.pad(page, ((0, below), (0, right)), mode="edge") if below or right else page
