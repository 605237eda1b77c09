"""Inversion of light ink on a darker ground (blackboards, negatives, white pens on colored paper) before a network sees
it.

Not applied when training from scratch; applied when fine-tuning, evaluating and reading. Ink is what differs from the
ground close by, so the ground itself may be of any gray. The test is so strict that ordinary crops of handwriting,
however dense, stay as they are.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from .histogram import percentiles

MIN_SIDE = 12  # pixels of either side: in smaller crops, a dot or a dash may fill everything with ink
CONTRAST = 48  # gray levels between ground and ink; with less, no writing can be seen
BORDER = 0.9  # proportion of the pixels along the border that must be ground
MAX_INK = 0.4  # proportion of all pixels
NEARBY, MAX_NEARBY = 8, 12  # the ground is the average within the shorter side divided by 8, at most 12 pixels around
DOMINANCE = 1.2  # light ink differs from its ground by so much more than anything darker does
MAX_SAMPLED_PIXELS = 250_000  # larger images are subsampled


def dark_on_light(image: np.ndarray) -> np.ndarray:
    """Return the image, or its negative if light ink stands on a darker ground. image: (H, W) uint8."""
    return np.uint8(255) - image if is_inverted(image) else image


def is_inverted(image: np.ndarray) -> bool:
    """Test whether a minority of the pixels is much lighter than most, and than what is close by."""
    if min(image.shape) < MIN_SIDE:
        return False
    step = max(1, int((image.size / MAX_SAMPLED_PIXELS) ** 0.5))
    seen = image[::step, ::step]
    ground, light = percentiles(seen, [50, 99.5])
    if ground > 255 - CONTRAST:
        return False
    if light - ground < CONTRAST:
        return False
    middle = (ground + light) / 2
    border = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
    if np.mean(border < middle) < BORDER or np.mean(seen >= middle) > MAX_INK:
        return False
    return _is_lighter_than_nearby(seen)


def _is_lighter_than_nearby(seen: np.ndarray) -> bool:
    """Test whether strokes are lighter than the ground around them, rather than darker: glare has no edges, ink has."""
    radius = min(max(2, min(seen.shape) // NEARBY), MAX_NEARBY)
    around = Image.fromarray(np.ascontiguousarray(seen)).filter(ImageFilter.BoxBlur(radius))
    difference = seen.astype(np.int16) - np.asarray(around)
    low, high = np.percentile(difference, (0.5, 99.5))
    return bool(high > DOMINANCE * -low)
