"""Significance test of two readings of the same samples: the paired bootstrap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from .normalization import normalize

MIN_SAMPLES = 8  # samples: with fewer, one or two lines decide a bootstrap
DRAWS, LEVEL = 1000, 0.95


def edits(truths: Sequence[str], texts: Sequence[str]) -> list[int]:
    """Compute the Levenshtein distance of each sample, after NFC."""
    return [Levenshtein.distance(normalize(truth), normalize(text)) for truth, text in zip(truths, texts)]


def is_better(before: Sequence[int], after: Sequence[int], seed: int = 0) -> bool:
    """Test whether `after` has fewer edits than `before` in 95 % of the bootstrap draws. Both list the edits of each
    sample.

    This is the paired bootstrap of Bisani and Ney 2004: of CERs over the same references, only the edits differ. Single
    samples are drawn, as one's own lines are often of one group: where the lines of a writer err alike, and where it is
    asked again after each epoch, 95 % is too much to say.
    """
    gain = np.asarray(before) - np.asarray(after)
    random = np.random.default_rng(seed)
    wins = sum(gain[random.integers(len(gain), size=len(gain))].sum() > 0 for _ in range(DRAWS))
    return bool(wins >= LEVEL * DRAWS)
