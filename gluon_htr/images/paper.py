"""Simulation of photographed paper around a clean line: uneven, ruled, stained, shaded, written on from behind, and
seen through a lens and a JPEG file.

Works on preprocessed lines, and on scans of any height: lengths are proportions of the height. Everything is drawn from
the generator that is passed in. Needs OpenCV, which readers of a trained model never need.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .augmentation_settings import PaperSettings

cv2.setNumThreads(1)  # parallelism comes from worker processes


def on_paper(image: np.ndarray, settings: PaperSettings, random: np.random.Generator) -> np.ndarray:
    """Return a gray line (H, W) uint8, dark ink on light paper, as a photograph may show it, in the same shape."""
    gray: np.ndarray = image.astype(np.float32)
    for name, change in _CHANGES.items():
        if random.random() < getattr(settings, name):
            gray = np.asarray(change(gray, random), np.float32)
    return np.clip(gray, 0, 255).astype(np.uint8)


def _fade(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Make ink paler and paper grayer."""
    paper, ink = random.uniform(130, 255), random.uniform(0, 80)
    return np.float32(ink) + gray * np.float32((paper - ink) / 255)


def _texture(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Add fibers and grain: noise at two scales, stretched one way."""
    height, width = gray.shape
    coarse = _noise((max(2, height // 6), max(2, width // random.integers(6, 24))), (height, width), random)
    grain = random.standard_normal(gray.shape, dtype=np.float32)
    return gray + coarse * np.float32(random.uniform(2, 9)) + grain * np.float32(random.uniform(1, 7))


def _noise(cells: tuple[int, int], shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Return smooth noise of standard deviation about 1: random values in cells (rows, columns), interpolated to (H,
    W).
    """
    values = random.standard_normal(cells, dtype=np.float32)
    return cv2.resize(values, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _rules(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw ruled or squared paper: lines under the writing, which rise or fall slightly."""
    height, width = gray.shape
    paper = np.full(gray.shape, 255, np.uint8)
    distance = height * random.uniform(0.25, 1.1)
    rise, thickness = random.uniform(-0.05, 0.05) * height, max(1, round(height * random.uniform(0.01, 0.035)))
    shade = (int(random.integers(120, 225)),)
    start = random.uniform(0, distance)
    for y in np.arange(start - distance, height + distance, distance):
        _line(paper, (0, y), (width, y + rise), shade, thickness)
    if random.random() < 0.3:
        for x in np.arange(random.uniform(0, distance), width, distance):
            _line(paper, (x, 0), (x - rise * height / width, height), shade, thickness)
    return np.minimum(gray, paper.astype(np.float32))


def _line(canvas: np.ndarray, start: tuple[float, float], end: tuple[float, float], shade: tuple, width: int) -> None:
    first, last = ((round(x * 16), round(y * 16)) for x, y in (start, end))
    cv2.line(canvas, first, last, shade, width, cv2.LINE_AA, 4)


def _stains(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Add one to three blots with soft edges, through which the ink can be seen."""
    height, width = gray.shape
    blots: np.ndarray = np.zeros(gray.shape, np.float32)
    for _ in range(random.integers(1, 4)):
        center = int(random.integers(0, width)), int(random.integers(0, height))
        axes = [max(1, int(height * random.uniform(0.1, 0.9))) for _ in range(2)]
        cv2.ellipse(blots, center, axes, float(random.uniform(0, 180)), 0, 360, (float(random.uniform(0.1, 0.45)),), -1)
    blots = cv2.GaussianBlur(blots, (0, 0), height * random.uniform(0.01, 0.1) + 0.3)
    return gray * (1 - blots)


def show_through(
    gray: np.ndarray, blur: float, strength: tuple[float, float], random: np.random.Generator, paper: float = 255.0
) -> np.ndarray:
    """Add the other side of a sheet: the picture itself mirrored, moved and faint.

    gray: (H, W) float32. blur: in pixels. strength: smallest and largest share of the ink that comes through.
    """
    other = np.roll(gray[:, ::-1], random.integers(gray.shape[1]), axis=1)
    other = np.roll(other, random.integers(-gray.shape[0] // 2, gray.shape[0] // 2 + 1), axis=0)
    faint = np.maximum(paper - cv2.GaussianBlur(other, (0, 0), blur), 0) * random.uniform(*strength)
    return gray - faint.astype(np.float32)


def _bleed(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return show_through(gray, gray.shape[0] * 0.015 + 0.3, (0.08, 0.3), random)


def _neighbors(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Add strokes of the lines above and below that reach into this one: parts of itself, moved."""
    height, width = gray.shape
    for above in (True, False):
        reach = round(height * random.uniform(0.03, 0.2))
        if reach == 0 or random.random() < 0.4:
            continue
        moved = np.roll(gray, random.integers(width // 4, width - width // 4 + 1), axis=1)
        part = moved[height - reach :] if above else moved[:reach]
        rows = slice(0, reach) if above else slice(height - reach, height)
        gray[rows] = np.minimum(gray[rows], part)
    return gray


def _shadow(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Add light that falls off along the line, or the edge of a shadow across it."""
    width = gray.shape[1]
    if random.random() < 0.6:
        left, right = random.uniform(0.55, 1.1, 2).tolist()
        return gray * np.linspace(left, right, width)
    x = np.arange(width, dtype=np.float32) - random.uniform(0, width)
    edge = 1 / (1 + np.exp(-np.clip(x / (width * random.uniform(0.002, 0.05) + 1), -30, 30)))
    return gray * (1 - np.float32(random.uniform(0.1, 0.5)) * (edge if random.random() < 0.5 else 1 - edge))


def _blur(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Blur: out of focus, moved, or enlarged from fewer pixels."""
    height, width = gray.shape
    kind = random.integers(3)
    if kind == 0:
        return cv2.GaussianBlur(gray, (0, 0), height * random.uniform(0.008, 0.026))
    if kind == 1:
        length = max(2, round(height * random.uniform(0.03, 0.08)))
        kernel = np.full((1, length), 1 / length, np.float32)
        return cv2.filter2D(gray, -1, kernel if random.random() < 0.7 else kernel.T, borderType=cv2.BORDER_REPLICATE)
    share = random.uniform(0.4, 0.8)
    small = cv2.resize(
        gray, (max(1, round(width * share)), max(1, round(height * share))), interpolation=cv2.INTER_AREA
    )
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _jpeg(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    pixels = np.clip(gray, 0, 255).astype(np.uint8)
    file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(15, 75))])[1]
    return cv2.imdecode(file, cv2.IMREAD_GRAYSCALE).astype(np.float32)


def _invert(gray: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return 255 - gray


#: In the order in which they happen: paper, what is on it, light, camera.
_CHANGES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "neighbors": _neighbors,
    "bleed": _bleed,
    "rules": _rules,
    "stains": _stains,
    "fade": _fade,
    "texture": _texture,
    "shadow": _shadow,
    "blur": _blur,
    "jpeg": _jpeg,
    "inversion": _invert,
}
