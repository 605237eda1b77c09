"""Measurements of one image, most of them on a small copy: they take a few milliseconds, however large the image.

Ink is what is darker than the paper close by: the local average is subtracted, so that shadows do not count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from ..images.polarity import is_inverted

MAX_PIXELS = 30_000  # of the small copy
DARKEST = 0.001  # proportion of the pixels that are darker than `contrast` says; at least
MIN_DARKEST = 8  # pixels, or a twentieth of a smaller image
INK = 0.4  # of the contrast: darker pixels are ink
STRAY = 0.005  # proportion of the ink that may lie beyond each edge of its box
BLOCKS = 8  # parts of the width in which the paper is measured, at most; each is as wide as high
PAPER = 90  # percentile of a block's pixels: paper, even between dense strokes
FLAT = 24  # times as wide as the ink spreads around its slope: shorter texts slope by their letters


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


def measure(image: np.ndarray) -> Appearance:
    """Measure an image (H, W) uint8."""
    height, width = image.shape
    digest = hashlib.blake2b(image.tobytes(), digest_size=16, key=f"{height}x{width}".encode()).digest()
    small, step = reduced(image)
    inverted = is_inverted(small)
    dark = np.uint8(255) - small if inverted else small
    depth = _depth(dark)
    contrast = _contrast(depth)
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
    )


def reduced(image: np.ndarray, max_pixels: int = MAX_PIXELS) -> tuple[np.ndarray, int]:
    """Average squares of pixels, so that at most about `max_pixels` are left; return the copy and the square's side."""
    step = max(1, int((image.size / max_pixels) ** 0.5))
    return (np.asarray(Image.fromarray(image).reduce(step)) if step > 1 else image), step


def _depth(image: np.ndarray) -> np.ndarray:
    """Compute how much darker each pixel is than the paper around it, without single specks: (H, W) float32."""
    picture = Image.fromarray(np.ascontiguousarray(image))
    smooth = picture.filter(ImageFilter.GaussianBlur(0.7)) if min(image.shape) > 4 else picture
    radius = max(4, min(image.shape) // 3)
    around = np.asarray(picture.filter(ImageFilter.BoxBlur(radius)), np.float32)
    return np.asarray(around - np.asarray(smooth, np.float32))


def _contrast(depth: np.ndarray) -> float:
    count = max(round(DARKEST * depth.size), min(MIN_DARKEST, depth.size // 20))
    return max(0.0, float(np.partition(depth, depth.size - count - 1, axis=None)[depth.size - count - 1]))


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
    blocks = np.array_split(image, count, axis=1)
    paper = [float(np.percentile(block, PAPER)) for block in blocks]
    return max(paper) - min(paper)


def _slope(ink: np.ndarray) -> float:
    rows, columns = np.nonzero(ink)
    if len(rows) < 2 or not np.ptp(columns):
        return 0.0
    slope, start = np.polyfit(columns, rows, 1)
    spread = float(np.std(rows - (slope * columns + start)))
    return float(slope) if np.ptp(columns) > FLAT * spread else 0.0
