"""Cropping of a line from its page: level, within its outline, on the page's own paper.

The page is decoded once for all its lines: each process keeps the last page that it used.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from ..errors import ImageError
from ..images.decoding import decode
from .outlines import Outline, turned

BLOCK = 32  # pixels: paper is looked for in squares of this side
PAPER = 80  # percentile of a square's pixels: brighter than ink, darker than glare
ENOUGH = BLOCK * BLOCK // 5  # known pixels of a square; with fewer, the paper of the whole line is used
UNKNOWN = np.uint16(999)  # above all grays


@dataclass(frozen=True)
class LineCrop:
    """The image of a line, cropped when called: (H, W) uint8. Raises `ImageError`. Can be pickled."""

    page: str
    outline: Outline

    def __call__(self) -> np.ndarray:
        return cut(_page(self.page, _changed(self.page)), self.outline)


def cut(page: np.ndarray, outline: Outline) -> np.ndarray:
    """Crop the pixels within the outline and turn them level; pixels outside of it become the paper around.

    page: (H, W) uint8. Returns (H', W') uint8.
    """
    level = turned(outline.polygon, -outline.angle)
    corner = np.floor(level.min(axis=0))
    width, height = np.maximum(np.ceil(level.max(axis=0)) - corner, 1).astype(int).tolist()
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    part, origin = _part(page, turned(frame + corner, outline.angle))
    line = _leveled(part, corner, origin, outline.angle, width, height)
    edges = np.array([(0, 0), (part.shape[1], 0), part.shape[::-1], (0, part.shape[0])], float)
    inside = _inside(level - corner, width, height)
    inside &= _inside(
        turned(edges + origin, -outline.angle) - corner, width, height
    )  # turning shows pixels beyond the page
    return np.where(inside, line, paper(line, inside))


def paper(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Estimate the image without ink: (H, W) uint8, smooth.

    known: (H, W) bool, the pixels to use.
    """
    rows, columns = (-(-side // BLOCK) for side in image.shape)
    padding = [(0, rows * BLOCK - image.shape[0]), (0, columns * BLOCK - image.shape[1])]
    values = np.pad(np.where(known, image, UNKNOWN), padding, constant_values=UNKNOWN)
    blocks = values.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2).reshape(rows * columns, -1)
    counts = (blocks != UNKNOWN).sum(axis=1)
    ordered = np.sort(blocks, axis=1)  # unknown pixels come last
    levels = ordered[np.arange(len(blocks)), PAPER * np.maximum(counts - 1, 0) // 100].astype(np.float32)
    whole = np.percentile(image[known], PAPER) if known.any() else 255
    ground = Image.fromarray(np.where(counts < ENOUGH, np.float32(whole), levels).reshape(rows, columns))
    smooth = ground.resize((columns * BLOCK, rows * BLOCK), Image.Resampling.BILINEAR)
    return np.asarray(smooth)[: image.shape[0], : image.shape[1]].round().astype(np.uint8)


def _part(page: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of the page that holds these corners (4, 2), and its own corner (2,) on the page."""
    low = np.clip(np.floor(corners.min(axis=0)) - 1, 0, page.shape[::-1]).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, low + 1, page.shape[::-1]).astype(int)
    return page[low[1] : high[1], low[0] : high[0]], low.astype(float)


def _leveled(
    part: np.ndarray, corner: np.ndarray, origin: np.ndarray, angle: float, width: int, height: int
) -> np.ndarray:
    """Turn a part of the page level.

    origin: corner of the part on the page. corner: corner of the result, once level.
    """
    if not part.size:
        raise ImageError("lies outside the image of the page")
    right, down = turned(np.eye(2), angle)
    start = turned(corner[None], angle)[0] - origin
    matrix = (right[0], down[0], start[0], right[1], down[1], start[1])
    turning = Image.fromarray(np.ascontiguousarray(part))
    resample = Image.Resampling.BICUBIC if angle else Image.Resampling.NEAREST
    return np.asarray(turning.transform((width, height), Image.Transform.AFFINE, matrix, resample))


def _inside(polygon: np.ndarray, width: int, height: int) -> np.ndarray:
    mask = Image.new("1", (width, height))
    ImageDraw.Draw(mask).polygon([tuple(point) for point in polygon.tolist()], fill=1, outline=1)
    return np.asarray(mask).copy()


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=1)
def _page(path: str, changed: int) -> np.ndarray:
    return decode(path)
