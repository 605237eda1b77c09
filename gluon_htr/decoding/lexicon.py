"""Word lists as guides of the beam search: words outside the list cost a penalty, and stay readable.

A word is a run of letters and of the marks on them, whatever their case. Everything else, as digits, hyphens and
apostrophes, separates words and costs nothing; so a compound is in the list if its parts are.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._text_files import read_text
from ..errors import DataError
from ..text.alphabet import Alphabet
from ..text.direction import is_right_to_left
from .hashes import START, beginning_hashes, extended, find_hashes

PENALTY = 4.0  # nats, once for each word outside the list
MAX_BYTES = 256 << 20
OUTSIDE = np.uint64(0)  # state of a word that is not in the list, and is paid for


@dataclass(frozen=True, eq=False)
class WordList:
    """Words, folded to one case, and the penalty for others in nats."""

    words: tuple[str, ...]
    penalty: float = PENALTY


def read_word_list(path: Path) -> WordList:
    """Read a file with words, one or more on a line, in UTF-8. Raises `DataError`."""
    try:
        text = read_text(path, MAX_BYTES)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    words = words_of(text)
    if not words:
        raise DataError(f"{path} has no words")
    return WordList(tuple(sorted(set(words))))


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded to one case."""
    plain = "".join(c if is_letter(c) else " " for c in unicodedata.normalize("NFC", text))
    return [_folded(word) for word in plain.split()]


def is_letter(character: str) -> bool:
    """Test whether a character is a part of words: a letter, or a mark on one."""
    return unicodedata.category(character)[0] in "LM"


def _folded(word: str) -> str:
    """Fold the case of each character by itself, so that the length remains."""
    return "".join(low if len(low := character.lower()) == 1 else character for character in word)


class LexiconGuide:
    """A word list as a guide.

    A prefix pays as soon as its last word cannot become one of the list, or when a word ends early. A state is the hash
    of the last word, `START` if there is none, `OUTSIDE` if it is paid for.
    """

    most = 0.0

    def __init__(self, words: WordList, alphabet: Alphabet) -> None:
        self.begin = np.array([START.astype(np.int64)])
        self._penalty = words.penalty
        self._codes = np.array([ord(_folded(c)) if is_letter(c) else 0 for c in alphabet.characters], np.uint64)
        self._hyphens = np.array([unicodedata.category(c) == "Pd" or c == "¬" for c in alphabet.characters])
        backwards = is_right_to_left(alphabet.characters)
        ordered = [word[::-1] if backwards and is_right_to_left(word) else word for word in words.words]
        whole, self._prefixes = beginning_hashes(ordered)
        self._whole = np.sort(whole)

    def extend(self, states: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Extend the last word, or end it."""
        word, codes = states[:, 0].view(np.uint64), self._codes[classes]
        inside, paid = codes > 0, word == OUTSIDE
        longer = extended(word, codes)
        leaves = inside & ~paid & ~find_hashes(self._prefixes, longer)[1]
        # a word that is divided at the end of a line is a beginning of one
        cut = ~inside & ~paid & ~self._hyphens[classes] & ~self._ends(word)
        after = np.where(inside, np.where(paid | leaves, OUTSIDE, longer), START)
        return after.view(np.int64)[:, None], -self._penalty * (leaves | cut)

    def finish(self, states: np.ndarray) -> np.ndarray:
        """End the last word."""
        word = states[:, 0].view(np.uint64)
        return -self._penalty * ((word != OUTSIDE) & ~self._ends(word))

    def _ends(self, word: np.ndarray) -> np.ndarray:
        return (word == START) | find_hashes(self._whole, word)[1]
