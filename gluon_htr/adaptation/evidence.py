"""Comparison of two networks on lines whose texts nobody knows: by how likely what they read is in its language."""

from __future__ import annotations

import math

import numpy as np

from ..datasets.store import Store
from ..decoding.beam_decoder import BeamDecoder
from ..decoding.greedy import best_labels
from ..ngrams.files import LanguageModel
from ..runtime.stores import same_size
from ..text.alphabet import Alphabet
from ..training.validation import Examination, Predict

#: Of the characters that were read before, or with the language model if that is fewer, a network must read this
#: proportion: leaving out what is hard to read would make the rest likelier.
LEAST_READ = 0.97
WORST = 1e6  # perplexity of a network that reads too little
UNITS = 1000  # of a nat, so that errors are whole numbers


class LanguageValidation:
    """Lines without labels, scored by a language model. Implements `Validation`.

    The error is the perplexity of a character of the greedy texts. The errors of a line, for the paired bootstrap, are
    the thousandths of a nat by which its text is less likely than one of the same length was before training: the sum
    over the lines falls only where characters become likelier, not where texts become shorter.
    """

    def __init__(self, store: Store, alphabet: Alphabet, model: LanguageModel) -> None:
        self.store, self.alphabet = store, alphabet
        self._decoder = BeamDecoder(model)
        self._before: tuple[float, int] | None = None  # nats of a character, and how many to read
        self.perplexities: list[float] = []

    def __len__(self) -> int:
        return len(self.store)

    def examine(self, predict: Predict) -> Examination:
        """Score a network; the first one is that to compare with. Raises `LanguageModelError` for another script."""
        texts: list[list[int]] = [[] for _ in range(len(self.store))]
        for positions in same_size(self.store.shapes):
            logits = predict(np.stack([self.store.image(k) for k in positions]))
            for k, labels in zip(positions.tolist(), best_labels(logits)):
                texts[k] = list(labels)
        lengths = np.array([len(labels) for labels in texts])
        nats = -self._decoder.log_likelihoods(texts, self.alphabet)
        read = int(lengths.sum())
        mean = float(nats.sum() / read) if read else math.inf
        if self._before is None:
            self._before = mean if read else 0.0, min(read, sum(map(len, self.store.texts)))
        usual, least = self._before[0], LEAST_READ * self._before[1]
        excess = np.rint(UNITS * (nats - usual * lengths)).astype(int)
        if read < least:
            mean, excess = math.inf, np.full_like(excess, UNITS * len(self.alphabet))
        perplexity = min(math.exp(min(mean, 100.0)), WORST)
        self.perplexities.append(perplexity)
        return Examination(
            error=perplexity,
            errors=excess.tolist(),
            figures={"perplexity": perplexity},
            summary=f"{len(self.store)} held-out lines: {_words(perplexity)}",
            is_blank=not read,
        )


def _words(perplexity: float) -> str:
    if perplexity == WORST:
        return "too little is read"
    return f"perplexity {perplexity:.2f} of the characters that are read"
