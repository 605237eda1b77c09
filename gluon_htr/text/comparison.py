"""Whether one reading of some samples is better than another by more than chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from .normalization import normalize

MIN_SAMPLES = 8  # samples: from fewer, a bootstrap takes the luck of one or two lines for a rule
DRAWS, LEVEL = 1000, 0.95


def edits(truths: Sequence[str], texts: Sequence[str]) -> list[int]:
    """Levenshtein distance of each sample."""
    return [Levenshtein.distance(normalize(truth), normalize(text)) for truth, text in zip(truths, texts)]


def is_better(before: Sequence[int], after: Sequence[int], seed: int = 0) -> bool:
    """Whether `after` has fewer edits than `before`, both by sample, in 95 % of the draws of as many samples.

    The paired bootstrap of Bisani and Ney 2004: of CERs over the same references, only the edits differ.
    """
    gain = np.asarray(before) - np.asarray(after)
    random = np.random.default_rng(seed)
    wins = sum(gain[random.integers(len(gain), size=len(gain))].sum() > 0 for _ in range(DRAWS))
    return bool(wins >= LEVEL * DRAWS)
