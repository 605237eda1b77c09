"""Where text runs in an image: direction of a line, and the place of a word on its baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...text.direction import runs_backwards
from ..document import Line, Page, Point

#: Direction in which upright writing runs, as (x, y) with y down, by the orientation of its page.
_UPRIGHT = {0: (1.0, 0.0), 90: (0.0, -1.0), 180: (-1.0, 0.0), 270: (0.0, 1.0)}
MIN_SIZE = 0.5  # pixels: text of no size cannot be selected, and its matrix has no inverse


@dataclass(frozen=True)
class Place:
    """Place of a text: start and end on its baseline as (x, y), and its height, in pixels."""

    start: np.ndarray
    end: np.ndarray
    height: float


def direction(line: Line, page: Page) -> np.ndarray:
    """Return the unit vector from left to right, as someone who reads the line sees it.

    The baseline of a right-to-left line begins at its right; many tools begin it at the left. Which it is shows where
    the page's writing runs.
    """
    upright = np.array(_UPRIGHT[page.orientation])
    along = np.subtract(line.baseline[-1], line.baseline[0])
    length = float(np.hypot(*along))
    if length < MIN_SIZE:
        return upright
    backwards = runs_backwards(line.text) and along @ upright < 0.1 * length
    return -along / length if backwards else along / length


def quarter_turns(line: Line, page: Page) -> int:
    """Return by how many quarters the writing is turned counterclockwise, 0 to 3."""
    x, y = direction(line, page)
    return round(np.degrees(np.arctan2(-y, x)) / 90) % 4


def place(polygon: tuple[Point, ...], line: Line, page: Page) -> Place:
    """Find where the text of a polygon, a word or its whole line, stands on the line's baseline."""
    along = direction(line, page)
    above = np.array([along[1], -along[0]])
    corners = np.array(polygon)
    across, up = corners @ along, corners @ above
    ends = np.array([across.min(), max(across.max(), across.min() + MIN_SIZE)])
    base = _heights(np.array(line.baseline), along, above, ends)
    start, end = ends[:, None] * along + base[:, None] * above
    return Place(start, end, max(float(np.ptp(up)), MIN_SIZE))


def _heights(baseline: np.ndarray, along: np.ndarray, above: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Interpolate the height of a baseline at two places. It is level beyond its ends."""
    across, up = baseline @ along, baseline @ above
    order = np.argsort(across, kind="stable")
    return np.interp(where, across[order], up[order])
