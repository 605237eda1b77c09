"""Outline and direction of each line of a page, from its polygon, its baseline and its neighbors.

A line is a band along its baseline. It reaches as far above and below as the page's polygons usually do, and no farther
than the distance between baselines allows. The polygons themselves follow the ink of each line: their heights differ,
so that letters scaled to a network's height would come in many sizes; they cut off ascenders; some are mere strips
(Transkribus before its polygons are computed). Lines without a baseline, and lines much higher or lower than the page's
others (headings, notes), keep their polygon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import AnnotationError
from .annotations import AnnotatedLine, parse_points

THIN = 0.5  # of the page's usual thickness: a thinner outline is not that of a line
STRIP = 1 / 3  # of the page's usual thickness: a thinner polygon is none of letters, however small
SLENDER = 40.0  # thicknesses: polygons that are usually longer are strips, and say nothing about the letters
ALIKE = 1.5  # largest ratio to the usual thickness, or its inverse, of a line of the usual size
SHORT = 2.0  # thicknesses: the direction of a shorter baseline is random, and its line is not turned
UPRIGHT = 1.0  # degrees: a smaller slope does not hinder reading, and turning would blur
ABOVE, BELOW = 0.75, 0.3  # of the distance between baselines: how far letters reach
#: Polygons of found lines reach to the usual letters. Those of transcribed pages, by which crops for training are made,
#: reach to the highest and lowest ones: so many times as far (docs/decisions.md). `line_crops.js` has the same numbers.
HIGHEST, LOWEST = 1.7, 2.0
PAGE_LINES = 25  # assumed lines on a page, without neighbors and polygons


@dataclass(frozen=True)
class Outline:
    """The region of a line: polygon (n, 2) float64 of x, y in pixels, and its slope in degrees, clockwise."""

    polygon: np.ndarray
    angle: float


@dataclass(frozen=True)
class LineGeometry:
    """Polygon (n, 2) and baseline (m, 2) of a line, in pixels of the page; either may be empty."""

    polygon: np.ndarray
    baseline: np.ndarray

    @property
    def angle(self) -> float:
        """Slope of the baseline; one drawn from right to left, as for Hebrew, does not mean upside-down writing."""
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
        """Mean height of the polygon along the line; 0 without a polygon."""
        if len(self.polygon) < 3:
            return 0.0
        x, y = turned(self.polygon, -self.angle).T
        area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        return float(area / max(np.ptp(x), 1))


def outlines(
    lines: Sequence[AnnotatedLine], scale: np.ndarray, size: tuple[int, int]
) -> list[Outline | AnnotationError]:
    """Compute the outline of each line, or the reason why it has none.

    scale: (2,) pixels per unit of x and y in the file. size: (width, height) of the image in pixels; all coordinates
    are clipped to it.
    """
    return bands([_place(line, scale, size) for line in lines], size)


def bands(found: Sequence[LineGeometry | AnnotationError], size: tuple[int, int]) -> list[Outline | AnnotationError]:
    """Compute the outline of each line from its geometry and that of its neighbors, or the reason why it has none."""
    usual, _, reach = _usual([place for place in found if isinstance(place, LineGeometry)], size)
    return [place if isinstance(place, AnnotationError) else _outline(place, usual, reach, size) for place in found]


def mended(places: Sequence[LineGeometry], size: tuple[int, int]) -> list[LineGeometry]:
    """Give each line whose polygon is a mere strip along its baseline a polygon as high as the others of the page.

    Transkribus exports such strips for lines whose polygons were not computed: 30 of the 644 lines of Hooker's
    validation letters have them. size: (width, height) of the image in pixels.
    """
    usual, good, (above, below) = _usual(places, size)
    if good:  # polygons that follow the ink are higher at their highest letters than they usually are
        share = float(np.median([place.thickness for place in good])) / (above + below)
        above, below = above * share, below * share
    return [
        _restored(place, (above, below), size)
        if place.length >= SHORT * above and place.thickness < STRIP * usual
        else place
        for place in places
    ]


def found_bands(lines: Sequence[LineGeometry], size: tuple[int, int]) -> list[Outline | AnnotationError]:
    """Compute the outlines in which found lines are read: those of `bands`, once the polygons reach as far as those of
    transcribed pages do.
    """
    return bands([LineGeometry(_widened(line), line.baseline) for line in lines], size)


def _usual(
    places: Sequence[LineGeometry], size: tuple[int, int]
) -> tuple[float, list[LineGeometry], tuple[float, float]]:
    """Compute the usual thickness of a page's lines, those that are not thin, and how far these reach above and below
    the baseline, in pixels.
    """
    distance = _line_distance(places)
    gap = distance or size[1] / PAGE_LINES
    thick = [place for place in places if place.thickness]
    usual = float(np.median([place.thickness for place in thick])) if thick else 0.0
    if not thick or np.median([place.length / place.thickness for place in thick]) > SLENDER:
        usual = max(usual, THIN * gap)
    good = [place for place in places if place.thickness >= THIN * usual and len(place.baseline) > 1]
    return usual, good, _reach(good, distance or np.inf) if good else (ABOVE * gap, BELOW * gap)


def _restored(place: LineGeometry, reach: tuple[float, float], size: tuple[int, int]) -> LineGeometry:
    across = turned(place.polygon if len(place.polygon) else place.baseline, -place.angle)[:, 0]
    band = _band(turned(place.baseline, -place.angle), (across.min(), across.max()), reach)
    return LineGeometry(np.clip(turned(band, place.angle), 0, size), place.baseline)


def _widened(line: LineGeometry) -> np.ndarray:
    """Enlarge the polygon of a found line above and below its baseline, to where its highest letters reach."""
    x, y = line.polygon.T
    base = np.interp(x, line.baseline[:, 0], line.baseline[:, 1])
    return np.stack([x, base + (y - base) * np.where(y < base, HIGHEST, LOWEST)], axis=1)


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    """Turn points (n, 2) clockwise about the origin, y pointing down."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def _place(line: AnnotatedLine, scale: np.ndarray, size: tuple[int, int]) -> LineGeometry | AnnotationError:
    try:
        polygon, baseline = (np.clip(parse_points(text) * scale, 0, size) for text in (line.polygon, line.baseline))
    except AnnotationError as error:
        return error
    return LineGeometry(polygon, baseline)


