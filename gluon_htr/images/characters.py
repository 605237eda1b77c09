"""A single character, cut out of whatever picture shows it: dark on white, in its full contrast, up to its ink.

Data sets of characters differ in size, polarity, contrast and margins. A network that knows one of them would not know
the others, so all are made alike here, in training and in reading. What is lost is the size of a character, by which
people tell `c` from `C`: the pictures of most data sets do not show it either.
"""

from __future__ import annotations

import numpy as np

MIN_CONTRAST = 24  # gray levels between paper and ink; with less, there is no character to be seen
DARK_BORDER = 0.5  # proportion of the border above which the ink is taken to be light
INK = 0.1  # quantile of the dark pixels that becomes black
_GRAYS = np.arange(256)


def isolate(image: np.ndarray) -> np.ndarray:
    """Cut a character out of its picture. A picture without contrast becomes white paper.

    image: (H, W) uint8, ink of any polarity. Returns (H', W') uint8, ink 0 and paper 255.
    """
    if int(image.max()) - int(image.min()) < MIN_CONTRAST:
        return np.full_like(image, 255)
    counts = np.bincount(image.ravel(), minlength=256)
    threshold = _otsu(counts)
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if np.count_nonzero(border <= threshold) > DARK_BORDER * border.size:
        image, counts, threshold = np.uint8(255) - image, counts[::-1], 254 - threshold
    below = counts.cumsum()
    dark, light = below[threshold], below[-1] - below[threshold]
    ink, paper = below.searchsorted([INK * dark, dark + light / 2]).tolist()
    table = ((_GRAYS - ink) * (255.0 / max(paper - ink, 1)) + 0.5).clip(0, 255).astype(np.uint8)
    return table[_cut(image, threshold)]


def _cut(image: np.ndarray, threshold: int) -> np.ndarray:
    """Cut an image to its pixels up to the threshold, and one pixel more, which the edge of a stroke half covers."""
    dark = image <= threshold
    rows, columns = dark.any(axis=1).nonzero()[0], dark.any(axis=0).nonzero()[0]
    top, left = max(rows[0] - 1, 0), max(columns[0] - 1, 0)
    return image[top : rows[-1] + 2, left : columns[-1] + 2]


def _otsu(counts: np.ndarray) -> int:
    """Return the gray that best separates dark from light pixels, the last of the dark ones (Otsu 1979)."""
    below, sums = counts.cumsum().astype(float), (counts * _GRAYS).cumsum().astype(float)
    apart = sums[-1] * below - sums * below[-1]  # 0 where all pixels are on one side
    return int((apart * apart / (below * (below[-1] - below)).clip(1)).argmax())
