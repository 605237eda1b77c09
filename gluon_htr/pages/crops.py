"""Cropping of a line from its page: level and straight, within its outline, on the page's own paper.

The page is decoded once for all its lines: each process keeps the last page that it used.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from ..errors import ImageError
from ..images.decoding import decode
from ..images.histogram import percentiles
from .outlines import Outline, turned

BLOCK = 32  # pixels: paper is looked for in squares of this side
PAPER = 80  # percentile of a square's pixels: brighter than ink, darker than glare
ENOUGH = BLOCK * BLOCK // 5  # known pixels of a square; with fewer, the paper of the whole line is used
BENT = 0.12  # of a crop's height: a baseline that rises and falls more is straightened
STRIP = 16  # pixels: width of the strips that are shifted along a bent baseline
UNKNOWN = np.uint16(999)  # above all grays


@dataclass(frozen=True)
class LineCrop:
    """The image of a line, cropped when called: (H, W) uint8. Raises `ImageError`. Can be pickled."""

    page: str
    outline: Outline

    def __call__(self) -> np.ndarray:
        return cut(_page(self.page, _changed(self.page)), self.outline)


@dataclass(frozen=True)
class Frame:
    """Where the pixels of a crop lie on its page.

    corner: of the crop, once the page is turned by -angle. angle: of the line in degrees, clockwise. base: (m, 2) the
    bent baseline in pixels of the level crop, along which its columns are shifted, or None.
    """

    corner: np.ndarray
    angle: float
    width: int
    height: int
    base: np.ndarray | None = None

    def to_page(self, points: np.ndarray) -> np.ndarray:
        """Convert points (n, 2) of the crop to pixels of the page."""
        level = np.asarray(points, float)
        if self.base is not None:
            level = level + np.stack([np.zeros(len(level)), self.shift(level[:, 0])], axis=1)
        return turned(level + self.corner, self.angle)

    def shift(self, x: np.ndarray) -> np.ndarray:
        """Return how far down the columns of the crop lie on the level page, (n,) pixels."""
        return np.zeros(len(x)) if self.base is None else np.interp(x, self.base[:, 0], self.base[:, 1])


def frame_of(outline: Outline) -> Frame:
    """Compute the frame of the level crop of an outline."""
    level = turned(outline.polygon, -outline.angle)
    corner = np.floor(level.min(axis=0))
    width, height = np.maximum(np.ceil(level.max(axis=0)) - corner, 1).astype(int).tolist()
    return Frame(corner, outline.angle, width, height)


def cut(page: np.ndarray, outline: Outline) -> np.ndarray:
    """Crop the pixels within the outline and turn them level; pixels outside of it become the paper around.

    page: (H, W) uint8. Returns (H', W') uint8.
    """
    frame = frame_of(outline)
    corner, width, height = frame.corner, frame.width, frame.height
    edge = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    part, origin = _part(page, turned(edge + corner, outline.angle))
    line = _leveled(part, corner, origin, outline.angle, width, height)
    level = turned(outline.polygon, -outline.angle) - corner
    edges = np.array([(0, 0), (part.shape[1], 0), part.shape[::-1], (0, part.shape[0])], float)
    inside = _inside(level, width, height)
    inside &= _inside(
        turned(edges + origin, -outline.angle) - corner, width, height
    )  # turning shows pixels beyond the page
    return np.where(inside, line, paper(line, inside))


def cut_straight(page: np.ndarray, outline: Outline, baseline: np.ndarray) -> tuple[np.ndarray, Frame]:
    """Crop a line like `cut`, and straighten it if its baseline is bent: its columns are shifted along the baseline.

    baseline: (m, 2) in pixels of the page. Returns the crop, and its frame on the page.
    """
    frame = frame_of(outline)
    level = turned(baseline, -outline.angle) - frame.corner
    if len(level) < 3:
        return cut(page, outline), frame
    level = level[np.argsort(level[:, 0])]
    bend = level[:, 1] - np.median(level[:, 1])
    if np.ptp(bend) < BENT * frame.height:
        return cut(page, outline), frame
    height = max(1, round(frame.height - np.ptp(bend)))
    base = np.stack([level[:, 0], bend - bend.min()], axis=1)
    frame = replace(frame, height=height, base=base)
    edge = np.array([(0, 0), (frame.width, 0), (frame.width, 0), (0, 0)], float)
    edge[2:, 1] = height + np.ptp(bend)
    part, origin = _part(page, turned(edge + frame.corner, frame.angle))
    return _straightened(part, origin, frame), frame


def _straightened(part: np.ndarray, origin: np.ndarray, frame: Frame) -> np.ndarray:
    """Sample a part of a page in strips, each a parallelogram on the page."""
    if not part.size:
        raise ImageError("lies outside the image of the page")
    edges = np.unique(np.append(np.arange(0, frame.width, STRIP), frame.width))
    mesh = []
    for left, right in pairwise(edges.tolist()):
        corners = np.array([(left, 0), (left, frame.height), (right, frame.height), (right, 0)], float)
        quad = frame.to_page(corners) - origin
        mesh.append(((left, 0, right, frame.height), tuple(quad.ravel().tolist())))
    size, fill = (frame.width, frame.height), int(percentiles(part, [PAPER])[0])
    image = Image.fromarray(np.ascontiguousarray(part))
    return np.asarray(image.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC, fillcolor=fill))


def paper(image: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Estimate the image without ink: (H, W) uint8, smooth.

    known: (H, W) bool, the pixels to use.
    """
    rows, columns = (-(-side // BLOCK) for side in image.shape)
    padding = [(0, rows * BLOCK - image.shape[0]), (0, columns * BLOCK - image.shape[1])]
    values = np.pad(np.where(known, image, UNKNOWN), padding, constant_values=UNKNOWN)
    blocks = values.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2).reshape(rows * columns, -1)
    counts = (blocks != UNKNOWN).sum(axis=1)
    ordered = np.sort(blocks, axis=1, kind="stable")  # by radix, ten times as fast; unknown pixels come last
    levels = ordered[np.arange(len(blocks)), PAPER * np.maximum(counts - 1, 0) // 100].astype(np.float32)
    whole = percentiles(image, [PAPER], known)[0] if known.any() else 255
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
