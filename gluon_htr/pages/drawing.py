"""Pictures of pages with their lines drawn, for people to look at."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .document import Page, Point
from .scoring import Place, unmatched

LINE, BASE = (34, 139, 34), (200, 30, 60)
MISSED, EXTRA = (220, 20, 20), (20, 60, 220)
SURE = 0.9  # confidence below which a line is drawn in the color of doubt
DOUBT = (220, 120, 0)
MAX_SIDE = 2400  # pixels of the longer side: larger pages are scaled down


def draw_lines(page: Page, pixels: np.ndarray) -> bytes:
    """Draw outlines, baselines and the reading order: the bytes of a PNG.

    pixels: (H, W) uint8, the image of the page.
    """
    scale = min(1.0, MAX_SIDE / max(pixels.shape))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR).convert("RGB")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(12, size[1] // 90))
    for number, line in enumerate(page.lines, 1):
        color = LINE if line.confidence >= SURE else DOUBT
        draw.polygon(_scaled(line.polygon, scale), outline=color, width=2)
        baseline = _scaled(line.baseline, scale)
        draw.line(baseline, fill=BASE, width=2)
        draw.text(baseline[0], str(number), fill=BASE, font=font, anchor="rs")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def draw_misses(pixels: np.ndarray, truth: Sequence[Place], found: Sequence[Place]) -> bytes:
    """Draw found lines: matched ones green, missed ones red, and those that are not in the truth blue."""
    scale = min(1.0, MAX_SIDE / max(pixels.shape))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR).convert("RGB")
    draw = ImageDraw.Draw(picture)
    missed, extra = unmatched(truth, found)
    for number, (polygon, baseline) in enumerate(found):
        color = EXTRA if number in extra else LINE
        draw.polygon(_scaled(_points(polygon), scale), outline=color, width=2)
        draw.line(_scaled(_points(baseline), scale), fill=color, width=2)
    for number in missed:
        draw.polygon(_scaled(_points(truth[number][0]), scale), outline=MISSED, width=3)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _points(array: np.ndarray) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in array)


def _scaled(points: tuple[Point, ...], scale: float) -> list[tuple[float, float]]:
    return [(x * scale, y * scale) for x, y in points]
