"""Reliability of confidences: how often readings are right that claim to be right with some probability.

Expected calibration error and reliability diagram: Guo et al. 2017, section 2. Risk and coverage: El-Yaniv and Wiener
2010; a part of the readings is accepted, the surest first, and the rest is left to a person.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from rapidfuzz.distance import Levenshtein

BINS = 15  # of equal width, as in the paper
COVERAGES = tuple(k / 20 for k in range(1, 21))


class Bin(msgspec.Struct, frozen=True):
    """Readings with similar confidences: their number, mean confidence, and the proportion that is right."""

    count: int
    confidence: float
    right: float


class Accepted(msgspec.Struct, frozen=True):
    """The readings with at least a confidence: their proportion of all, and the proportion of them that is right."""

    threshold: float
    coverage: float
    precision: float


class Reliability(msgspec.Struct, frozen=True):
    """Reliability of words or lines. target: what is accepted at the precision that was asked for, if one was."""

    count: int
    right: float
    calibration_error: float
    bins: list[Bin]
    risk_coverage: list[Accepted]
    target: Accepted | None = None


def reliability(confidences: Sequence[float], right: Sequence[bool], target: float | None = None) -> Reliability:
    """Measure the reliability of readings. target: a precision, see `threshold_for`. Raises `ValueError` without any
    reading.
    """
    if not len(confidences) == len(right) or not len(right):
        raise ValueError(f"{len(confidences)} confidences of {len(right)} readings: there must be one for each")
    sure, is_right = np.asarray(confidences, np.float64), np.asarray(right, bool)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    groups = [place == k for k in range(BINS)]
    bins = [Bin(int(own.sum()), float(sure[own].mean()), float(is_right[own].mean())) for own in groups if own.any()]
    error = sum(one.count * abs(one.confidence - one.right) for one in bins) / len(sure)
    ordered = np.sort(sure)[::-1]
    thresholds = dict.fromkeys(float(ordered[max(1, round(share * len(sure))) - 1]) for share in COVERAGES)
    curve = [accepted(sure, is_right, threshold) for threshold in thresholds]
    chosen = None if target is None else accepted(sure, is_right, threshold_for(sure, target))
    return Reliability(len(sure), float(is_right.mean()), float(error), bins, curve, chosen)


def accepted(confidences: np.ndarray, right: np.ndarray, threshold: float) -> Accepted:
    """Measure what is accepted at a threshold; of nothing, everything is right."""
    kept = confidences >= threshold
    return Accepted(threshold, float(kept.mean()), float(right[kept].mean()) if kept.any() else 1.0)


def threshold_for(confidences: np.ndarray, precision: float) -> float:
    """Return the lowest confidence from which on readings are right with this probability on average, by their own
    confidences: no reference is needed. 2, which no reading has, if there is none.
    """
    ordered = np.sort(confidences)[::-1]
    good = np.flatnonzero(np.cumsum(ordered) / np.arange(1, len(ordered) + 1) >= precision)
    if not len(good):
        return 2.0
    lowest = float(ordered[good[-1]])
    if confidences[confidences >= lowest].mean() >= precision:
        return lowest
    above = ordered[ordered > lowest]  # readings that are equally sure are accepted together, or not at all
    return float(above[-1]) if len(above) else 2.0


def words_right(truth: str, words: Sequence[str]) -> list[bool]:
    """Tell which words of a reading are those of the reference, on a shortest path from one to the other."""
    right = [True] * len(words)
    for edit in Levenshtein.editops(truth.split(), words):
        if edit.tag != "delete":
            right[edit.dest_pos] = False
    return right
