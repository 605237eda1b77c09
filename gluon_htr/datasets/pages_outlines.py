"""Where a page's lines are: an outline and a direction for each, from its polygon, its baseline and its neighbors.

Some programs give every line the same strip along its baseline (Transkribus before its polygons are computed): such a
strip cuts through the letters. It is replaced by the height that the page's other lines have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import AnnotationError
from .pages_annotations import Outlined, parse_points

THIN = 0.5  # of the page's usual thickness: an outline that is thinner is no outline of a line
SHORT = 2.0  # thicknesses: the direction of a shorter baseline is chance, and its line is not turned
UPRIGHT = 1.0  # degrees: less slant does not hinder reading, and turning would blur
ABOVE, BELOW = 0.75, 0.3  # of the distance between baselines: where letters reach, if no polygon tells
MOST_ABOVE, MOST_BELOW = 0.85, 0.45  # the same, where polygons reach further: beyond are the neighbors' letters
PAGE_LINES = 25  # lines on a page, if neither neighbors nor polygons tell


@dataclass(frozen=True)
class Outline:
    """A line's place: polygon (n, 2) float64 of x, y in pixels, and its slant in degrees, clockwise."""

    polygon: np.ndarray
    angle: float


@dataclass(frozen=True)
class _Place:
    """What the file tells of a line, in pixels; either may be empty."""

    polygon: np.ndarray
    baseline: np.ndarray

    @property
    def angle(self) -> float:
        """Of the baseline; one drawn from right to left, as for Hebrew, is no writing upside down."""
        if len(self.baseline) < 2:
            return 0.0
        across, down = self.baseline[-1] - self.baseline[0]
        angle = float(np.degrees(np.arctan2(down, across)))
        return angle if abs(angle) <= 135 else angle - np.copysign(180, angle)

    @property
    def length(self) -> float:
        return float(np.hypot(*(self.baseline[-1] - self.baseline[0]))) if len(self.baseline) > 1 else 0.0

    @property
    def thickness(self) -> float:
        """The polygon's mean height along the line; 0 without a polygon."""
        if len(self.polygon) < 3:
            return 0.0
        x, y = turned(self.polygon, -self.angle).T
        area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        return float(area / max(np.ptp(x), 1))


def outlines(lines: Sequence[Outlined], scale: np.ndarray, size: tuple[int, int]) -> list[Outline | AnnotationError]:
    """An outline for each line, or why it has none.

    scale: (2,) pixels for each unit of x and y in the file. size: the image's (width, height) in pixels, to which all
    coordinates are clipped.
    """
    found = [_place(line, scale, size) for line in lines]
    places = [place for place in found if isinstance(place, _Place)]
    gap = _line_distance(places, size)
    usual = max(float(np.median([p.thickness for p in places if p.thickness] or [0])), THIN * gap)
    good = [place for place in places if place.thickness >= THIN * usual and len(place.baseline) > 1]
    above, below = _reach(good, gap) if good else (ABOVE * gap, BELOW * gap)
    return [
        place if isinstance(place, AnnotationError) else _outline(place, THIN * usual, above, below, size)
        for place in found
    ]


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    """Points (n, 2) turned clockwise about the origin, y pointing down."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def _place(line: Outlined, scale: np.ndarray, size: tuple[int, int]) -> _Place | AnnotationError:
    try:
        polygon, baseline = (np.clip(parse_points(text) * scale, 0, size) for text in (line.polygon, line.baseline))
    except AnnotationError as error:
        return error
    return _Place(polygon, baseline)


def _outline(
    place: _Place, thinnest: float, above: float, below: float, size: tuple[int, int]
) -> Outline | AnnotationError:
    angle = place.angle if place.length >= SHORT * max(place.thickness, above) and abs(place.angle) >= UPRIGHT else 0.0
    if place.thickness > max(1, thinnest) or (place.thickness > 1 and not place.length):
        return Outline(place.polygon, angle)
    if not place.length:
        return AnnotationError("has neither a polygon with an area nor a baseline")
    ends = turned(place.baseline, -place.angle)
    ends = ends[np.argsort(ends[:, 0])]
    ends[0, 0] -= below  # letters reach over the ends of a baseline
    ends[-1, 0] += below
    around = np.concatenate([ends - np.array([0, above]), ends[::-1] + np.array([0, below])])
    return Outline(np.clip(turned(around, place.angle), 0, size), angle)


def _reach(places: Sequence[_Place], gap: float) -> tuple[float, float]:
    """How far polygons usually reach above and below the baseline, in pixels."""
    reaches = []
    for place in places:
        height = turned(place.baseline, -place.angle)[:, 1].mean()
        polygon = turned(place.polygon, -place.angle)[:, 1]
        reaches.append((height - polygon.min(), polygon.max() - height))
    above, below = np.clip(np.median(reaches, axis=0), 1, (MOST_ABOVE * gap, MOST_BELOW * gap)).tolist()
    return above, below


def _line_distance(places: Sequence[_Place], size: tuple[int, int]) -> float:
    """The usual distance in pixels from a level baseline to the next that lies over it."""
    lines = [p.baseline for p in places if p.length and abs(p.angle) < 45]
    heights = np.array([line[:, 1].mean() for line in lines])
    left, right = (np.array([pick(line[:, 0]) for line in lines]) for pick in (np.min, np.max))
    distances = []
    for k, height in enumerate(heights):
        beside = (left < right[k]) & (right > left[k]) & (heights > height + 1)
        if beside.any():
            distances.append(heights[beside].min() - height)
    return float(np.median(distances)) if distances else size[1] / PAGE_LINES
