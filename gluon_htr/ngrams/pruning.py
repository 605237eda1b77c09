"""Pruning of n-grams by relative entropy (Stolcke 1998).

The weight of a context is its share of the training text, and not its probability in the model: after Kneser-Ney
smoothing, the latter says how many symbols precede it (Chelba et al. 2010).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .counting import Level
from .smoothing import Smoothed

STEPS = 40  # of the bisection for a size


def losses(levels: list[Level], smoothed: list[Smoothed]) -> list[np.ndarray]:
    """Compute by how many nats per symbol the text becomes less likely without each n-gram alone."""
    total = float(levels[0].counts.sum())
    found = [np.full(len(levels[0].symbols), np.inf)]  # symbols always stay
    for number in range(1, len(levels)):
        level, own = levels[number], smoothed[number].probabilities
        shorter = smoothed[number - 1].probabilities[level.suffixes]
        contexts = len(levels[number - 1].symbols)
        rest = np.maximum(1 - np.bincount(level.prefixes, own, contexts), 1e-12)[level.prefixes]
        rest_shorter = np.maximum(1 - np.bincount(level.prefixes, shorter, contexts), 1e-12)[level.prefixes]
        backoff, new = rest / rest_shorter, (rest + own) / (rest_shorter + shorter)
        lost = own * (np.log(shorter) + np.log(new) - np.log(own)) + (np.log(new) - np.log(backoff)) * rest
        weights = levels[number - 1].counts[level.prefixes] / total
        found.append(-weights * lost)
    return found


def prune_to(
    levels: list[Level], smoothed: list[Smoothed], size: Callable[[list[int]], int], max_bytes: int
) -> tuple[list[Level], list[Smoothed]]:
    """Leave out the n-grams that matter least, until `size` of their numbers by order is within `max_bytes`."""
    lost = losses(levels, smoothed)
    if size([len(level.symbols) for level in levels]) <= max_bytes:
        return select(levels, smoothed, [np.ones(len(level.symbols), bool) for level in levels])
    low, high = -40.0, 0.0  # logarithms of thresholds
    for _ in range(STEPS):
        middle = (low + high) / 2
        counts = [int(kept.sum()) for kept in _kept(levels, lost, np.exp(middle))]
        low, high = (low, middle) if size(counts) <= max_bytes else (middle, high)
    return select(levels, smoothed, _kept(levels, lost, np.exp(high)))


def _kept(levels: list[Level], lost: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    """Mark the n-grams that lose more than a threshold, and those that they begin or end with."""
    kept = [part > threshold for part in lost]
    for number in range(len(levels) - 1, 0, -1):
        kept[number - 1][levels[number].prefixes[kept[number]]] = True
        kept[number - 1][levels[number].suffixes[kept[number]]] = True
    return kept


def select(levels: list[Level], smoothed: list[Smoothed], kept: list[np.ndarray]) -> tuple[list[Level], list[Smoothed]]:
    """Keep some n-grams, and normalize the probabilities after each context again."""
    new_levels: list[Level] = []
    new_smoothed: list[Smoothed] = []
    below = np.zeros(1, np.int32)
    for number, (level, estimate, mask) in enumerate(zip(levels, smoothed, kept)):
        if number and not mask.any():
            break
        parts = {name: getattr(level, name)[mask] for name in ("symbols", "counts", "begins")}
        if number:
            parts |= {"prefixes": below[level.prefixes[mask]], "suffixes": below[level.suffixes[mask]]}
        new = replace(level, **parts)
        probabilities = estimate.probabilities[mask]
        if number:
            new_smoothed[-1].backoffs[:] = _backoffs(new, probabilities, new_smoothed[-1].probabilities)
        new_levels.append(new)
        new_smoothed.append(Smoothed(probabilities, np.ones(len(probabilities))))
        below = (np.cumsum(mask) - 1).astype(np.int32)
    return new_levels, new_smoothed


def _backoffs(level: Level, probabilities: np.ndarray, shorter: np.ndarray) -> np.ndarray:
    rest = 1 - np.bincount(level.prefixes, probabilities, len(shorter))
    rest_shorter = 1 - np.bincount(level.prefixes, shorter[level.suffixes], len(shorter))
    return np.maximum(rest, 1e-9) / np.maximum(rest_shorter, 1e-9)
