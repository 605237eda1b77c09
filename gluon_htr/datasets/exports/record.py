"""A page of an export, whichever program wrote it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import AnnotationError
from ...pages.annotations import AnnotatedLine

NONE, EMPTY = "has no annotation", "has an empty annotation"  # of a page that nobody has annotated, or finished
OUTSIDE = 0.05  # of a page: how far people draw over its edge
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Record:
    """A page: its place in the file (from 1), the address of its image, and its lines in proportions of the image.

    size: width and height of the image that was annotated, if the file says so. fault: why it has no lines to use.
    faults: place of a line on the page (from 1), and why it is left out.
    """

    number: int
    address: str
    lines: tuple[AnnotatedLine, ...] = ()
    size: tuple[float, float] | None = None
    fault: str = ""
    faults: tuple[tuple[int, str], ...] = ()


def line(number: int, corners: Points, text: str, baseline: Points = ()) -> AnnotatedLine:
    """Make a line of its corners, and of its baseline if it is not level. All are proportions of the image.

    Raises `AnnotationError` if they are not, or if the text has several lines.
    """
    if not all(-OUTSIDE <= value <= 1 + OUTSIDE for corner in corners for value in corner):
        raise AnnotationError("has corners that are not on the page: they should be proportions of its size")
    if len(text.strip().splitlines()) > 1:
        raise AnnotationError("has a text of several lines: give each its own rectangle")
    result = AnnotatedLine(str(number), _joined(corners), _joined(baseline))
    result.texts.append(((0.0, 0.0), text))
    return result


def rectangle(corners: Points) -> Points:
    """Return the corners of a rectangle in order around it, also if it is given by two opposite ones.

    Four corners may come row by row, so that the outline crosses itself and has no area.
    """
    if len(corners) == 2:
        (left, top), (right, bottom) = corners
        return ((left, top), (right, top), (right, bottom), (left, bottom))
    if len(corners) != 4:
        return corners
    x, y = (sum(values) / 4 for values in zip(*corners))
    return sorted(corners, key=lambda corner: math.atan2(corner[1] - y, corner[0] - x))


def _joined(points: Points) -> str:
    return " ".join(f"{x!r},{y!r}" for x, y in points)