def _outline(
    place: LineGeometry, usual: float, reach: tuple[float, float], size: tuple[int, int]
) -> Outline | AnnotationError:
    above, below = reach
    long = place.length >= SHORT * max(place.thickness, above)
    angle = place.angle if long and abs(place.angle) >= UPRIGHT else 0.0
    thick = place.thickness > max(1, THIN * usual)
    alike = usual / ALIKE <= place.thickness <= usual * ALIKE
    if (thick and not (long and alike)) or (place.thickness > 1 and not place.length):
        return Outline(place.polygon, angle)
    if not place.length:
        return AnnotationError("has neither a polygon with an area nor a baseline")
    over = 0 if thick else below  # letters reach over the ends of a baseline
    across = turned(place.polygon if thick else place.baseline, -angle)[:, 0]
    band = _band(turned(place.baseline, -angle), (across.min() - over, across.max() + over), reach)
    return Outline(np.clip(turned(band, angle), 0, size), angle)


def _band(baseline: np.ndarray, ends: tuple[float, float], reach: tuple[float, float]) -> np.ndarray:
    """Return the polygon around a level baseline, extended on either side to these ends."""
    base = baseline[np.argsort(baseline[:, 0])]
    left, right = np.minimum(base[0], (ends[0], np.inf)), np.maximum(base[-1], (ends[1], -np.inf))
    base = np.concatenate([[left], base, [right]])
    return np.concatenate([base - np.array([0, reach[0]]), base[::-1] + np.array([0, reach[1]])])


def _reach(places: Sequence[LineGeometry], gap: float) -> tuple[float, float]:
    """Compute how far polygons usually reach above and below the baseline, in pixels."""
    reaches = []
    for place in places:
        height = turned(place.baseline, -place.angle)[:, 1].mean()
        polygon = turned(place.polygon, -place.angle)[:, 1]
        reaches.append((height - polygon.min(), polygon.max() - height))
    above, below = np.clip(np.median(reaches, axis=0), 1, (ABOVE * gap, BELOW * gap)).tolist()
    return above, below


def _line_distance(places: Sequence[LineGeometry]) -> float:
    """Compute the usual distance in pixels from a level baseline to the next one below it; 0 if there is none."""
    lines = [p.baseline for p in places if p.length and abs(p.angle) < 45]
    heights = np.array([line[:, 1].mean() for line in lines])
    left, right = (np.array([pick(line[:, 0]) for line in lines]) for pick in (np.min, np.max))
    distances = []
    for k, height in enumerate(heights):
        beside = (left < right[k]) & (right > left[k]) & (heights > height + 1)
        if beside.any():
            distances.append(heights[beside].min() - height)
    return float(np.median(distances)) if distances else 0.0
