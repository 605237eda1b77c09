"""Language models as guides of the beam search ("shallow fusion"): weight times the log-probability of the text."""

from __future__ import annotations

import unicodedata

import numpy as np

from ..errors import LanguageModelError
from ..ngrams.model import END, SPECIAL, UNKNOWN, NGramModel
from ..text.alphabet import Alphabet

STRANGE = 4.0  # nats that a character costs which is scored as its base letter, as é in an English model


class CharacterFusion:
    """A model of characters as a guide. weight: of its log-probabilities. bonus: nats for each character.

    Raises `LanguageModelError` if the model knows no letter of the alphabet.
    """

    def __init__(self, model: NGramModel, alphabet: Alphabet, weight: float, bonus: float) -> None:
        self._model, self._weight, self._bonus = model, weight, bonus
        self._symbols, self._costs = symbols_of(model, alphabet)
        self.begin = np.array([model.begin], np.int64)
        self.most = max(bonus, 0.0)

    def extend(self, states: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score one more character each."""
        scores, after = self._model.step(states[:, 0], self._symbols[classes])
        return after[:, None].astype(np.int64), self._weight * (scores - self._costs[classes]) + self._bonus

    def finish(self, states: np.ndarray) -> np.ndarray:
        """Score the end of the line."""
        ends = np.full(len(states), SPECIAL.index(END))
        return self._weight * self._model.step(states[:, 0], ends)[0].astype(np.float64)


def symbols_of(model: NGramModel, alphabet: Alphabet) -> tuple[np.ndarray, np.ndarray]:
    """Return the symbol of each character of an alphabet, and the nats that it costs in addition.

    A character that the model lacks is scored as its base letter, if the model has that. Raises `LanguageModelError`
    if it has no letter of the alphabet.
    """
    unknown = SPECIAL.index(UNKNOWN)
    symbols, costs = np.full(len(alphabet), unknown), np.zeros(len(alphabet))
    for position, character in enumerate(alphabet.characters):
        base = unicodedata.normalize("NFKD", character)[:1]
        if character in model.index:
            symbols[position] = model.index[character]
        elif base in model.index:
            symbols[position], costs[position] = model.index[base], STRANGE
    letters = [symbols[k] != unknown for k, c in enumerate(alphabet.characters) if c.isalpha()]
    if letters and not any(letters):
        raise LanguageModelError(
            "the language model has no letter of the alphabet that the network writes: choose another one"
        )
    return symbols, costs
