"""Straightening of a line that rises or falls, such as one on a photograph that was not held level.

The slope is the one at which the projection profile of the ink is sharpest (Bloomberg, Kopec & Dasari 1995). Columns
are shifted, so that every character keeps its place across the image. Networks learn from lines that are level within
two degrees: at four degrees a line is read with three times as many errors, at eight hardly at all.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .histogram import median, percentiles

MAX_TILT = 10.0  # degrees, to either side
MIN_TILT = 2.5  # degrees: a line that is tilted by less is read no better when it is straight
LEVEL_RATIO = 3.0  # width by height of an image: below, the line in it is too short to tell its slope
MIN_RATIO = 5.0  # width by height of the straightened line: shorter ones may be words of one long descender
MIN_GAIN = 1.25  # sharpness of the profile at the slope by that of the image as it is
SAMPLED_WIDTH = 200  # pixels: wider images are looked at in averages
INK = 0.4  # of the contrast: darker is ink
MIN_CONTRAST = 10  # gray levels
STEP, FINE_STEP = 2.0, 0.5  # degrees


def tilt(image: np.ndarray) -> float:
    """Estimate the slope of a dark-on-light line (H, W) uint8.

    Returns degrees, positive where the line falls to the right; 0 if it is level, too short to tell, or has no ink.
    """
    if image.shape[1] < LEVEL_RATIO * image.shape[0]:
        return 0.0
    step = max(1, round(image.shape[1] / SAMPLED_WIDTH))
    ink = _ink(np.asarray(Image.fromarray(image).reduce(step)) if step > 1 else image)
    if not len(ink[0]):
        return 0.0
    coarse = np.arange(-MAX_TILT, MAX_TILT + STEP / 2, STEP)
    sharpness = _sharpness(ink, coarse)
    best, level = int(sharpness.argmax()), len(coarse) // 2
    if best == level:
        return 0.0
    fine = coarse[best] + np.arange(-STEP + FINE_STEP, STEP, FINE_STEP)
    finer = _sharpness(ink, fine)
    found = float(fine[finer.argmax()])
    is_clear = finer.max() >= MIN_GAIN * sharpness[level] and _ratio(ink, found) >= MIN_RATIO
    return found if is_clear and abs(found) >= MIN_TILT else 0.0


def straighten(image: np.ndarray, degrees: float) -> np.ndarray:
    """Shift the columns of a line (H, W) uint8 until it is level. Returns a higher image of the same width, (H', W)."""
    height, width = image.shape
    slope = float(np.tan(np.deg2rad(degrees)))
    grown = int(np.ceil(abs(slope) * width))
    above = grown if slope > 0 else 0
    shifted = Image.fromarray(image).transform(
        (width, height + grown),
        Image.Transform.AFFINE,
        (1, 0, 0, slope, 1, -above),
        Image.Resampling.BILINEAR,
        fillcolor=int(median(image)),
    )
    return np.asarray(shifted)


def _ink(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns (n,) of the pixels that are ink; none without contrast."""
    black, paper = percentiles(image, [1, 50])
    if paper - black < MIN_CONTRAST:
        return np.empty(0), np.empty(0)
    rows, columns = np.nonzero(image < paper - INK * (paper - black))
    return rows, columns


def _sharpness(ink: tuple[np.ndarray, np.ndarray], degrees: np.ndarray) -> np.ndarray:
    """Return the sum of the squares of the profile at each of the slopes, (n,)."""
    rows, columns = ink
    shifts = np.tan(np.deg2rad(degrees))[:, None] * columns
    levels = np.round(rows - shifts).astype(np.intp)
    levels -= levels.min()
    span = int(levels.max()) + 1
    levels += span * np.arange(len(degrees))[:, None]
    profiles = np.bincount(levels.ravel(), minlength=span * len(degrees)).reshape(len(degrees), span)
    squares: np.ndarray = (profiles.astype(np.float64) ** 2).sum(axis=1)
    return squares


def _ratio(ink: tuple[np.ndarray, np.ndarray], degrees: float) -> float:
    """Return the width of the ink by its height once it is level."""
    rows, columns = ink
    low, high = np.percentile(rows - np.tan(np.deg2rad(degrees)) * columns, (2, 98))
    return float(np.ptp(columns) / max(high - low, 1.0))
