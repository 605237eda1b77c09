"""Rendering of pen strokes as gray lines, varied as writers vary, in ink on white paper.

A stroke is an (n, 2) float32 array of points, x to the right and y down, in any unit; more columns are ignored. Strokes
come from digital pens (`datasets/iam/online.py`) and stroke fonts. Everything random is drawn from the generator that
is passed in. Needs OpenCV, which readers of a trained model never need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

cv2.setNumThreads(1)  # parallelism comes from worker processes

Strokes = Sequence[np.ndarray]
FINER = 3  # strokes are drawn this many times larger and averaged, so that pen widths need not be whole pixels
_SUBPIXEL = 4  # bits after the point of OpenCV's coordinates
_REACH = 0.75  # pens' widths from a stroke's middle to the outermost ink: the radius of the largest dot
_CLEAR = 2.0  # pixels of white around the ink whatever the margin, so that one is left when sizes are rounded
_MAX_WIDTH = 6000  # pixels; a wider line is drawn smaller


@dataclass(frozen=True)
class PenStyle:
    """Variation of handwriting and pens. Amounts of 0 (and equal bounds) draw the strokes unchanged."""

    #: Pixels from the highest to the lowest point.
    height: int = 64
    #: Bounds of the pen's width, as proportions of the height.
    pen: tuple[float, float] = (0.025, 0.075)
    #: Thinning of the fastest parts of a stroke, 0 to 1.
    pressure: float = 0.5
    #: Bounds of the gray of the ink: 0 is black.
    ink: tuple[int, int] = (0, 110)
    #: Horizontal shift for each unit of height, at most, to either side.
    slant: float = 0.35
    #: Degrees to either side; long lines are turned less.
    rotation: float = 1.5
    #: Stretching of the width, at most, as a share.
    stretch: float = 0.2
    #: Displacement and resizing of single strokes, as a share of the height.
    jitter: float = 0.015
    #: Waves of the baseline, as a share of the height.
    wave: float = 0.03
    #: Proportion of points that may be dropped.
    dropped: float = 0.15
    #: Probability that corners are rounded.
    smoothing: float = 0.4
    #: White around the ink, at most, as a share of the height.
    margin: float = 0.15


PLAIN = PenStyle(
    pen=(0.045, 0.045),
    pressure=0.0,
    ink=(0, 0),
    slant=0.0,
    rotation=0.0,
    stretch=0.0,
    jitter=0.0,
    wave=0.0,
    dropped=0.0,
    smoothing=0.0,
    margin=0.05,
)


def render(strokes: Strokes, style: PenStyle, random: np.random.Generator) -> np.ndarray:
    """Draw strokes as an image (H, W) uint8, 0 = black ink on 255, H = style.height and margins.

    Raises `ValueError` if there is no point at all.
    """
    points = [np.asarray(stroke, np.float32)[:, :2] for stroke in strokes if len(stroke)]
    if not points:
        raise ValueError("there are no strokes to draw")
    return draw(vary(points, style, random), style, random)


def vary(strokes: Strokes, style: PenStyle, random: np.random.Generator) -> list[np.ndarray]:
    """Return the strokes as another writer might have written them, scaled to `style.height` pixels, with the top left
    corner at (0, 0).
    """
    strokes = level(strokes)
    everything = np.concatenate(strokes)
    low, high = everything.min(0), everything.max(0)
    size = max(high[1] - low[1], (high[0] - low[0]) / 40, 1e-6)  # a dash must not become as tall as a line
    unit = [(stroke - low) / size for stroke in strokes]
    smooth = random.random() < style.smoothing
    unit = [_thinned(stroke, style.dropped, smooth, random) for stroke in unit]
    unit = [_jittered(stroke, style.jitter, random) for stroke in unit]
    unit = _wavy(unit, style.wave, random)
    matrix = _matrix(float((high[0] - low[0]) / size), style, random)
    moved = [stroke @ matrix.T for stroke in unit]
    everything = np.concatenate(moved)
    low, high = everything.min(0), everything.max(0)
    scale = min(style.height / max(float(high[1] - low[1]), 0.2), _MAX_WIDTH / max(float(high[0] - low[0]), 1e-6))
    return [((stroke - low) * scale).astype(np.float32) for stroke in moved]


def level(strokes: Strokes) -> list[np.ndarray]:
    """Shear the strokes until the line that fits their points best is level. Short words stay as they are."""
    x, y = np.concatenate(strokes).T
    if np.ptp(x) <= 4 * np.ptp(y):
        return list(strokes)
    rise = np.cov(x, y)[0, 1] / x.var(ddof=1)
    return [np.column_stack([stroke[:, 0], stroke[:, 1] - rise * stroke[:, 0]]) for stroke in strokes]


def _matrix(length: float, style: PenStyle, random: np.random.Generator) -> np.ndarray:
    """Draw slant, stretch and rotation as a matrix (2, 2), for a line that is `length` times as long as high."""
    slant, turn, wide = random.uniform(-1, 1, 3) * (style.slant, np.deg2rad(style.rotation), style.stretch)
    turn *= min(1.0, 6 / max(length, 1.0))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (rotation @ np.array([[1 + wide, -slant], [0, 1]])).astype(np.float32)


def _thinned(stroke: np.ndarray, dropped: float, smooth: bool, random: np.random.Generator) -> np.ndarray:
    """Drop some inner points of a stroke, and round its corners."""
    if dropped and len(stroke) > 4:
        keep = random.random(len(stroke)) >= dropped * random.random()
        keep[[0, -1]] = True
        stroke = stroke[keep]
    if smooth and len(stroke) > 4:
        stroke = stroke.copy()
        stroke[1:-1] = (stroke[:-2] + 2 * stroke[1:-1] + stroke[2:]) / 4
    return stroke


def _jittered(stroke: np.ndarray, amount: float, random: np.random.Generator) -> np.ndarray:
    """Move and resize a stroke about its own center: strokes are letters, or parts of them."""
    center = stroke.mean(0)
    return (stroke - center) * (1 + 3 * amount * random.normal(size=2)) + center + amount * random.normal(size=2)


def _wavy(strokes: list[np.ndarray], amount: float, random: np.random.Generator) -> list[np.ndarray]:
    """Put the strokes on a baseline that rises and falls once every 3 to 12 heights."""
    length, phase = random.uniform(3, 12), random.uniform(0, 2 * np.pi)
    amplitude = amount * random.random()
    waves = [amplitude * np.sin(2 * np.pi * stroke[:, :1] / length + phase) for stroke in strokes]
    return [stroke + np.hstack([np.zeros_like(wave), wave]) for stroke, wave in zip(strokes, waves)]


def draw(strokes: Strokes, style: PenStyle, random: np.random.Generator) -> np.ndarray:
    """Draw strokes in pixels as (H, W) uint8 ink on white, with margins that differ on each side and are never
    empty.
    """
    top, bottom, left, right = (random.random(4) * style.margin * style.height).tolist()
    pen = random.uniform(*style.pen) * style.height
    around = _REACH * pen + _CLEAR
    size = np.concatenate(strokes).max(0) + 2 * around + (left + right, top + bottom)
    canvas = np.zeros([int(np.ceil(side * FINER)) for side in size[::-1]], np.uint8)
    corner = np.array([left + around, top + around], np.float32)
    for stroke in strokes:
        _draw_stroke(canvas, (stroke + corner) * FINER, pen * FINER, style.pressure, random)
    height, width = (max(1, round(side / FINER)) for side in canvas.shape)
    ink = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    darkness = (255 - random.integers(style.ink[0], style.ink[1] + 1)) / 255
    return (255 - ink * darkness).astype(np.uint8)


def _draw_stroke(
    canvas: np.ndarray, stroke: np.ndarray, pen: float, pressure: float, random: np.random.Generator
) -> None:
    """Draw one stroke in pixels of the canvas, thinner where the pen was fast: far from one point to the next."""
    if len(stroke) == 1 or np.ptp(stroke, axis=0).max() < pen / 2:  # a dot is round and larger than the pen
        _disk(canvas, stroke.mean(0), pen * random.uniform(0.5, _REACH))
        return
    widths = _widths(stroke, pen, pressure)
    points = np.round(stroke * (1 << _SUBPIXEL)).astype(np.int32)
    start = 0
    for end in [*np.flatnonzero(np.diff(widths)) + 1, len(widths)]:
        part = points[start : end + 1].reshape(1, -1, 2)
        cv2.polylines(canvas, part, False, (255,), int(widths[start]), cv2.LINE_8, _SUBPIXEL)
        start = end


def _widths(stroke: np.ndarray, pen: float, pressure: float) -> np.ndarray:
    """Return the width of each of the (n - 1) segments in whole pixels."""
    pace = np.hypot(*np.diff(stroke, axis=0).T)
    slowness = 1 / (1 + pace / (pace.mean() + 1e-6))  # 1 where the pen stands, 1/2 at its usual pace
    smoothed = np.convolve(np.pad(slowness, 2, "edge"), np.full(5, 0.2), "valid")
    return np.maximum(1, np.round(pen * (1 + pressure * (smoothed - 0.6)))).astype(int)


def _disk(canvas: np.ndarray, center: np.ndarray, radius: float) -> None:
    fine = 1 << _SUBPIXEL
    x, y = np.round(center * fine).astype(int).tolist()
    cv2.circle(canvas, (x, y), max(1, round(radius * fine)), (255,), -1, cv2.LINE_8, _SUBPIXEL)
