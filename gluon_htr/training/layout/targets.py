"""Classes of the pixels of a page, drawn from the places of its lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ...pages.detection.classes import Classes

THICKNESS = 0.16  # of a baseline, as a proportion of the line's height
MIN_THICKNESS, MAX_THICKNESS = 2, 5  # pixels

Lines = Sequence[tuple[np.ndarray, np.ndarray]]  # polygon (n, 2) and baseline (m, 2) in pixels of the target


def draw_targets(lines: Lines, height: int, width: int, classes: Classes) -> np.ndarray:
    """Draw the class of every pixel: (height, width) uint8. Lines may lie beyond the target."""
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    if classes == "odd-even":
        for number, (polygon, baseline) in enumerate(sorted(lines, key=lambda line: float(line[1][:, 1].mean()))):
            draw.polygon(_points(_narrow(polygon, baseline)), fill=1 + number % 2)
        return np.asarray(image).copy()
    for polygon, _ in lines:
        draw.polygon(_points(polygon), fill=1)
    for polygon, baseline in lines:
        _draw_ends(draw, baseline, line_height(polygon, baseline))
    for polygon, baseline in lines:
        thickness = _thickness(line_height(polygon, baseline))
        draw.line(_points(_inset(baseline, thickness)), fill=2, width=thickness, joint="curve")
    return np.asarray(image).copy()


def line_height(polygon: np.ndarray, baseline: np.ndarray) -> float:
    """Return the mean height of a polygon along its baseline, in pixels."""
    x, y = polygon.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    return float(area / max(np.hypot(*(baseline[-1] - baseline[0])), 1.0))


def _thickness(height: float) -> int:
    return int(np.clip(round(THICKNESS * height), MIN_THICKNESS, MAX_THICKNESS))


def _draw_ends(draw: ImageDraw.ImageDraw, baseline: np.ndarray, height: float) -> None:
    """Draw a bar across each end of the line, so that neighbors on one height do not join."""
    across = baseline[-1] - baseline[0]
    normal = np.array([across[1], -across[0]]) / max(float(np.hypot(*across)), 1e-6)  # upwards for writing to the right
    for end in (baseline[0], baseline[-1]):
        bar = np.array([end + normal * 0.6 * height, end - normal * 0.25 * height])
        draw.line(_points(bar), fill=3, width=_thickness(height))


def _inset(baseline: np.ndarray, amount: float) -> np.ndarray:
    """Shorten a baseline by `amount` pixels at both ends, where the bars are."""
    line = baseline.copy()
    for end, inner in ((0, 1), (-1, -2)):
        step = line[inner] - line[end]
        length = float(np.hypot(*step))
        line[end] = line[end] + step * min(0.45, amount / max(length, 1e-6))
    return line


def _narrow(polygon: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Shrink a polygon vertically towards its middle, so that neighbors rarely overlap."""
    middle = (polygon[:, 1].min() + polygon[:, 1].max()) / 2
    return np.stack([polygon[:, 0], middle + 0.75 * (polygon[:, 1] - middle)], axis=1)


def _points(array: np.ndarray) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in array]
