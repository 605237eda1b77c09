"""Decoder with beam search, a language model and a word list. Implements `Decoder`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import ModelError
from ..ngrams.files import LanguageModel, Tuning
from ..ngrams.model import NGramModel
from ..text.alphabet import Alphabet
from .alignment import align, ctc_scores
from .beam import NEVER, Candidate, search
from .decoder import Alternative, Decoded, Span
from .fusion import CharacterFusion
from .greedy import best_labels, best_path, confidence
from .guidance import Guide, Guides, score_texts
from .lexicon import LexiconGuide, WordList
from .word_fusion import WordFusion

BATCH, BATCH_BYTES = 64, 64 << 20  # lines that are searched together, and bytes of their log-probabilities


@dataclass(frozen=True)
class BeamDecoder:
    """Beam search. Without a language model it finds texts that are at least as probable as that of greedy decoding.

    model: a language model. words: a word list. tuning: settings instead of those in the model.
    n_best: number of texts of each line that are returned with their probabilities; 0 for none.
    """

    model: LanguageModel | None = None
    words: WordList | None = None
    tuning: Tuning | None = None
    n_best: int = 0
    _guides: dict[Alphabet, Guide] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def settings(self) -> Tuning:
        """Settings that apply."""
        return self.tuning or (self.model.tuning if self.model else Tuning())

    def decode(self, logits: np.ndarray, alphabet: Alphabet, temperature: float = 1.0) -> list[Decoded]:
        """Decode logits (N, T, C). The temperature changes confidences, not texts. Confidences are the network's, as
        those of greedy decoding.
        """
        return self.decode_batches([logits], alphabet, temperature)

    def decode_batches(
        self, batches: Sequence[np.ndarray], alphabet: Alphabet, temperature: float = 1.0
    ) -> list[Decoded]:
        """Decode batches of different T; lines of similar T are searched together."""
        guide = self.guide(alphabet)
        lines = [line for batch in batches for line in _checked(batch)]
        found: dict[int, Decoded] = {}
        for part in _parts(lines):
            scores = padded_scores([lines[k] for k in part])
            candidates = self.candidates(scores, guide)
            placed = _placed([lines[k] for k in part], scores, [line[0].labels for line in candidates], temperature)
            for k, decoded, line in zip(part, placed, candidates):
                found[k] = self._with_considered(decoded, line)
        return [found[k] for k in range(len(lines))]

    @property
    def has_language(self) -> bool:
        """True if more than the network has a say in what is read."""
        return self.model is not None or self.words is not None

    def _with_considered(self, decoded: Decoded, candidates: Sequence[Candidate]) -> Decoded:
        """Add the other texts, where somebody needs them."""
        if not self.n_best and not self.has_language:
            return decoded
        considered = _alternatives(candidates)
        best = considered[: self.n_best]
        return replace(decoded, alternatives=best, considered=considered, has_language=self.has_language)

    def with_n_best(self, n_best: int) -> BeamDecoder:
        """Return the same search that gives another number of texts. Both share their guides."""
        other = replace(self, n_best=n_best)
        object.__setattr__(other, "_guides", self._guides)
        return other

    def guide(self, alphabet: Alphabet) -> Guide:
        """Return the guide for an alphabet. Raises `LanguageModelError` if the model does not fit it."""
        if alphabet not in self._guides:
            self._guides[alphabet] = self._make_guide(alphabet)
        return self._guides[alphabet]

    def _make_guide(self, alphabet: Alphabet) -> Guide:
        parts: list[Guide] = []
        if self.model:
            parts.append(fusion(self.model.ngrams, alphabet, self.settings.weight, self.settings.bonus))
        if self.words:
            parts.append(LexiconGuide(self.words, alphabet))
        return Guides(parts)

    def log_likelihood(self, texts: Sequence[Sequence[int]], alphabet: Alphabet) -> float:
        """Return the log-probability of texts of class indices by the language model, which must exist.

        Raises `LanguageModelError` if it does not fit the alphabet.
        """
        return float(self.log_likelihoods(texts, alphabet).sum())

    def log_likelihoods(self, texts: Sequence[Sequence[int]], alphabet: Alphabet) -> np.ndarray:
        """Return the log-probability (N,) of each text, as `log_likelihood` does that of all."""
        assert self.model is not None
        return score_texts(fusion(self.model.ngrams, alphabet, 1.0, 0.0), texts)

    def candidates(self, scores: np.ndarray, guide: Guide) -> list[list[Candidate]]:
        """Return the best texts of each line, the best first, given log-probabilities (N, T, C). What greedy decoding
        reads is among them, and the scores of the first and of that are exact. Where it reads nothing, that is all: a
        language would put a letter on blank paper that the network is a little unsure of.
        """
        found = search(scores, self.settings.width, guide)
        greedy = [tuple(labels) for labels in best_labels(scores)]
        doubtful = [k for k, labels in enumerate(greedy) if found[k][0].labels != labels]
        if doubtful:
            exact = _exact(scores[doubtful], [greedy[k] for k in doubtful], guide)
            best = _exact(scores[doubtful], [found[k][0].labels for k in doubtful], guide)
            for k, own, first in zip(doubtful, exact.tolist(), best.tolist()):
                rest = [candidate for candidate in found[k][1:] if candidate.labels != greedy[k]]
                if not greedy[k]:
                    found[k] = [Candidate((), own)]
                    continue
                both = [Candidate(found[k][0].labels, first), Candidate(greedy[k], own)]
                found[k] = sorted([*both, *rest], key=lambda candidate: -candidate.score)
        return found


def fusion(model: NGramModel, alphabet: Alphabet, weight: float, bonus: float) -> Guide:
    """Return a language model as a guide. Raises `LanguageModelError` if it does not fit the alphabet."""
    kind = CharacterFusion if model.unit == "characters" else WordFusion
    return kind(model, alphabet, weight, bonus)


def _alternatives(candidates: Sequence[Candidate]) -> tuple[Alternative, ...]:
    """Return the texts of a line with their probabilities among them."""
    scores = np.array([candidate.score for candidate in candidates])
    odds = np.exp(scores - scores[0])  # the first has the highest score
    return tuple(Alternative(c.labels, float(p)) for c, p in zip(candidates, odds / odds.sum()))


def _exact(scores: np.ndarray, texts: Sequence[tuple[int, ...]], guide: Guide) -> np.ndarray:
    return ctc_scores(scores, texts) + score_texts(guide, texts)


def _checked(logits: np.ndarray) -> np.ndarray:
    """Return a batch. Raises `ModelError` for what are not numbers."""
    if not np.isfinite(logits).all():
        raise ModelError("the network produced NaN or Inf logits: its weights are corrupt")
    return logits


def _parts(lines: Sequence[np.ndarray]) -> list[list[int]]:
    """Group lines of similar length: at most `BATCH`, and of `BATCH_BYTES` or a single one."""
    parts: list[list[int]] = []
    for k in sorted(range(len(lines)), key=lambda k: len(lines[k])):
        room = BATCH_BYTES // max(1, 4 * lines[k].size)  # lines of this length, the longest so far
        if not parts or len(parts[-1]) >= min(BATCH, room):
            parts.append([])
        parts[-1].append(k)
    return parts


def padded_scores(lines: Sequence[np.ndarray]) -> np.ndarray:
    """Return the log-probabilities (N, T, C) float32 of logits (T, C) each; behind shorter lines, blanks are sure."""
    steps = max(map(len, lines))
    scores = np.full((len(lines), steps, lines[0].shape[1]), NEVER, np.float32)
    scores[:, :, -1] = 0
    for row, line in zip(scores, lines):
        row[: len(line)] = log_softmax(line)
    return scores


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return log-probabilities (…, C) float32."""
    shifted = (logits - logits.max(axis=-1, keepdims=True)).astype(np.float32)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def _placed(
    logits: Sequence[np.ndarray], scores: np.ndarray, texts: Sequence[tuple[int, ...]], temperature: float
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
    return [Span(label, start, end, float(sure[start:end, label].max())) for label, (start, end) in zip(labels, places)]
