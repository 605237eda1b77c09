"""Selections of samples by class: a part of each that is held out, and at most so many of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np


def last_of_each(labels: Sequence[str], count: int | None) -> np.ndarray:
    """Mark the last samples of each class, in the order given: (N,) bool.

    count: samples of each class; None for a tenth, at least one of a class with two or more.
    """
    sizes, seen = Counter(labels), Counter[str]()
    marked = np.zeros(len(labels), bool)
    for position, label in enumerate(labels):
        seen[label] += 1
        held = min(max(1, round(sizes[label] / 10)) if count is None else count, sizes[label] - 1)
        marked[position] = seen[label] > sizes[label] - held
    return marked


def at_most(labels: Sequence[str], most: int) -> list[int]:
    """Choose the positions of at most so many samples of each class, the same every time; 0 chooses all."""
    if not most:
        return list(range(len(labels)))
    seen, kept = Counter[str](), []
    for k in np.random.default_rng(0).permutation(len(labels)).tolist():
        seen[labels[k]] += 1
        if seen[labels[k]] <= most:
            kept.append(k)
    return sorted(kept)
