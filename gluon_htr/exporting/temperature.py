"""Temperature scaling (Guo et al. 2017) of confidences, fitted on validation samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..decoding.decoder import Decoder, decode_texts
from ..decoding.greedy import GREEDY
from ..text.alphabet import Alphabet

MIN_SAMPLES = 100  # with fewer, chance decides
CANDIDATES = np.geomspace(0.5, 4, 25).round(3)


def best_temperature(
    logits: Sequence[np.ndarray], texts: Sequence[Sequence[str]], alphabet: Alphabet, decoder: Decoder = GREEDY
) -> float:
    """Return the temperature under which the confidence of a text best predicts that it is correct.

    logits: batches (N, T, C); texts: the truth of each batch. Returns 1 if there are too few samples, or if none is
    correct.
    """
    read = [text for batch in logits for text in decode_texts(decoder, batch, alphabet)]
    right = np.array([text == truth for text, truth in zip(read, (text for batch in texts for text in batch))])
    if len(read) < MIN_SAMPLES or not 0 < right.mean() < 1:
        return 1.0

    def surprise(temperature: float) -> float:
        """Compute the mean negative log-likelihood of correct and wrong texts."""
        lines = (line for batch in logits for line in decoder.decode(batch, alphabet, temperature))
        sure = np.array([line.confidence for line in lines]).clip(1e-6, 1 - 1e-6)
        return float(-np.where(right, np.log(sure), np.log(1 - sure)).mean())

    return float(min(CANDIDATES, key=surprise))
