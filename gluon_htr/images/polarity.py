"""Inversion of light ink on a dark ground (blackboards, negatives, dark screens) before a network sees it.

Not applied when training from scratch; applied when fine-tuning, evaluating and reading. The test is so strict that
ordinary crops of handwriting, however dense, stay as they are.
"""

from __future__ import annotations

import numpy as np

MIN_SIDE = 12  # pixels of either side: in smaller crops, a dot or a dash may fill everything with ink
DARK = 112  # gray level: a ground whose median is higher is not dark
CONTRAST = 48  # gray levels between ground and ink; with less, no writing can be seen
BORDER = 0.9  # proportion of the pixels along the border that must be ground
MAX_INK = 0.4  # proportion of all pixels
MAX_SAMPLED_PIXELS = 250_000  # larger images are subsampled


def dark_on_light(image: np.ndarray) -> np.ndarray:
    """Return the image, or its negative if light ink stands on a dark ground. image: (H, W) uint8."""
    return np.uint8(255) - image if is_inverted(image) else image


def is_inverted(image: np.ndarray) -> bool:
    """Test whether most pixels, and nearly all along the border, are dark, and a minority is much lighter."""
    if min(image.shape) < MIN_SIDE:
        return False
    step = max(1, int((image.size / MAX_SAMPLED_PIXELS) ** 0.5))
    seen = image[::step, ::step]
    ground = float(np.median(seen))
    if ground > DARK:
        return False
    light = float(np.percentile(seen, 99.5))
    if light - ground < CONTRAST:
        return False
    middle = (ground + light) / 2
    border = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
    return bool(np.mean(border < middle) >= BORDER and np.mean(seen >= middle) <= MAX_INK)
