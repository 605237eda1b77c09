"""Lines of a page from the probabilities of the classes `odd-even`: each component of a class is a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .components import components
from .lines import FoundLine, simplified

MIN_AREA = 0.15  # of a square with the usual height of a line: smaller components are specks
BASELINE_AT = 0.75  # of a line's height, from its top


def find_odd_even(probabilities: np.ndarray, scale: Sequence[float]) -> list[FoundLine]:
    """Find the lines of a page, from top to bottom.

    probabilities: (3, h, w) float, background, odd and even. scale: pixels of the page per pixel of the map.
    """
    classes = probabilities.argmax(axis=0)
    parts = [part for kind in (1, 2) for part in components(classes == kind) if np.ptp(part[1]) >= 3]
    if not parts:
        return []
    usual = max(float(np.median([len(rows) / (np.ptp(columns) + 1) for rows, columns in parts])), 2.0)
    factor = np.asarray(scale, float)
    found = []
    for rows, columns in parts:
        if len(rows) < MIN_AREA * usual * usual or np.ptp(columns) < usual:
            continue
        polygon, baseline = _outline(rows, columns)
        confidence = float(probabilities[:, rows, columns].max(axis=0).mean())
        found.append(FoundLine(polygon * factor, baseline * factor, confidence))
    return sorted(found, key=lambda line: float(line.baseline[:, 1].mean()))


def _outline(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the polygon of a component, and a baseline at three quarters of its height."""
    first, count = columns.min(), int(np.ptp(columns)) + 1
    top, bottom = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(top, columns - first, rows)
    np.maximum.at(bottom, columns - first, rows + 1)
    known = np.isfinite(top)
    x = np.arange(count)
    top, bottom = (np.interp(x, x[known], side[known]) for side in (top, bottom))
    middle, half = (top + bottom) / 2, (bottom - top) / 2 / 0.75  # targets are narrowed, see `targets.py`
    upper = simplified(np.stack([first + x + 0.5, middle - half], 1), 0.6)
    lower = simplified(np.stack([first + x + 0.5, middle + half], 1), 0.6)
    base = simplified(np.stack([first + x + 0.5, middle + half * (2 * BASELINE_AT - 1)], 1), 0.6)
    return np.concatenate([upper, lower[::-1]]), base
