"""Greedy decoding of CTC: the best path (Graves et al. 2006, section 3.2), with its confidences."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import numpy as np

from ..text.alphabet import Alphabet
from .decoder import Decoded, Span


class GreedyDecoder:
    """The most probable class at each time step, repeats merged and blanks dropped. Implements `Decoder`."""

    def decode(self, logits: np.ndarray, alphabet: Alphabet, temperature: float = 1.0) -> list[Decoded]:
        """Decode logits (N, T, C); the confidence of a line is the product of those of its characters."""
        paths = (best_path(line, temperature) for line in logits)
        return [Decoded(tuple(path), confidence(path)) for path in paths]


GREEDY = GreedyDecoder()
LOG_NOTHING = -25.0  # logarithm of a probability that counts as 0


def best_path(logits: np.ndarray, temperature: float = 1.0) -> list[Span]:
    """Decode (T, C) to its characters; the last class is the blank. A character is as confident as its most confident
    time step.

    temperature: logits are divided by it before they become probabilities. Only those of the best classes are computed:
    with an alphabet of thousands, a full softmax takes longer than the network.
    """
    best, blank = logits.argmax(axis=1), logits.shape[1] - 1
    powers = logits - np.take_along_axis(logits, best[:, None], axis=1)
    powers /= np.float32(temperature)
    sure = 1 / np.exp(powers, out=powers).sum(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = [*starts[1:].tolist(), len(best)]
    return [
        Span(int(best[start]), start, end, float(sure[start:end].max()))
        for start, end in zip(starts.tolist(), ends)
        if best[start] != blank
    ]


def best_labels(logits: np.ndarray) -> list[list[int]]:
    """Return the N lists of class indices on the best paths of logits (N, T, C)."""
    return [[span.index for span in best_path(line)] for line in logits]


def confidence(characters: Iterable[Span]) -> float:
    """Compute the confidence of a whole text: the product over its characters; 0 for an empty text, since nothing was
    read.
    """
    found = [character.confidence for character in characters]
    return prod(found) if found else 0.0


def blank_probability(logits: np.ndarray, temperature: float = 1.0) -> float:
    """Compute the probability that there is no text: that of the only path without one, the blank at each of T steps.

    logits: (T, C). It is computed only where it can be seen: with thousands of classes, a full softmax takes longer
    than the network.
    """
    behind = (logits - logits.max(axis=1, keepdims=True)) / np.float32(temperature)
    most = float(behind[:, -1].sum())  # its logarithm is at most that: each softmax divides by at least 1
    if most < LOG_NOTHING:
        return 0.0
    return float(np.exp(most - np.log(np.exp(behind).sum(axis=1)).sum()))
