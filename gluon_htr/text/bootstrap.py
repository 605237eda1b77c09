"""Bootstrap over groups: figures of draws of groups with replacement (Efron 1979)."""

from __future__ import annotations

import numpy as np

MAX_BLOCKS = 1000  # of groups that are drawn together, where there are more groups: memory stays bounded


def summed(rows: np.ndarray, member: np.ndarray, groups: int) -> np.ndarray:
    """Sum rows (N, K) by group: (G, K). member: (N,) the number of each row's group."""
    totals = np.zeros((groups, rows.shape[1]))
    np.add.at(totals, member, rows)
    return totals


def draw_groups(totals: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Draw groups with replacement: sums of totals (G, K) for each draw, (D, K)."""
    random = np.random.default_rng(seed)
    if len(totals) > MAX_BLOCKS:
        totals = summed(totals, random.permutation(len(totals)) % MAX_BLOCKS, MAX_BLOCKS)
    even = np.full(len(totals), 1 / len(totals))
    return np.asarray(random.multinomial(len(totals), even, size=draws) @ totals)
