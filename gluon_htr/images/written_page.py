"""A sheet of paper on which lines of handwriting are put, with the place of each: pages of known layout.

Needs OpenCV, which readers of a trained model never need.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from .ruling import baseline

cv2.setNumThreads(1)  # parallelism comes from worker processes
STEP = 12  # pixels between the points of an outline
INK = 0.25  # darkness, from 0 to 1, above which a pixel is ink


@dataclass(frozen=True)
class Placed:
    """A line on a sheet, in its pixels: polygon (n, 2) around the ink, and baseline (m, 2) from left to right."""

    polygon: np.ndarray
    baseline: np.ndarray


@dataclass
class Sheet:
    """Paper under writing. paper: (H, W) uint8. placed: the lines so far."""

    paper: np.ndarray
    placed: list[Placed] = field(default_factory=list)

    def write(self, line: np.ndarray, left: float, base: float, height: float, bend: tuple[float, float]) -> float:
        """Put a line on the sheet.

        Args:
            line: (h, w) uint8, dark ink on light paper.
            left: x of its left edge.
            base: y of its baseline there.
            height: pixels of its height on the sheet.
            bend: slope, and amplitude of a wave in heights.

        Returns:
            x of its right edge. What lies beyond the sheet is cut off; a line without ink on it is not placed.
        """
        ink, foot = _ink(line, height)
        rise, wave = bend
        x = np.arange(ink.shape[1])
        shift = rise * x + wave * height * np.sin(2 * np.pi * x / (12 * height) + base)
        ink, above = _bent(ink, shift)
        top, first = round(base - foot - above), round(left)
        rows, columns = slice(max(0, top), top + ink.shape[0]), slice(max(0, first), first + ink.shape[1])
        region = self.paper[rows, columns]
        part = ink[max(0, -top) :, max(0, -first) :][: region.shape[0], : region.shape[1]]
        region[...] = (region * (1 - 0.92 * part)).astype(np.uint8)
        seen = np.flatnonzero((part > INK).any(axis=0))
        if len(seen) > 2:
            start = max(0, -first)
            points = base + shift[np.arange(seen[0], seen[-1] + 1) + start]
            self.placed.append(_place(part[:, seen[0] : seen[-1] + 1], points, columns.start + seen[0], rows.start))
        return left + ink.shape[1]


def _ink(line: np.ndarray, height: float) -> tuple[np.ndarray, float]:
    """Return the darkness of a line (h, w) float32, from 0 to 1, at a height, and the y of its baseline."""
    scale = height / line.shape[0]
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    size = (max(4, round(line.shape[1] * scale)), max(4, round(height)))
    scaled = cv2.resize(line, size, interpolation=flags).astype(np.float32)
    light, dark = np.percentile(scaled, (60, 1))
    ink = np.clip((light - scaled) / max(light - dark, 20.0) - 0.12, 0, 1)
    return ink, baseline(line) * scale


def _bent(ink: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, float]:
    """Shift every column down by so many pixels; also return by how much the image grew at its top."""
    above, below = max(0.0, -float(shift.min())), max(0.0, float(shift.max()))
    rows = np.arange(int(np.ceil(ink.shape[0] + above + below)), dtype=np.float32)
    y = rows[:, None] - above - shift[None, :].astype(np.float32)
    x = np.broadcast_to(np.arange(ink.shape[1], dtype=np.float32)[None, :], y.shape)
    return cv2.remap(ink, np.ascontiguousarray(x), y, cv2.INTER_LINEAR, borderValue=(0.0,)), above


def _place(ink: np.ndarray, base: np.ndarray, left: int, top: int) -> Placed:
    """Draw the outline of ink (h, w) along its baseline (w,)."""
    width = ink.shape[1]
    rows = np.where((ink > INK).any(axis=0), (ink > INK).argmax(axis=0), ink.shape[0]) + top
    ends = np.where((ink > INK).any(axis=0), ink.shape[0] - (ink > INK)[::-1].argmax(axis=0), 0) + top
    upper = cv2.erode(rows.astype(np.float32)[None], np.ones((1, 2 * STEP + 1)))[0]
    lower = cv2.dilate(ends.astype(np.float32)[None], np.ones((1, 2 * STEP + 1)))[0]
    usual = float(np.median(base - upper))
    at = np.unique(np.append(np.arange(0, width, STEP), width - 1))
    upper, lower = np.minimum(upper, base - usual / 2)[at], np.maximum(lower, base + 1)[at]
    x = at + left
    outline = np.concatenate([np.stack([x, upper], axis=1), np.stack([x, lower], axis=1)[::-1]])
    return Placed(outline.astype(float), np.stack([x, base[at]], axis=1).astype(float))


def draw_paper(size: tuple[int, int], pitch: float, random: np.random.Generator) -> np.ndarray:
    """Draw blank, ruled or squared paper (H, W) uint8. size: height, width. pitch: pixels between ruled lines."""
    height, width = size
    tone = cv2.resize(
        random.uniform(-12, 12, (5, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    grain = random.standard_normal(size, dtype=np.float32) * np.float32(random.uniform(0, 4))
    paper = np.clip(random.uniform(185, 250) + tone + grain, 0, 255).astype(np.uint8)
    kind = random.random()
    shade = int(random.uniform(0.7, 0.93) * paper.mean())
    thickness = int(random.integers(1, 3))
    if kind < 0.35:
        rule(paper, np.arange(random.uniform(0, pitch), height, pitch), shade, thickness, across=True)
    elif kind < 0.5:
        for across, side in ((True, height), (False, width)):
            rule(paper, np.arange(random.uniform(0, pitch), side, pitch / 2), shade, 1, across=across)
    if random.random() < 0.15:
        rule(paper, np.array([random.uniform(0.08, 0.2) * width]), shade, thickness, across=False)
    return paper


def rule(paper: np.ndarray, places: np.ndarray, shade: int, thickness: int, *, across: bool) -> None:
    """Draw lines over the whole sheet at these places, `across` or down; where it is darker, nothing changes."""
    for place in np.round(places).astype(int):
        part = paper[place : place + thickness] if across else paper[:, place : place + thickness]
        np.minimum(part, shade, out=part)
