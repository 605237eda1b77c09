"""Forms of IAM with the places of their handwritten lines; the printed prompt is none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...pages.outlines import LineGeometry
from ..iam.annotations import Line, around
from ..iam.forms import IamForms
from ..iam.reader import FormsOptions
from ..sample import Problem
from .sample import LayoutSample

ON_BASELINE = 40  # percentile of the lower edges of components, most of which stand on the baseline
NEAR = 0.2  # line heights: what is farther below or above does not stand on the baseline
LEAST = 0.6  # line heights above the baseline that an outline has everywhere


class FormsLayout:
    """Forms of a complete download. Raises `AnnotationError` as `IamForms` does."""

    def __init__(self, root: Path, options: FormsOptions) -> None:
        self._forms = IamForms(root, options)

    @property
    def problems(self) -> list[Problem]:
        """Forms that are left out."""
        return self._forms.problems

    def __len__(self) -> int:
        return len(self._forms)

    def __iter__(self) -> Iterator[LayoutSample]:
        for pictured in self._forms:
            form = pictured.form
            known = [line for line in form.lines if line.boxes]
            places, texts = tuple(map(_place, known)), tuple(line.text for line in known)
            yield LayoutSample(form.id, form.writer, "iam-forms", pictured.image, places, texts)


def _place(line: Line) -> LineGeometry:
    """Return the outline of a line's words, and a straight baseline on which most of their components stand.

    Dots and dashes are no lower than other words: the outline has no waist there.
    """
    words = np.array(sorted(around(word.boxes) for word in line.words if word.boxes), float)
    height = float(np.median(words[:, 3] - words[:, 1]))
    slope, level = _baseline(np.array(line.boxes, float), height)
    x = words[:, [0, 2]].ravel()
    base = level + slope * x
    upper = np.minimum(words[:, [1, 1]].ravel(), base - LEAST * height)
    lower = np.maximum(words[:, [3, 3]].ravel(), base)
    ends = np.array([x.min(), x.max()])
    outline = np.concatenate([np.stack([x, upper], axis=1), np.stack([x, lower], axis=1)[::-1]])
    return LineGeometry(outline, np.stack([ends, level + slope * ends], axis=1))


def _baseline(components: np.ndarray, height: float) -> tuple[float, float]:
    """Fit slope and level of a baseline to the lower edges of components (n, 4); descenders are left out."""
    x, y = (components[:, 0] + components[:, 2]) / 2, components[:, 3]
    first, second = np.triu_indices(len(x), 1)
    across = x[second] - x[first]
    far = np.abs(across) > np.ptp(x) / 3
    slope = float(np.median((y[second] - y[first])[far] / across[far])) if far.any() else 0.0
    level = float(np.percentile(y - slope * x, ON_BASELINE))
    near = np.abs(y - slope * x - level) < NEAR * height
    if near.sum() >= 3 and np.ptp(x[near]) > np.ptp(x) / 2:
        slope, level = map(float, np.polyfit(x[near], y[near], 1))
    return slope, level
