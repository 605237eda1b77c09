"""A single character, cut out of whatever picture shows it: dark on white, in its full contrast, up to its ink.

Data sets of characters differ in size, polarity, contrast and margins. A network that knows one of them would not know
the others, so all are made alike here, in training and in reading. What is lost is the size of a character, by which
people tell `c` from `C`: the pictures of most data sets do not show it either.
"""

from __future__ import annotations

import numpy as np

MIN_CONTRAST = 24  # gray levels between paper and ink; with less, there is no character to be seen
DARK_BORDER = 0.5  # proportion of the border above which the ink is taken to be light


def isolate(image: np.ndarray) -> np.ndarray:
    """Cut a character out of its picture. A picture without contrast becomes white paper.

    image: (H, W) uint8, ink of any polarity. Returns (H', W') uint8, ink 0 and paper 255.
    """
    counts = np.bincount(image.ravel(), minlength=256)
    low, high = _quantile(counts, 0.01), _quantile(counts, 0.99)
    if high - low < MIN_CONTRAST:
        low, high = int(image.min()), int(image.max())  # a dot may be a hundredth of its picture
        if high - low < MIN_CONTRAST:
            return np.full_like(image, 255)
    threshold = _otsu(counts)
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.count_nonzero(border <= threshold) > DARK_BORDER * border.size:
        image, counts, threshold = np.uint8(255) - image, counts[::-1], 254 - threshold
    paper, ink = _quantile(counts[threshold + 1 :], 0.5) + threshold + 1, _quantile(counts[: threshold + 1], 0.1)
    table = np.clip((np.arange(256) - ink) * (255.0 / max(paper - ink, 1)), 0, 255).round().astype(np.uint8)
    return table[_cut(image, threshold)]


def _cut(image: np.ndarray, threshold: int) -> np.ndarray:
    """Cut an image to its pixels up to the threshold, and one pixel more, which the edge of a stroke half covers."""
    dark = image <= threshold
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    top, left = max(rows[0] - 1, 0), max(columns[0] - 1, 0)
    return image[top : rows[-1] + 2, left : columns[-1] + 2]


def _quantile(counts: np.ndarray, share: float) -> int:
    """Return the gray below or at which this share of the pixels is. counts: pixels of each gray."""
    return int(np.searchsorted(np.cumsum(counts), share * counts.sum()))


def _otsu(counts: np.ndarray) -> int:
    """Return the gray that best separates dark from light pixels, the last of the dark ones (Otsu 1979)."""
    below = np.cumsum(counts).astype(float)
    sums = np.cumsum(counts * np.arange(256)).astype(float)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (sums[-1] * below - sums * below[-1]) ** 2 / (below * above)
    return int(np.nanargmax(np.where(np.isfinite(spread), spread, -1.0)))
