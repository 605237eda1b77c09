"""Scores of found lines against those of a ground truth: by polygons and by baselines.

By polygons, a line is found if its intersection over union with a found line is at least 0.5. By baselines, it is found
if at least 70 % of either lies near the other: within a third of the page's median line height, after the idea of the
cBAD rule (Grüning et al. 2017), which has its own tolerances and counts parts of lines. The height is that of the
polygon's box, as in the script that came with the collections, so that figures can be compared: on tilted pages the
rule is milder. Every line is matched once, the best matches first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

IOU, COVERED = 0.5, 0.7
STEP = 4.0  # pixels between the points at which baselines are compared
MIN_TOLERANCE = 6.0  # pixels

Place = tuple[np.ndarray, np.ndarray]  # polygon (n, 2) and baseline (m, 2), in pixels of the page


@dataclass(frozen=True)
class Matches:
    """Counts of lines: matched by polygons, matched by baselines, in the truth, found."""

    polygons: int = 0
    baselines: int = 0
    truth: int = 0
    found: int = 0

    def __add__(self, other: Matches) -> Matches:
        return Matches(
            self.polygons + other.polygons,
            self.baselines + other.baselines,
            self.truth + other.truth,
            self.found + other.found,
        )

    @property
    def f1(self) -> float:
        """F1 by polygons; 1 if there is nothing to find and nothing was found."""
        return _f1(self.polygons, self.truth + self.found)

    @property
    def baseline_f1(self) -> float:
        """F1 by baselines."""
        return _f1(self.baselines, self.truth + self.found)

    @property
    def precision(self) -> float:
        """Proportion of found lines that are in the truth, by polygons."""
        return self.polygons / self.found if self.found else float(not self.truth)

    @property
    def recall(self) -> float:
        """Proportion of the lines of the truth that are found, by polygons."""
        return self.polygons / self.truth if self.truth else 1.0


def _f1(matched: int, lines: int) -> float:
    return 2 * matched / lines if lines else 1.0


def pairs(truth: Sequence[Place], found: Sequence[Place]) -> list[tuple[int, int]]:
    """Return the matches by polygons as indexes of a line of the truth and of a found one. Needs shapely."""
    return _pairs(_overlaps([polygon for polygon, _ in truth], [polygon for polygon, _ in found]))


def unmatched(truth: Sequence[Place], found: Sequence[Place]) -> tuple[list[int], list[int]]:
    """Return the lines of the truth that were not found, and the found lines that are not in it, by polygons."""
    matches = pairs(truth, found)
    matched, used = {i for i, _ in matches}, {j for _, j in matches}
    return (
        [i for i in range(len(truth)) if i not in matched],
        [j for j in range(len(found)) if j not in used],
    )


def covered(places: Sequence[Place], found: Sequence[Place]) -> set[int]:
    """Return the indexes of found lines at least half of which lies in the polygons of `places`. Needs shapely."""
    from shapely import unary_union
    from shapely.geometry import Polygon

    area = unary_union([Polygon(polygon).buffer(0) for polygon, _ in places])
    shapes = [Polygon(polygon).buffer(0) for polygon, _ in found]
    return {j for j, shape in enumerate(shapes) if 2 * shape.intersection(area).area >= shape.area > 0}


def match(truth: Sequence[Place], found: Sequence[Place]) -> Matches:
    """Count the matches on a page. Raises `ImportError` without shapely."""
    polygons = len(pairs(truth, found))
    heights = [float(np.ptp(polygon[:, 1])) for polygon, _ in truth]
    tolerance = max(MIN_TOLERANCE, (float(np.median(heights)) if heights else 0.0) / 3)
    baselines = len(_pairs(_covers([line for _, line in truth], [line for _, line in found], tolerance)))
    return Matches(polygons, baselines, len(truth), len(found))


def _overlaps(truth: list[np.ndarray], found: list[np.ndarray]) -> Iterable[tuple[float, int, int]]:
    """Yield (intersection over union, index in the truth, index of the found line) of matches."""
    from shapely import STRtree
    from shapely.geometry import Polygon

    ours, theirs = ([Polygon(points).buffer(0) for points in polygons] for polygons in (truth, found))
    if not ours or not theirs:
        return
    tree = STRtree(theirs)
    for i, polygon in enumerate(ours):
        for j in tree.query(polygon).tolist():
            common = polygon.intersection(theirs[j]).area
            if common and (overlap := common / polygon.union(theirs[j]).area) >= IOU:
                yield overlap, i, j


def _covers(truth: list[np.ndarray], found: list[np.ndarray], tolerance: float) -> Iterable[tuple[float, int, int]]:
    """Yield (sum of both covers, index in the truth, index of the found line) of matches."""
    theirs = [_dense(line) for line in found]
    for i, line in enumerate(map(_dense, truth)):
        low, high = line.min(axis=0) - tolerance, line.max(axis=0) + tolerance
        for j, other in enumerate(theirs):
            if (other.max(axis=0) < low).any() or (other.min(axis=0) > high).any():
                continue
            near = np.hypot(*(line[:, None] - other[None]).transpose(2, 0, 1)) <= tolerance
            covers = near.any(axis=1).mean(), near.any(axis=0).mean()
            if min(covers) >= COVERED:
                yield float(sum(covers)), i, j


def _dense(line: np.ndarray) -> np.ndarray:
    parts = [line[:1]]
    for start, end in pairwise(line):
        count = max(1, int(np.hypot(*(end - start)) / STEP))
        parts.append(start + (end - start) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(parts)


def _pairs(candidates: Iterable[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """Choose matches so that every line is used once, the best first."""
    chosen: dict[int, int] = {}
    used = set[int]()
    for _, i, j in sorted(candidates, reverse=True):
        if i not in chosen and j not in used:
            chosen[i] = j
            used.add(j)
    return list(chosen.items())
