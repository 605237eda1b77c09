"""Modified Kneser-Ney smoothing, interpolated (Chen and Goodman 1998, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .counting import Level
from .model import BEGIN, SPECIAL

USUAL = (0.5, 1.0, 1.5)  # discounts where a text is too short to estimate them


@dataclass(frozen=True)
class Smoothed:
    """Estimates of one order: probability of each n-gram's last symbol, and factor for backing off after it."""

    probabilities: np.ndarray
    backoffs: np.ndarray


def smooth(levels: list[Level]) -> list[Smoothed]:
    """Estimate the probabilities of all n-grams. Those below the highest order are estimated by the number of symbols
    that they follow, but for those at the beginning of a line.
    """
    smoothed: list[Smoothed] = []
    for number, level in enumerate(levels):
        above = levels[number + 1] if number + 1 < len(levels) else None
        counts = level.counts if above is None else _continuations(level, above)
        if number == 0:
            counts = counts.copy()
            counts[SPECIAL.index(BEGIN)] = 0  # nobody predicts it
            contexts, shorter = 1, np.full(len(counts), 1 / (len(counts) - 1))
        else:
            contexts, shorter = len(levels[number - 1].symbols), smoothed[-1].probabilities[level.suffixes]
        discounts = np.minimum(np.array([0.0, *_discounts(counts)])[np.minimum(counts, 3)], counts)
        totals = np.bincount(level.prefixes, counts, contexts)
        with np.errstate(invalid="ignore", divide="ignore"):
            left = np.where(totals > 0, np.bincount(level.prefixes, discounts, contexts) / totals, 1.0)
            own = np.where(totals[level.prefixes] > 0, (counts - discounts) / totals[level.prefixes], 0.0)
        probabilities = own + left[level.prefixes] * shorter
        if number == 0:
            probabilities[SPECIAL.index(BEGIN)] = 0
        else:
            smoothed[-1].backoffs[:] = left
        smoothed.append(Smoothed(probabilities, np.ones(len(counts))))
    return smoothed


def _continuations(level: Level, above: Level) -> np.ndarray:
    """Count the different symbols before each n-gram; at the beginning of a line, its occurrences."""
    different = np.bincount(above.suffixes, minlength=len(level.symbols))
    return np.where(level.begins, level.counts, different)


def _discounts(counts: np.ndarray) -> tuple[float, float, float]:
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == k)) for k in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return USUAL
    y = n1 / (n1 + 2 * n2)
    found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
    return found if all(0 < d < k for d, k in zip(found, (1, 2, 3))) else USUAL
