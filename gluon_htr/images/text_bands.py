"""Rows of an image where lines of text are: the bands of its projection profile."""

from __future__ import annotations

import numpy as np

from .histogram import median

MIN_INK = 0.12  # of the fullest row: rows with less lie between lines
MIN_HEIGHT = 0.1  # of the image: lower bands are dots and rules
SMOOTHING = 24  # the profile is smoothed over 1/24 of the height to either side


def text_bands(image: np.ndarray) -> list[tuple[int, int]]:
    """Return first row and end of each band of text in a level, dark-on-light image (H, W) uint8, from the top."""
    ink = np.clip(median(image) - image.astype(np.float32), 0, None).sum(axis=1)
    reach = max(1, len(ink) // SMOOTHING)
    profile = np.convolve(ink, np.full(2 * reach + 1, 1 / (2 * reach + 1)), "same")
    has_text = np.concatenate([[False], profile > MIN_INK * profile.max(), [False]])
    edges = np.flatnonzero(has_text[1:] != has_text[:-1]).reshape(-1, 2)
    return [(int(start), int(end)) for start, end in edges if end - start >= MIN_HEIGHT * len(ink)]
