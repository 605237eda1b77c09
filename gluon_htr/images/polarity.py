"""Light ink on dark ground (blackboards, negatives, dark screens) is inverted before a network sees it.

Its rule is so strict that ordinary crops of handwriting, however dense, stay as they are. Data that networks learn from
nothing are never altered by this; what adapts a network is taken as it will be read.
"""

from __future__ import annotations

import numpy as np

MIN_SIDE = 12  # pixels of either side: below, a dot or a dash may fill its whole crop with ink
DARK = 112  # gray level: ground that is darker in the middle of its pixels may be a dark one
CONTRAST = 48  # gray levels between ground and ink; with less there is no writing to tell
BORDER = 0.9  # share of the pixels along the border that have to be ground
MAX_INK = 0.4  # share of all pixels
MAX_SAMPLED_PIXELS = 250_000  # pixels that are looked at


def dark_on_light(image: np.ndarray) -> np.ndarray:
    """Return the image itself, or its negative where light ink stands on dark ground. image: (H, W) uint8."""
    return np.uint8(255) - image if is_inverted(image) else image


def is_inverted(image: np.ndarray) -> bool:
    """Whether most pixels, and nearly all along the border, are dark, and a minority is much lighter."""
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
