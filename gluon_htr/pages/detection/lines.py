"""Baselines and polygons of the lines of a page, from the probabilities of the classes `lines`.

A baseline is a component of its class, so that neighbors above each other stay apart although their bodies overlap. The
ends keep neighbors on one height apart. The body says how far a line reaches above and below. The scheme is that of
ARU-Net (Grüning et al. 2019) with a body added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .components import components

BACKGROUND, BODY, BASELINE, END = range(4)
BASE = 0.25  # probability above which a pixel is of a baseline
PEAK = 0.5  # highest probability of a baseline, at least
SHORT = 0.6  # line heights: a shorter baseline is a speck
NEAR = 1.5  # line heights: a gap that is smaller is one within a line
LEVEL = 0.3  # line heights: two parts of a line differ less
ENDED = 0.4  # highest probability of an end in the gap between two parts that keeps them apart
INSIDE = 0.3  # proportion of a line within a longer one: it is a part of that
STEP = 4.0  # pixels of the map between points of a baseline, before it is simplified
STRAIGHT = 0.6  # pixels of the map that a simplified baseline may be off


@dataclass(frozen=True)
class FoundLine:
    """A line on a page, in pixels of the page: polygon (n, 2), baseline (m, 2) from left to right; its confidence."""

    polygon: np.ndarray
    baseline: np.ndarray
    confidence: float


def find_lines(probabilities: np.ndarray, scale: Sequence[float]) -> list[FoundLine]:
    """Find the lines of a page, from top to bottom.

    probabilities: (4, h, w) float. scale: pixels of the page per pixel of the map, along x and y.
    """
    base = probabilities[BASELINE]
    mask = (base > BASE) & (base >= probabilities[END])
    found = [part for part in components(mask) if np.ptp(part[1]) >= 3 and base[part].max() >= PEAK]
    traces = [_trace(rows, columns, base) for rows, columns in found]
    if not traces:
        return []
    height = _usual_height(probabilities, traces)
    merged = _merge(traces, probabilities[END], height)
    kept = [trace for trace in merged if trace.points[-1, 0] - trace.points[0, 0] >= SHORT * height]
    owner = _owner(kept, probabilities.shape[1:])
    factor = np.asarray(scale, float)
    ink = 1 - probabilities[BACKGROUND]
    bands = [_Band(trace, *_reach(trace.points, ink, owner, k, height)) for k, trace in enumerate(kept)]
    lines = []
    for band in _outside_others(bands):
        line = simplified(band.trace.points, STRAIGHT)
        polygon = _outline(line, band.above, band.below)
        lines.append(FoundLine(polygon * factor, (line + 0.5) * factor, band.trace.confidence))
    return sorted(lines, key=lambda line: float(line.baseline[:, 1].mean()))


@dataclass(frozen=True)
class _Trace:
    """A baseline in pixels of the map: points (m, 2) by rising x, and the mean probability."""

    points: np.ndarray
    confidence: float


@dataclass(frozen=True)
class _Band:
    """A baseline with the pixels of the map that its line reaches above and below it."""

    trace: _Trace
    above: float
    below: float

    @property
    def length(self) -> float:
        return float(self.trace.points[-1, 0] - self.trace.points[0, 0])

    def within(self, other: _Band) -> float:
        """Compute the proportion of this band that lies in another one."""
        x = np.arange(self.trace.points[0, 0], self.trace.points[-1, 0] + 1)
        own, theirs = self.trace.points, other.trace.points
        y = np.interp(x, own[:, 0], own[:, 1])
        level = np.interp(x, theirs[:, 0], theirs[:, 1], left=np.inf, right=np.inf)
        common = np.minimum(y + self.below, level + other.below) - np.maximum(y - self.above, level - other.above)
        return float(np.maximum(np.where(np.isfinite(level), common, 0.0), 0.0).mean() / (self.above + self.below))


def _outside_others(bands: Sequence[_Band]) -> list[_Band]:
    """Leave out lines that lie in a longer one: second baselines through its descenders or ascenders."""
    return [
        band
        for band in bands
        if not any(other.length > band.length and band.within(other) > INSIDE for other in bands if other is not band)
    ]


def _trace(rows: np.ndarray, columns: np.ndarray, base: np.ndarray) -> _Trace:
    """Average the rows of a component in each column, weighted by probability, and smooth along the columns."""
    weights = base[rows, columns]
    first = columns.min()
    totals = np.bincount(columns - first, weights)
    means = np.bincount(columns - first, weights * rows) / totals
    size = min(9, len(means) // 2 * 2 - 1)
    if size >= 3:
        padded = np.pad(means, size // 2, mode="edge")
        means = np.convolve(padded, np.full(size, 1 / size), mode="valid")
    count = max(2, int(len(means) / STEP) + 1)
    places = np.linspace(0, len(means) - 1, count).round().astype(int)
    points = np.stack([first + places, means[places]], axis=1).astype(float)
    return _Trace(points, float(weights.mean()))


def _usual_height(probabilities: np.ndarray, traces: list[_Trace]) -> float:
    """Estimate the height of the page's lines in pixels of the map: that of the bodies over the longer baselines."""
    owner = _owner(traces, probabilities.shape[1:])
    ink = 1 - probabilities[BACKGROUND]
    reaches = [sum(_reach(t.points, ink, owner, k, np.inf)) for k, t in enumerate(traces)]
    weights = np.array([len(trace.points) for trace in traces], float)
    order = np.argsort(reaches)
    middle = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return max(float(reaches[order[min(middle, len(order) - 1)]]), 4.0)


