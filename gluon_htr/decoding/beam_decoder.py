"""Decoder with beam search, a language model and a word list. Implements `Decoder`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import ModelError
from ..ngrams.files import LanguageModel, Tuning
from ..text.alphabet import Alphabet
from .alignment import align, ctc_scores
from .beam import Candidate, search
from .decoder import Decoded, Span
from .fusion import CharacterFusion
from .greedy import best_labels, best_path, confidence
from .guidance import Guide, Guides, score_texts

BATCH_BYTES = 64 << 20  # of log-probabilities that are searched together


@dataclass(frozen=True)
class BeamDecoder:
    """Beam search. Without a language model it finds texts that are at least as probable as that of greedy decoding.

    model: a language model. tuning: settings instead of those in the model.
    """

    model: LanguageModel | None = None
    tuning: Tuning | None = None
    _guides: dict[Alphabet, Guide] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def settings(self) -> Tuning:
        """Settings that apply."""
        return self.tuning or (self.model.tuning if self.model else Tuning())

    def decode(self, logits: np.ndarray, alphabet: Alphabet, temperature: float = 1.0) -> list[Decoded]:
        """Decode logits (N, T, C). The temperature changes confidences, not texts. Confidences are the network's, as
        those of greedy decoding.
        """
        guide = self.guide(alphabet)
        found: list[Decoded] = []
        for part in _parts(logits):
            scores = log_softmax(part)
            texts = [line[0].labels for line in self.candidates(scores, guide)]
            found += _placed(part, scores, texts, temperature)
        return found

    def guide(self, alphabet: Alphabet) -> Guide:
        """Return the guide for an alphabet. Raises `LanguageModelError` if the model does not fit it."""
        if alphabet not in self._guides:
            self._guides[alphabet] = self._make_guide(alphabet)
        return self._guides[alphabet]

    def _make_guide(self, alphabet: Alphabet) -> Guide:
        parts: list[Guide] = []
        if self.model:
            parts.append(CharacterFusion(self.model.ngrams, alphabet, self.settings.weight, self.settings.bonus))
        return Guides(parts)

    def candidates(self, scores: np.ndarray, guide: Guide) -> list[list[Candidate]]:
        """Return the best texts of each line, given log-probabilities (N, T, C). What greedy decoding reads is among
        them, and the scores of the first and of that are exact.
        """
        found = search(scores, self.settings.width, guide)
        greedy = [tuple(labels) for labels in best_labels(scores)]
        doubtful = [k for k, labels in enumerate(greedy) if found[k][0].labels != labels]
        if doubtful:
            exact = _exact(scores[doubtful], [greedy[k] for k in doubtful], guide)
            best = _exact(scores[doubtful], [found[k][0].labels for k in doubtful], guide)
            for k, own, first in zip(doubtful, exact.tolist(), best.tolist()):
                rest = [candidate for candidate in found[k][1:] if candidate.labels != greedy[k]]
                both = [Candidate(found[k][0].labels, first), Candidate(greedy[k], own)]
                found[k] = [*sorted(both, key=lambda c: -c.score), *rest]
        return found


def _exact(scores: np.ndarray, texts: Sequence[tuple[int, ...]], guide: Guide) -> np.ndarray:
    return ctc_scores(scores, texts) + score_texts(guide, texts)


def _parts(logits: np.ndarray) -> list[np.ndarray]:
    """Divide a batch so that none takes more than `BATCH_BYTES`. Raises `ModelError` for what are not numbers."""
    if not np.isfinite(logits).all():
        raise ModelError("the network produced NaN or Inf logits: its weights are corrupt")
    lines = max(1, BATCH_BYTES // max(1, 4 * logits[:1].size))
    return [logits[k : k + lines] for k in range(0, len(logits), lines)]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return log-probabilities (N, T, C) float32."""
    shifted = (logits - logits.max(axis=-1, keepdims=True)).astype(np.float32)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def _placed(
    logits: np.ndarray, scores: np.ndarray, texts: Sequence[tuple[int, ...]], temperature: float
) -> list[Decoded]:
    """Find the places and confidences of the characters of texts: those of greedy decoding where it reads the same."""
    paths = [best_path(line, temperature) for line in logits]
    others = [k for k, path in enumerate(paths) if tuple(span.index for span in path) != texts[k]]
    if others:
        places = align(scores[others], [texts[k] for k in others])
        for k, where in zip(others, places):
            paths[k] = _spans(logits[k], texts[k], where, temperature)
    return [Decoded(tuple(path), confidence(path)) for path in paths]


def _spans(
    logits: np.ndarray, labels: tuple[int, ...], places: list[tuple[int, int]], temperature: float
) -> list[Span]:
    """Return the characters with the probability of each at its most confident time step."""
    sure = np.exp(log_softmax(logits / np.float32(temperature)))
    return [
        Span(label, start, end, float(sure[start:end, label].max())) for label, (start, end) in zip(labels, places)
    ]
