"""Quantization of the logarithms of a model to 256 values for each order (Heafield 2011, section 3.2)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .model import NGramModel

VALUES = 256


def quantized(model: NGramModel) -> NGramModel:
    """Round the logarithms of each order to at most `VALUES` values."""
    trie = model.trie
    logs, backoffs = trie.log_probabilities.copy(), trie.log_backoffs.copy()
    for part in level_slices(trie.levels):
        logs[part] = _rounded(logs[part])
        backoffs[part] = _rounded(backoffs[part])  # an empty slice at the last level
    return replace(model, trie=replace(trie, log_probabilities=logs, log_backoffs=backoffs))


def level_slices(levels: tuple[int, ...]) -> list[slice]:
    """Return the nodes of each order among all but the root."""
    ends = np.cumsum(levels).tolist()
    return [slice(end - count, end) for end, count in zip(ends, levels)]


def _rounded(values: np.ndarray) -> np.ndarray:
    """Replace values by the means of groups of equal size, in order. Exact zeros remain: no context, no backoff."""
    different, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(different) <= VALUES:
        return values
    zero = different == 0
    groups = (np.cumsum(np.where(zero, 0, counts)) - 1) * (VALUES - 1) // max(1, int(counts[~zero].sum()))
    groups[zero] = VALUES - 1
    groups = np.clip(groups, 0, VALUES - 1)
    sums = np.bincount(groups, different * counts, VALUES)
    means = sums / np.maximum(np.bincount(groups, counts, VALUES), 1)
    return means[groups].astype(np.float32)[at]
