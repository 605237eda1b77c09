"""Connectionist temporal classification (Graves et al. 2006): what a label needs, and greedy reading."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def steps_needed(text: str) -> int:
    """The fewest time steps that can write `text`: one a character, one more between equal neighbors."""
    return len(text) + sum(a == b for a, b in pairwise(text))


def collapse(best: np.ndarray, blank: int) -> list[list[int]]:
    """Merge repeats and drop blanks (Graves et al. 2006, section 3.1).

    best: (N, T) int, the most probable class at each time step. Returns N lists of class indices.
    """
    changed = np.ones(best.shape, bool)
    changed[:, 1:] = best[:, 1:] != best[:, :-1]
    return [row[keep].tolist() for row, keep in zip(best, changed & (best != blank))]


def greedy(logits: np.ndarray) -> list[list[int]]:
    """Best-path decoding of logits (N, T, C) whose last class is the blank; returns N lists of class indices."""
    return collapse(logits.argmax(axis=2), logits.shape[2] - 1)
