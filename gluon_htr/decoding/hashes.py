"""Hashes of words and prefixes, 64 bits, by which many are told apart at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

START = np.uint64(0x51ED270B)  # hash of an empty word
FACTOR, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


def extended(hashes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the hashes of words with one more character; codes: uint64."""
    mixed = (hashes ^ codes) * FACTOR
    return mixed ^ (mixed >> SHIFT)


def hashes_of(words: Sequence[str]) -> np.ndarray:
    """Return the hashes of words."""
    return beginning_hashes(words)[0]


def beginning_hashes(words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the hashes of words, and the sorted ones of all their beginnings."""
    lengths = np.array([len(word) for word in words], np.int64)
    state, found = np.full(len(words), START), [np.zeros(0, np.uint64)]
    for position in range(int(lengths.max(initial=0))):
        live = np.flatnonzero(lengths > position)
        state[live] = extended(state[live], np.array([ord(words[k][position]) for k in live], np.uint64))
        found.append(np.unique(state[live]))
    return state, np.unique(np.concatenate(found))


def find_hashes(known: np.ndarray, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of hashes among sorted ones, and which of them are there."""
    position = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return position, known[position] == hashes
