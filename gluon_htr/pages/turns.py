"""Quarter turns that make a page upright, and points on it before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .document import Line, Orientation, Point, moved


@dataclass(frozen=True)
class Turn:
    """A turn of a page of `width` × `height` pixels by `orientation` degrees clockwise, which makes it upright."""

    orientation: Orientation
    width: int
    height: int

    def turned(self, page: np.ndarray) -> np.ndarray:
        """Turn a page upright: (H, W) uint8."""
        return page if self.orientation == 0 else np.ascontiguousarray(np.rot90(page, -self.orientation // 90))

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the upright page."""
        return (self.height, self.width) if self.orientation % 180 else (self.width, self.height)

    def upright(self, points: Sequence[Point]) -> np.ndarray:
        """Convert points of the page as it was given to the upright page, (n, 2)."""
        x, y = np.array(points, float).T
        across, down = self.width, self.height
        places = {0: (x, y), 90: (down - y, x), 180: (across - x, down - y), 270: (y, across - x)}
        return np.stack(places[self.orientation], axis=1)

    def back(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """Convert points of the upright page to the page as it was given."""
        if self.orientation == 90:
            return tuple((y, self.height - x) for x, y in points)
        if self.orientation == 180:
            return tuple((self.width - x, self.height - y) for x, y in points)
        if self.orientation == 270:
            return tuple((self.width - y, x) for x, y in points)
        return tuple(points)

    def line_back(self, line: Line) -> Line:
        """Convert a line of the upright page to the page as it was given."""
        return line if self.orientation == 0 else moved(line, self.back)

    def box_back(self, boxes: np.ndarray) -> tuple[Point, ...]:
        """Return the corners, on the page as it was given, of the box around boxes (n, 4) of the upright page."""
        left, top = (float(side) for side in boxes[:, :2].min(axis=0))
        right, bottom = (float(side) for side in boxes[:, 2:].max(axis=0))
        return self.back([(left, top), (right, top), (right, bottom), (left, bottom)])