def _owner(traces: Sequence[_Trace], shape: tuple[int, ...]) -> np.ndarray:
    """Draw each baseline into a map (h, w) int: its number, or -1."""
    owner = np.full(shape, -1, int)
    for number, trace in enumerate(traces):
        x = np.arange(int(trace.points[0, 0]), int(trace.points[-1, 0]) + 1)
        y = np.interp(x, trace.points[:, 0], trace.points[:, 1]).round().astype(int)
        owner[np.clip(y, 0, shape[0] - 1), x] = number
    return owner


def _reach(points: np.ndarray, ink: np.ndarray, owner: np.ndarray, number: int, height: float) -> tuple[float, float]:
    """Measure how far the body of a line reaches above and below its baseline, in pixels of the map.

    Between two baselines a body that never ends is split: three quarters of the distance belong to the lower line.
    """
    limit = 200 if not np.isfinite(height) else int(3 * height) + 4
    x = np.arange(int(points[0, 0]), int(points[-1, 0]) + 1, 2)
    y = np.interp(x, points[:, 0], points[:, 1]).round().astype(int)
    reaches = []
    for direction, share in ((-1, 0.85), (1, 0.35)):
        steps = np.arange(1, limit)
        rows = y[:, None] + direction * steps[None, :]
        valid = (rows >= 0) & (rows < ink.shape[0])
        rows = np.clip(rows, 0, ink.shape[0] - 1)
        inside = (ink[rows, x[:, None]] > 0.5) & valid
        others = owner[rows, x[:, None]]
        meets = (others >= 0) & (others != number)
        outside = ~inside
        free = np.where(outside.any(1), outside.argmax(1), limit - 1)
        met = np.where(meets.any(1), meets.argmax(1) + 1, 10 * limit)
        reaches.append(float(np.percentile(np.minimum(free, share * met), 60)))
    return max(reaches[0], 1.5), max(reaches[1], 1.0)


def _merge(traces: list[_Trace], ends: np.ndarray, height: float) -> list[_Trace]:
    """Join parts of one line: a small gap at one level, without an end in it."""
    order = sorted(traces, key=lambda trace: trace.points[0, 0])
    merged: list[_Trace] = []
    for trace in order:
        best, distance = -1, np.inf
        for number, other in enumerate(merged):
            gap = trace.points[0, 0] - other.points[-1, 0]
            if -0.5 * height <= gap <= NEAR * height and gap < distance and _continues(other, trace, ends, height):
                best, distance = number, gap
        if best < 0:
            merged.append(trace)
        else:
            merged[best] = _joined(merged[best], trace)
    return merged


def _continues(left: _Trace, right: _Trace, ends: np.ndarray, height: float) -> bool:
    start, end = left.points[-1], right.points[0]
    if abs(end[1] - start[1]) > LEVEL * height or right.points[-1, 0] <= start[0]:
        return False
    count = max(2, int(np.hypot(*(end - start))) + 1)
    path = np.linspace(start, end, count).round().astype(int)
    x, y = np.clip(path[:, 0], 0, ends.shape[1] - 1), np.clip(path[:, 1], 0, ends.shape[0] - 1)
    return float(ends[y, x].max()) < ENDED


def _joined(left: _Trace, right: _Trace) -> _Trace:
    weights = np.array([len(left.points), len(right.points)], float)
    points = np.concatenate([left.points, right.points[right.points[:, 0] > left.points[-1, 0]]])
    confidence = float(np.dot(weights, [left.confidence, right.confidence]) / weights.sum())
    return _Trace(points, confidence)


def _outline(line: np.ndarray, above: float, below: float) -> np.ndarray:
    """Return the polygon around a baseline; letters reach a little over its ends."""
    line = line + 0.5
    over = 0.15 * (above + below)
    line[0, 0] -= over
    line[-1, 0] += over
    return np.concatenate([line - np.array([0, above]), line[::-1] + np.array([0, below])])


def simplified(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Leave out points (n, 2) that are within the tolerance of the polyline of the others (Douglas and Peucker)."""
    if len(points) < 3:
        return points.copy()
    start, end = points[0], points[-1]
    across = end - start
    length = max(float(np.hypot(*across)), 1e-9)
    inner = points[1:-1] - start
    distances = np.abs(across[0] * inner[:, 1] - across[1] * inner[:, 0]) / length
    worst = int(distances.argmax()) + 1
    if distances[worst - 1] <= tolerance:
        return np.stack([start, end])
    return np.concatenate([simplified(points[: worst + 1], tolerance)[:-1], simplified(points[worst:], tolerance)])
