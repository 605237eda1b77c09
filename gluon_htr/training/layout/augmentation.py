"""Random but repeatable crops of pages, with the places of their lines, for training only.

Geometry (scale, stretch, rotation, mirror, waves) is applied to image and lines alike, then light (shadow, contrast,
blur, noise) to the image. Everything is drawn from the generator that is passed in.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from ...images.paper import show_through
from .settings import PageAugmentation
from .targets import Lines

cv2.setNumThreads(1)  # parallelism comes from worker processes
ON_A_LINE = 0.85  # proportion of crops whose center is on a line
PAPER = 70  # percentile of the grays of a crop: that of its paper
BLEED = (0.1, 0.6)  # share of the ink that comes through the sheet


def crop(
    page: np.ndarray, lines: Lines, zoom: float, side: int, settings: PageAugmentation, random: np.random.Generator
) -> tuple[np.ndarray, Lines]:
    """Cut a changed square of `side` pixels.

    page: (H, W) uint8. lines: in its pixels. zoom: pixels of the result per pixel of the page, before augmentation.
    Returns the square and the lines in its pixels.
    """
    zoom *= np.exp(random.uniform(-1, 1) * settings.scale)
    if zoom < 1:  # cv2.warpAffine would skip pixels; in reading, too, every covered pixel counts
        page = cv2.resize(page, None, None, zoom, zoom, cv2.INTER_AREA)
        lines, zoom = [(polygon * zoom, baseline * zoom) for polygon, baseline in lines], 1.0
    tall = np.exp(random.uniform(-1, 1) * settings.stretch)
    angle = np.radians(random.uniform(-1, 1) * settings.rotation) * random.random()
    flip = -1.0 if random.random() < settings.mirror else 1.0
    center = _center(page, lines, random)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([zoom * flip, zoom * tall])
    shift = np.array([side / 2, side / 2]) + random.uniform(-0.25, 0.25, 2) * side - matrix @ center
    affine = np.column_stack([matrix, shift]).astype(np.float32)
    border = int(np.median(page[:: max(1, page.shape[0] // 16)]))
    size, fill = (side, side), (border,)
    square = cv2.warpAffine(page, affine, size, None, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, fill)
    moved = [(p @ matrix.T + shift, _ordered(b @ matrix.T + shift, flip)) for p, b in lines]
    inside: Lines = [(p, b) for p, b in moved if _touches(p, side)]
    square, inside = _wave(square, inside, settings.waves * side * random.random(), random)
    return _light(square, settings, random), inside


def _center(page: np.ndarray, lines: Lines, random: np.random.Generator) -> np.ndarray:
    if len(lines) and random.random() < ON_A_LINE:
        baseline = lines[int(random.integers(len(lines)))][1]
        return baseline[0] + (baseline[-1] - baseline[0]) * random.random()
    return random.random(2) * page.shape[::-1]


def _ordered(baseline: np.ndarray, flip: float) -> np.ndarray:
    return baseline if flip > 0 else baseline[::-1]


def _touches(polygon: np.ndarray, side: int) -> bool:
    return bool((polygon.max(axis=0) > 0).all() and (polygon.min(axis=0) < side).all())


def _wave(square: np.ndarray, lines: Lines, height: float, random: np.random.Generator) -> tuple[np.ndarray, Lines]:
    """Bend lines by a smooth vertical displacement along the width, up to `height` pixels."""
    if height < 1:
        return square, lines
    side = square.shape[0]
    columns = np.arange(side, dtype=np.float32)
    waves, phase = random.uniform(0.3, 1.5), random.uniform(0, 2 * np.pi)
    shift = (height * np.sin(2 * np.pi * waves * columns / side + phase)).astype(np.float32)
    rows = np.arange(side, dtype=np.float32)[:, None] - shift[None, :]
    x = np.broadcast_to(columns[None, :], rows.shape)
    bent = cv2.remap(square, np.ascontiguousarray(x), rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def bend(points: np.ndarray) -> np.ndarray:
        dense = _dense(points)
        return dense + np.stack([np.zeros(len(dense)), np.interp(dense[:, 0], columns, shift)], axis=1)

    return bent, [(bend(polygon), bend(baseline)) for polygon, baseline in lines]


def _dense(points: np.ndarray, step: float = 24.0) -> np.ndarray:
    """Add points between distant neighbors."""
    parts = [points[:1]]
    for start, end in pairwise(points):
        count = max(1, int(np.hypot(*(end - start)) / step))
        parts.append(start + (end - start) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(parts)


def _light(square: np.ndarray, settings: PageAugmentation, random: np.random.Generator) -> np.ndarray:
    if random.random() < settings.bleed:
        paper = float(np.percentile(square, PAPER))
        blur = random.uniform(0.3, 1.5)
        square = np.clip(show_through(square.astype(np.float32), blur, BLEED, random, paper), 0, 255).astype(np.uint8)
    if random.random() < settings.binary:
        level = square.mean() - random.uniform(0.6, 1.4) * square.std()
        square = np.where(square > level, 255, 0).astype(np.uint8)
    if random.random() < settings.blur:
        square = cv2.GaussianBlur(square, (0, 0), random.uniform(0.4, 1.4))
    gray = square.astype(np.float32)
    factor = 1 + random.uniform(-1, 0.4) * settings.contrast
    gray = (gray - gray.mean()) * factor + gray.mean() + random.uniform(-0.6, 0.3) * settings.contrast * 128
    if random.random() < settings.shadow:
        grid = random.uniform(0.45, 1.0, (3, 3)).astype(np.float32)
        gray *= cv2.resize(grid, square.shape[::-1], interpolation=cv2.INTER_CUBIC)
    deviation = random.uniform(0, settings.noise)
    if deviation > 1:
        gray += random.standard_normal(gray.shape, dtype=np.float32) * np.float32(deviation)
    return np.clip(gray, 0, 255).astype(np.uint8)
