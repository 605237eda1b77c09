"""Scaling of a page to the size at which its lines are found: the same for training and reading."""

from __future__ import annotations

import numpy as np
from PIL import Image

MARGIN = 0.05  # of the longer side of a page


def scaled(page: np.ndarray, max_side: int) -> tuple[np.ndarray, np.ndarray]:
    """Scale a page so that its longer side has `max_side` pixels; every covered pixel counts.

    page: (H, W) uint8. Returns the scaled page, and its pixels per pixel of the page along x and y (2,).
    """
    height, width = page.shape
    factor = max_side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    image = Image.fromarray(page).resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(image), np.array([size[0] / width, size[1] / height])


def framed(page: np.ndarray, multiple: int) -> tuple[np.ndarray, int]:
    """Surround a page by a margin in its usual gray, wider at the right and below, to multiples of a number of pixels.

    Without the margin, what reaches over from a facing page looks like the lines that the edge of a training crop cuts
    off. Returns the image, and the pixels of the margin at the left and above.
    """
    margin = round(MARGIN * max(page.shape))
    below, right = (margin + -(side + 2 * margin) % multiple for side in page.shape)
    paper = int(np.median(page[:: max(1, page.shape[0] // 16)]))
    return np.pad(page, ((margin, below), (margin, right)), constant_values=paper), margin
