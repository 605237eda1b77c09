"""Choice of the language model by what is read: of each image set or page, by the likelihood of its greedy texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import LanguageModelError
from ..text.alphabet import Alphabet
from .beam_decoder import BeamDecoder
from .decoder import Decoded
from .greedy import best_labels

#: Mean log-likelihood in nats of a character of the greedy texts, below which no model is used. Texts in languages of
#: which no model is known have -3.3 and less, even where they are read well, and most of those in a known one more.
MIN_LOG_LIKELIHOOD = -3.1


@dataclass(frozen=True)
class LanguageChoosingDecoder:
    """A beam search with one of several language models. Implements `JointDecoder`."""

    decoders: Mapping[str, BeamDecoder]

    def decode(self, logits: np.ndarray, alphabet: Alphabet, temperature: float = 1.0) -> list[Decoded]:
        """Decode logits (N, T, C) with the model that fits them."""
        return self.decode_batches([logits], alphabet, temperature)

    def decode_batches(
        self, batches: Sequence[np.ndarray], alphabet: Alphabet, temperature: float = 1.0
    ) -> list[Decoded]:
        """Decode batches, all with the model that fits them together."""
        language = self.choose(batches, alphabet)
        decoder = self.without_model() if language is None else self.decoders[language]
        return decoder.decode_batches(batches, alphabet, temperature)

    def with_n_best(self, n_best: int) -> LanguageChoosingDecoder:
        """Return the same searches that give another number of texts."""
        return LanguageChoosingDecoder({name: each.with_n_best(n_best) for name, each in self.decoders.items()})

    def without_model(self) -> BeamDecoder:
        """Return the same search without a language model."""
        return replace(next(iter(self.decoders.values())), model=None)

    def choose(self, batches: Sequence[np.ndarray], alphabet: Alphabet) -> str | None:
        """Return the language that makes the greedy texts likeliest; None if no model fits them or the alphabet."""
        return self.likeliest([labels for batch in batches for labels in best_labels(batch)], alphabet)

    def likeliest(self, texts: Sequence[Sequence[int]], alphabet: Alphabet) -> str | None:
        """Return the language in which texts of class indices are likeliest; None if no model fits them.

        Models of words take no part: an unknown word costs the same whatever its letters, so that its likelihood cannot
        be compared.
        """
        least = MIN_LOG_LIKELIHOOD * sum(map(len, texts))
        likelihoods: dict[str, float] = {}
        for language, decoder in self.decoders.items():
            if decoder.model is not None and decoder.model.ngrams.unit == "words":
                continue
            try:
                likelihoods[language] = decoder.log_likelihood(texts, alphabet)
            except LanguageModelError:  # of another script
                continue
        likeliest = max(likelihoods, key=lambda language: likelihoods[language], default=None)
        return likeliest if likeliest is not None and likelihoods[likeliest] >= least else None
