"""The temperature that makes confidences honest (Guo et al. 2017): chosen on validation samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..decoding.paths import best_path, confidence
from ..text.alphabet import Alphabet

FEWEST = 100  # samples; with fewer, chance decides
CANDIDATES = np.geomspace(0.5, 4, 25).round(3)


def best_temperature(logits: Sequence[np.ndarray], texts: Sequence[Sequence[str]], alphabet: Alphabet) -> float:
    """The candidate under which "this text is right" is best predicted by the confidence of the text.

    logits: batches (N, T, C); texts: the truth of each batch. 1 where there are too few samples, or none is right.
    """
    lines = [line for batch in logits for line in batch]
    truths = [text for batch in texts for text in batch]
    right = np.array([_read(line, alphabet) == truth for line, truth in zip(lines, truths)])
    if len(lines) < FEWEST or not 0 < right.mean() < 1:
        return 1.0
    return float(min(CANDIDATES, key=lambda candidate: _surprise(lines, right, candidate)))


def _read(line: np.ndarray, alphabet: Alphabet) -> str:
    return alphabet.decode([stretch.index for stretch in best_path(line)])


def _surprise(lines: Sequence[np.ndarray], right: np.ndarray, temperature: float) -> float:
    """Mean negative log-likelihood of what was right and wrong."""
    sure = np.array([confidence(best_path(line, temperature)) for line in lines]).clip(1e-6, 1 - 1e-6)
    return float(-np.where(right, np.log(sure), np.log(1 - sure)).mean())
