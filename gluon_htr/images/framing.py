"""Cropping of a line with much paper around it, as in photographs and scans, to its ink; tilted ones are straightened.

Networks learn from crops that end where the ink ends; a line that fills half of its image would reach them at half its
size. Like `polarity`, this is applied when fine-tuning, evaluating and reading. Tight crops stay as they are.

Ink is found by its horizontal edges: shadows have none, and neither have level ruled lines.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .polarity import dark_on_light
from .tilt import straighten, tilt

MAX_SAMPLED_PIXELS = (
    60_000  # averages of pixels are looked at if there are more, which also sharpens what is out of focus
)
PIXELS_PER_STRONG_EDGE = 5000  # at least one pixel in this many has the strongest edges
MIN_STRONG_EDGES = 20  # at least this many pixels have the strongest edges
EDGE = 0.35  # of the strongest edge: weaker ones are texture
MIN_EDGE = 5  # gray levels: weaker edges are not ink
RULE = 0.9  # proportion of rows in which a column has an edge: a ruled margin has more, ink less
MAX_STRAY = 0.002  # proportion of edges that may lie beyond either end: dust
MAX_LOOSE = 0.2  # of the ink's height: crops for training leave less paper above or below
PADDING = 0.08  # of the ink's height: paper that is left above and below
MAX_SIDE = 1.0  # of the ink's height: paper that is left on either side, at most


def ink_bounds(image: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and columns of a dark-on-light image to read: the whole image unless there is much paper around
    the ink.

    image: (H, W) uint8.
    """
    height, width = image.shape
    step = max(1, int((image.size / MAX_SAMPLED_PIXELS) ** 0.5))
    seen = np.asarray(Image.fromarray(image).reduce(step)) if step > 1 else image
    box = _ink(seen)
    if box is None:
        return slice(0, height), slice(0, width)
    top, bottom, left, right = (step * edge for edge in box)
    tall = bottom - top
    if max(top, height - bottom) <= MAX_LOOSE * tall:
        top, bottom = 0, height
    padding, side = round(PADDING * tall), round(MAX_SIDE * tall)
    rows = slice(max(0, top - padding), min(height, bottom + padding))
    return rows, slice(max(0, left - side), min(width, right + side))


def frame_line(image: np.ndarray) -> tuple[np.ndarray, int]:
    """Crop a dark-on-light image (H, W) uint8 to the line to read, and straighten it if it is tilted.

    Returns the line, and the column of the image at which it begins.
    """
    rows, columns = ink_bounds(image)
    line, left = image[rows, columns], columns.start
    degrees = tilt(line)
    if degrees:
        line = straighten(line, degrees)
        rows, columns = ink_bounds(line)
        line, left = line[rows, columns], left + columns.start
    return line, left


def normalize_capture(image: np.ndarray) -> np.ndarray:
    """Normalize a gray image (H, W) uint8 as a recognizer does before preprocessing: dark on light, cropped to its ink,
    and level.
    """
    return frame_line(dark_on_light(image))[0]


def _ink(image: np.ndarray) -> tuple[int, int, int, int] | None:
    """Return top, bottom, left and right of the ink; None if it cannot be told from the paper."""
    if min(image.shape) < 2:
        return None
    edges = np.abs(np.diff(image.astype(np.int16), axis=1))
    ink = edges > max(MIN_EDGE, EDGE * _strong(edges))
    ruled = ink.sum(axis=0) > RULE * len(ink)
    box = _box(ink & ~ruled)
    if box is None or not ruled.any():
        return box
    top, bottom, *_ = box
    loose = min(top, len(ink) - bottom) > MAX_LOOSE * (bottom - top)
    return box if loose else _box(ink)  # if the rest is as tall, these columns are letters: l, 1


def _box(ink: np.ndarray) -> tuple[int, int, int, int] | None:
    return (*_ends(ink.sum(axis=1)), *_ends(ink.sum(axis=0))) if ink.any() else None


def _strong(edges: np.ndarray) -> int:
    """Return the gray step that only the strongest edges reach."""
    levels = np.bincount(edges.ravel(), minlength=256)
    return 255 - int(
        np.searchsorted(np.cumsum(levels[::-1]), max(MIN_STRONG_EDGES, edges.size // PIXELS_PER_STRONG_EDGE))
    )


def _ends(counts: np.ndarray) -> tuple[int, int]:
    """Return begin and end of the range that holds all counts but a few at either end."""
    share = np.cumsum(counts) / counts.sum()
    return int(np.searchsorted(share, MAX_STRAY, "right")), int(np.searchsorted(share, 1 - MAX_STRAY)) + 1
