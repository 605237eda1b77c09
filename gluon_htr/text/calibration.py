"""Calibration of confidences: a monotone curve from the product of characters' confidences to the probability that a
word or line is right, fitted on validation data.

The curve is an isotonic regression (Zadrozny and Elkan 2002) of bins with equally many readings, and linear between
their means: a small sample makes no steps of single readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np

MIN_READINGS = 200  # with fewer, chance decides
MAX_BINS, MIN_IN_BIN = 24, 20
STEP = 1e-6  # between confidences of a curve; closer ones are the same
Values = Annotated[list[Annotated[float, msgspec.Meta(ge=0, le=1)]], msgspec.Meta(min_length=1, max_length=64)]


class Curve(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A monotone function by its points; it is linear between them, and constant outside."""

    #: Ascending.
    confidences: Values
    #: Of the same number, never descending.
    probabilities: Values

    def __post_init__(self) -> None:
        """Check the points. Raises `ValueError`."""
        if len(self.confidences) != len(self.probabilities):
            raise ValueError("confidences and probabilities must be of the same number")
        if any(np.diff(self.confidences) <= 0) or any(np.diff(self.probabilities) < 0):
            raise ValueError("confidences must ascend, and probabilities must not descend")

    def of(self, confidence: float) -> float:
        """Return the probability for a confidence."""
        return float(np.interp(confidence, self.confidences, self.probabilities))


class Probabilities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Curves for words and for whole lines."""

    words: Curve
    lines: Curve


def fit(confidences: Sequence[float], right: Sequence[bool]) -> Curve | None:
    """Fit a curve; None if there are too few readings, or if all or none are right."""
    if len(right) < MIN_READINGS or len(set(right)) < 2:
        return None
    order = np.argsort(confidences, kind="stable")
    bins = np.array_split(order, min(MAX_BINS, len(order) // MIN_IN_BIN))
    sure, is_right = np.asarray(confidences, np.float64).clip(0, 1), np.asarray(right, np.float64)
    blocks: list[list[float]] = []  # weight, mean probability, mean confidence
    for own in bins:
        blocks.append([len(own), is_right[own].mean(), sure[own].mean()])
        while len(blocks) > 1 and (blocks[-2][1] >= blocks[-1][1] or blocks[-2][2] >= blocks[-1][2] - STEP):
            later, earlier = blocks.pop(), blocks.pop()  # pool adjacent violators
            weight = earlier[0] + later[0]
            means = [(earlier[0] * earlier[k] + later[0] * later[k]) / weight for k in (1, 2)]
            blocks.append([weight, *means])
    return Curve([round(float(block[2]), 6) for block in blocks], [round(float(block[1]), 6) for block in blocks])
