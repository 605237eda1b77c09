"""Regions of a page and their reading order, from the places of its lines.

Lines below each other form a region: a column, a note in the margin. Lines beside each other in many rows form a table,
which is read row by row. Regions are ordered by the two rules of Breuel 2003 ("High performance document layout
analysis"): above comes before below where both overlap in width, and left before right where nothing between them
overlaps both.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np

from .document import RegionKind

OVERLAP = 0.4  # of the narrower of two lines: lines of one column overlap more
DISTANCE = 2.2  # line distances: a larger gap begins a new region
SAME_ROW = 0.5  # of the lower height: lines on one row overlap more in height
GAP = 5.0  # heights: parts of one line are not farther apart
TABLE_CELLS = 3  # cells of a row of a table, at least
TABLE_ROWS = 4  # rows of a table, at least
TABLE_SHARE = 0.5  # of the lines of a page: a page of a table has more in such rows
MARGIN_WIDTH = 0.35  # of the width of the main region: a note in the margin is narrower
BESIDE = 0.5  # of the height of a note: so much of it lies beside the main region


@dataclass(frozen=True)
class Group:
    """Lines that belong together, in reading order: their indices, and what they form."""

    kind: RegionKind
    lines: tuple[int, ...]


def ordered_groups(boxes: np.ndarray) -> list[Group]:
    """Group the lines of an upright page, and order the groups and the lines in each.

    boxes: (n, 4) left, top, right and bottom of each line.
    """
    if not len(boxes):
        return []
    rows = _rows(boxes)
    in_rows = sum(len(row) for row in rows if len(row) >= TABLE_CELLS)
    if in_rows > TABLE_SHARE * len(boxes) and sum(len(row) >= TABLE_CELLS for row in rows) >= TABLE_ROWS:
        return [Group("table", tuple(k for row in rows for k in row))]
    parts = _joined_parts(boxes)
    whole = np.array([_bounds(boxes[part]) for part in parts])
    groups = [[k for unit in column for k in parts[unit]] for column in _columns(whole)]
    bounds = np.array([_bounds(boxes[group]) for group in groups])
    order = _ordered(bounds)
    main = bounds[int(np.argmax([len(group) for group in groups]))]
    return [Group(_kind(bounds[k], main), tuple(groups[k])) for k in order]


def _rows(boxes: np.ndarray) -> list[list[int]]:
    """Group lines into rows by their heights on the page, from top to bottom; each from left to right."""
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    rows: list[list[int]] = []
    bottom, top = -np.inf, -np.inf
    for k in np.argsort(middles, kind="stable").tolist():
        height = boxes[k, 3] - boxes[k, 1]
        common = min(bottom, boxes[k, 3]) - max(top, boxes[k, 1])
        beside = rows and all(
            boxes[k, 0] >= boxes[j, 2] - height or boxes[k, 2] <= boxes[j, 0] + height for j in rows[-1]
        )
        if beside and common > SAME_ROW * min(height, bottom - top):
            rows[-1].append(k)
            count = len(rows[-1])
            top, bottom = top + (boxes[k, 1] - top) / count, bottom + (boxes[k, 3] - bottom) / count
        else:
            rows.append([k])
            top, bottom = boxes[k, 1], boxes[k, 3]
    return [sorted(row, key=lambda k: float(boxes[k, 0])) for row in rows]


def _joined_parts(boxes: np.ndarray) -> list[list[int]]:
    """Join the parts of lines that were found in pieces, from left to right.

    A gap in a line is no gutter between columns if a line above or below covers it.
    """
    parents = list(range(len(boxes)))

    def root(k: int) -> int:
        while parents[k] != k:
            k = parents[k]
        return k

    distance = _line_distance(boxes)
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    for k, box in enumerate(boxes):
        height = box[3] - box[1]
        common = np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])
        gaps = boxes[:, 0] - box[2]
        beside = (common > SAME_ROW * np.minimum(height, boxes[:, 3] - boxes[:, 1])) & (gaps > -height)
        beside &= (gaps < GAP * height) & (boxes[:, 0] > box[0])
        if not beside.any():
            continue
        other = int(np.flatnonzero(beside)[gaps[beside].argmin()])
        near = np.abs(middles - middles[k]) < 2 * distance
        covers = near & (boxes[:, 0] < box[2]) & (boxes[:, 2] > boxes[other, 0])
        covers[[k, other]] = False
        if covers.any() or gaps[other] < 0:
            parents[root(other)] = root(k)
    parts: dict[int, list[int]] = {}
    for k in np.argsort(boxes[:, 0], kind="stable").tolist():
        parts.setdefault(root(k), []).append(k)
    return list(parts.values())


def _columns(boxes: np.ndarray) -> list[list[int]]:
    """Join lines with the next line below that overlaps in width; return groups from top to bottom each."""
    distance = _line_distance(boxes)
    parents = list(range(len(boxes)))

    def root(k: int) -> int:
        while parents[k] != k:
            k = parents[k]
        return k

    for k, box in enumerate(boxes):
        middle = (box[1] + box[3]) / 2
        middles = (boxes[:, 1] + boxes[:, 3]) / 2
        common = np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])
        narrow = np.minimum(box[2] - box[0], boxes[:, 2] - boxes[:, 0])
        below = (middles > middle + 0.3 * distance) & (common > OVERLAP * narrow)
        below[k] = False
        if below.any():
            following = int(np.flatnonzero(below)[middles[below].argmin()])
            if middles[following] - middle < DISTANCE * distance and _alike(box, boxes[following]):
                parents[root(following)] = root(k)
    groups: dict[int, list[int]] = {}
    for k in np.argsort(boxes[:, 1] + boxes[:, 3], kind="stable").tolist():
        groups.setdefault(root(k), []).append(k)
    return [[k for row in _rows(boxes[group]) for k in np.array(group)[row].tolist()] for group in groups.values()]


def _alike(box: np.ndarray, other: np.ndarray) -> bool:
    """Test whether two lines may be of one column: they begin near each other, or cover each other mostly."""
    widths = box[2] - box[0], other[2] - other[0]
    common = min(box[2], other[2]) - max(box[0], other[0])
    return bool(common > 0.8 * min(widths) or abs(box[0] - other[0]) < 0.35 * max(widths))


def _line_distance(boxes: np.ndarray) -> float:
    """Return the usual distance between the middles of a line and of the next one below it, or else the height."""
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    distances = []
    for k, box in enumerate(boxes):
        below = (boxes[:, 0] < box[2]) & (boxes[:, 2] > box[0]) & (middles > middles[k] + 0.3 * (box[3] - box[1]))
        if below.any():
            distances.append(middles[below].min() - middles[k])
    heights = float(np.median(boxes[:, 3] - boxes[:, 1]))
    return max(float(np.median(distances)) if distances else heights, 0.5 * heights, 1.0)


def _bounds(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _ordered(bounds: np.ndarray) -> list[int]:
    """Sort boxes (n, 4) into reading order."""
    count = len(bounds)
    sorter: TopologicalSorter[int] = TopologicalSorter({k: set() for k in range(count)})
    for a in range(count):
        for b in range(count):
            if a != b and _precedes(bounds, a, b):
                sorter.add(b, a)
    rank = {k: (float(bounds[k, 1]), float(bounds[k, 0])) for k in range(count)}
    try:
        sorter.prepare()
    except CycleError:  # boxes that overlap each other
        return sorted(range(count), key=rank.__getitem__)
    order: list[int] = []
    ready: list[int] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=rank.__getitem__)
        first, *ready = ready
        order.append(first)
        sorter.done(first)
    return order


def _precedes(bounds: np.ndarray, a: int, b: int) -> bool:
    one, other = bounds[a], bounds[b]
    if _overlaps(one, other):
        return bool((one[1] + one[3]) < (other[1] + other[3]))
    if one[0] >= other[0]:
        return False
    low, high = min(one[1], other[1]), max(one[3], other[3])
    between = [
        c
        for k, c in enumerate(bounds)
        if k not in (a, b) and low < (c[1] + c[3]) / 2 < high and _overlaps(c, one) and _overlaps(c, other)
    ]
    return not between


def _overlaps(one: np.ndarray, other: np.ndarray) -> bool:
    """Test whether two boxes overlap in width by a tenth of the narrower one."""
    common = min(one[2], other[2]) - max(one[0], other[0])
    return bool(common > 0.1 * min(one[2] - one[0], other[2] - other[0]))


def _kind(box: np.ndarray, main: np.ndarray) -> RegionKind:
    narrow = box[2] - box[0] < MARGIN_WIDTH * (main[2] - main[0])
    beside = min(box[3], main[3]) - max(box[1], main[1]) > BESIDE * (box[3] - box[1])
    apart = not _overlaps(box, main)
    return "marginalia" if narrow and beside and apart else "text"
