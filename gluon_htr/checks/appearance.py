"""Measurements of one image, most of them on a small copy: they take a few milliseconds, however large the image.

Ink is what is darker than the paper close by: the local average is subtracted, so that shadows do not count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from ..images.histogram import median
from ..images.polarity import is_inverted

MAX_PIXELS = 30_000  # of the small copy
DARKEST = 0.001  # proportion of the pixels that are darker than `contrast` says; at least
MIN_DARKEST = 8  # pixels, or a twentieth of a smaller image
INK = 0.4  # of the contrast: darker pixels are ink
STRAY = 0.005  # proportion of the ink that may lie beyond each edge of its box
BLOCKS = 8  # parts of the width in which the paper is measured, at most; each is as wide as high
PAPER = 90  # percentile of a block's pixels: paper, even between dense strokes
FLAT = 24  # times as wide as the ink spreads around its slope: shorter texts slope by their letters
MIN_LIGHT = 20  # gray levels between faint light ink and its ground
LIGHTER = 1.3  # times as far from the ground as anything darker; of dark ink, 0.7 at most was seen
BUSY = 0.1  # of the fullest row: rows with more are part of a line
BAND_HEIGHT, BAND_INK = 0.3, 0.3  # of all the ink: a whole line has as much, what is cut off a neighbor has not
BORDER_CONTRAST = 64  # gray levels below the paper
ALONG = 0.9  # of a side


@dataclass(frozen=True)
class Appearance:
    """How an image looks. Lengths are in pixels of the image itself, grays in levels of 0..255."""

    height: int
    width: int
    digest: bytes  # of the pixels and their shape
    inverted: bool  # light ink on a darker ground
    contrast: float  # between the ink and the paper close by
    ink_height: int
    ink_width: int
    ink_top: int
    ink_left: int
    shade: float  # between the darkest and the lightest part of the paper
    slope: float  # rise of the ink from left to right, downwards, by width; 0 where it cannot be told
    sharpness: float  # strongest step between neighboring pixels, by contrast
    bands: int  # blocks of ink above each other
    border: tuple[int, int, int, int]  # pixels of dark border: top, bottom, left, right


def measure(image: np.ndarray) -> Appearance:
    """Measure an image (H, W) uint8."""
    height, width = image.shape
    digest = hashlib.blake2b(image.tobytes(), digest_size=16, key=f"{height}x{width}".encode()).digest()
    small, step = reduced(image)
    depth = _depth(small)
    inverted = is_inverted(small) or (_is_lighter(depth) and not any(_border(small, step)))
    dark = np.uint8(255) - small if inverted else small
    depth = -depth if inverted else depth
    contrast = _largest(depth, 0.0)
    ink = depth > max(1.0, INK * contrast)
    top, bottom = _extent(ink.sum(axis=1))
    left, right = _extent(ink.sum(axis=0))
    return Appearance(
        height,
        width,
        digest,
        inverted,
        round(contrast, 1),
        min(height, (bottom - top) * step),
        min(width, (right - left) * step),
        top * step,
        left * step,
        _shade(dark),
        _slope(ink),
        round(_largest(_steps(small), 0) / max(contrast, 1.0), 3),
        _bands(ink),
        _border(dark, step),
    )


def reduced(image: np.ndarray, max_pixels: int = MAX_PIXELS) -> tuple[np.ndarray, int]:
    """Average squares of pixels, so that at most about `max_pixels` are left; return the copy and the square's side."""
    step = max(1, int((image.size / max_pixels) ** 0.5))
    return (np.asarray(Image.fromarray(image).reduce(step)) if step > 1 else image), step


def _depth(image: np.ndarray) -> np.ndarray:
    """Compute how much darker each pixel is than the paper around it, without single specks: (H, W) int16."""
    picture = Image.fromarray(np.ascontiguousarray(image))
    smooth = picture.filter(ImageFilter.GaussianBlur(0.7)) if min(image.shape) > 4 else picture
    radius = max(4, min(image.shape) // 3)
    around = np.asarray(picture.filter(ImageFilter.BoxBlur(radius)), np.int16)
    return np.asarray(around - np.asarray(smooth, np.int16))


def _is_lighter(depth: np.ndarray) -> bool:
    """Test for light ink so faint that a recognizer would not invert it."""
    light = _largest(-depth, 0.0)
    return light > MIN_LIGHT and light > LIGHTER * _largest(depth, 0.0)


def _largest(values: np.ndarray, lowest: float) -> float:
    """Return the value that only the largest few exceed, or `lowest` if that is larger. values: int16, -255 to 255."""
    if not values.size:
        return lowest
    rank = values.size - 1 - max(round(DARKEST * values.size), min(MIN_DARKEST, values.size // 20))
    below = np.cumsum(np.bincount(values.ravel() + 255, minlength=511))  # faster than a partition
    return max(lowest, float(np.searchsorted(below, rank, "right") - 255))


def _steps(image: np.ndarray) -> np.ndarray:
    wide = image.astype(np.int16)
    return np.concatenate([np.abs(np.diff(wide, axis=axis)).ravel() for axis in (0, 1)])


def _bands(ink: np.ndarray) -> int:
    """Count the blocks of rows with ink that are of about one size: lines of text."""
    rows = np.convolve(ink.sum(axis=1).astype(float), np.ones(3) / 3, "same")
    busy = np.concatenate([[False], rows > BUSY * rows.max(initial=0), [False]])
    edges = np.flatnonzero(np.diff(busy.astype(np.int8)))
    if not len(edges):
        return 0
    high, heavy = BAND_HEIGHT * (edges[-1] - edges[0]), BAND_INK * rows.sum()
    return sum(end - start >= high and rows[start:end].sum() >= heavy for start, end in zip(edges[::2], edges[1::2]))


def _border(image: np.ndarray, step: int) -> tuple[int, int, int, int]:
    """Measure how far each side is dark along all its length, such as the lid of a scanner."""
    height, width = image.shape
    paper = median(image[height // 4 : height - height // 4, width // 4 : width - width // 4])
    dark = image < paper - BORDER_CONTRAST
    rows, columns = dark.mean(axis=1) > ALONG, dark.mean(axis=0) > ALONG
    sides = (rows, rows[::-1], columns, columns[::-1])
    top, bottom, left, right = (step * int(np.argmin(side)) if not side.all() else 0 for side in sides)
    return top, bottom, left, right


def _extent(counts: np.ndarray) -> tuple[int, int]:
    """Return begin and end of the range that holds all ink but a few pixels at either end."""
    total = int(counts.sum())
    if not total:
        return 0, 0
    share = np.cumsum(counts) / total
    return int(np.searchsorted(share, STRAY, "right")), int(np.searchsorted(share, 1 - STRAY)) + 1


def _shade(image: np.ndarray) -> float:
    count = min(BLOCKS, image.shape[1] // image.shape[0])
    if count < 2:
        return 0.0
    width = image.shape[1] // count
    blocks = image[:, : count * width].reshape(len(image), count, width).swapaxes(0, 1).reshape(count, -1)
    rank = blocks.shape[1] * PAPER // 100
    paper = np.sort(blocks, axis=1, kind="stable")[:, rank]  # by radix: faster than a partition
    return float(paper.max()) - float(paper.min())


def _slope(ink: np.ndarray) -> float:
    rows, columns = np.nonzero(ink)
    if len(rows) < 2 or not np.ptp(columns):
        return 0.0
    across, down = columns - columns.mean(), rows - rows.mean()
    slope = float(across @ down) / float(across @ across)
    spread = float(np.std(down - slope * across))
    return slope if np.ptp(columns) > FLAT * spread else 0.0
