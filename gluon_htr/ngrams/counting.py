"""Counts of n-grams, of all orders at once, by sorting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .model import BEGIN, SPECIAL


@dataclass(frozen=True)
class Level:
    """N-grams of one order, sorted by prefix and symbol.

    prefixes, suffixes: position of the n-gram without its last or first symbol in the level below; 0 at the lowest.
    counts: occurrences. begins: the n-gram begins with the mark of a line's beginning.
    """

    prefixes: np.ndarray
    suffixes: np.ndarray
    symbols: np.ndarray
    counts: np.ndarray
    begins: np.ndarray


def count_ngrams(stream: np.ndarray, symbols: int, order: int) -> list[Level]:
    """Count the n-grams of a stream of symbols in which each line begins with the symbol of `BEGIN`.

    No n-gram extends over two lines. The first level has all symbols, those that do not occur with a count of 0.
    """
    begin = SPECIAL.index(BEGIN)
    starts = np.flatnonzero(stream == begin)
    lengths = np.diff(np.append(starts, len(stream)))
    depths = np.arange(len(stream)) - np.repeat(starts, lengths)
    every = np.arange(symbols)
    nothing = np.zeros(symbols, np.int32)
    levels = [Level(nothing, nothing, every, np.bincount(stream, minlength=symbols), every == begin)]
    shorter = stream.astype(np.int32)  # at each position, the n-gram of the level below that ends there
    for length in range(2, order + 1):
        ends = np.flatnonzero(depths >= length - 1)
        if not len(ends):
            break
        keys = shorter[ends - 1].astype(np.int64) * symbols + stream[ends]
        found, first, at, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        prefixes = (found // symbols).astype(np.int32)
        begins = levels[-1].begins[prefixes]
        levels.append(Level(prefixes, shorter[ends[first]], (found % symbols).astype(np.int32), counts, begins))
        longer = np.zeros_like(shorter)
        longer[ends] = at
        shorter = longer
    return levels
