"""N-gram models of words as guides of the beam search: a word is scored when it ends.

If the model has words with punctuation in them (`said,`), words are what spaces separate. Otherwise they are runs of
letters, digits and apostrophes, and each punctuation mark that the model has is a word by itself. A word that the model
has in small letters only is that word, whatever its case.
"""

from __future__ import annotations

import numpy as np

from ..errors import LanguageModelError
from ..ngrams.model import END, SPECIAL, UNKNOWN, NGramModel
from ..text.alphabet import Alphabet
from .hashes import START, extended, find_hashes, hashes_of

APOSTROPHES = "'’"
MAX_MIXED = 0.02  # of the words of a model that has no punctuation in words
NO_SYMBOL = -1


class WordFusion:
    """A model of words as a guide. weight: of its log-probabilities. bonus: nats for each word.

    A state is the hash of the word so far, that of it in small letters, and the state of the model.
    """

    def __init__(self, model: NGramModel, alphabet: Alphabet, weight: float, bonus: float) -> None:
        self._model, self._weight, self._bonus = model, weight, bonus
        self.most = 2 * max(bonus, 0.0)  # the end of a word, and a punctuation mark
        words = model.tokens[len(SPECIAL) :]
        if not words:
            raise LanguageModelError("the language model has no words")
        spaced = sum(not all(map(_is_inner, word)) and len(word) > 1 for word in words) > MAX_MIXED * len(words)
        characters = alphabet.characters
        inner = np.array([not c.isspace() if spaced else _is_inner(c) for c in characters])
        self._codes = np.where(inner, [ord(c) for c in characters], 0).astype(np.uint64)
        self._small = np.where(inner, [ord(_small(c)) for c in characters], 0).astype(np.uint64)
        self._marks = np.array([NO_SYMBOL if i else model.index.get(c, NO_SYMBOL) for c, i in zip(characters, inner)])
        hashes = hashes_of(words)
        order = np.argsort(hashes)
        self._hashes, self._symbols = hashes[order], order + len(SPECIAL)
        self.begin = np.array([START, START, np.uint64(model.begin)]).view(np.int64)

    def extend(self, states: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Extend the last word, or end and score it."""
        exact, small, state = states[:, 0].view(np.uint64), states[:, 1].view(np.uint64), states[:, 2].copy()
        inner = self._codes[classes] > 0
        extra = np.zeros(len(classes))
        ended = np.flatnonzero(~inner & (exact != START))
        extra[ended], state[ended] = self._word(exact[ended], small[ended], state[ended])
        marks = np.flatnonzero(self._marks[classes] != NO_SYMBOL)
        scores, state[marks] = self._model.step(state[marks], self._marks[classes[marks]])
        extra[marks] += self._weight * scores + self._bonus
        after = np.empty_like(states)
        after[:, 0] = np.where(inner, extended(exact, self._codes[classes]), START).view(np.int64)
        after[:, 1] = np.where(inner, extended(small, self._small[classes]), START).view(np.int64)
        after[:, 2] = state
        return after, extra

    def finish(self, states: np.ndarray) -> np.ndarray:
        """Score the last word, and the end of the line."""
        exact, small, state = states[:, 0].view(np.uint64), states[:, 1].view(np.uint64), states[:, 2].copy()
        extra = np.zeros(len(states))
        ended = np.flatnonzero(exact != START)
        extra[ended], state[ended] = self._word(exact[ended], small[ended], state[ended])
        ends = np.full(len(states), SPECIAL.index(END))
        return extra + self._weight * self._model.step(state, ends)[0]

    def _word(self, exact: np.ndarray, small: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        symbols = np.full(len(exact), SPECIAL.index(UNKNOWN))
        for hashes in (small, exact):
            position, found = find_hashes(self._hashes, hashes)
            symbols[found] = self._symbols[position[found]]
        scores, after = self._model.step(state, symbols)
        return self._weight * scores + self._bonus, after


def _is_inner(character: str) -> bool:
    return character.isalnum() or character in APOSTROPHES


def _small(character: str) -> str:
    return low if len(low := character.lower()) == 1 else character
