"""Sampler of texts: an endless, seeded supply of lines, words, numbers and characters.

Text k of a source is the same on every machine, and in any order. Lengths of lines follow those of IAM's lines: 42
characters on average, nine in ten between 25 and 57.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile
from typing import Literal

import numpy as np

from . import patterns
from .corpora import Corpus

#: The characters of the IAM Handwriting Database.
IAM = " !\"#&'()*+,-./0123456789:;?" + string.ascii_letters
MAX_CHARACTERS = 70  # characters
CAPITAL = 0.2  # of made-up words begin with one
Texts = Literal["mixed", "lines", "words", "patterns", "digits", "characters"]
#: What `mixed` is made of.
SHARES: dict[Texts, float] = {"lines": 0.66, "words": 0.12, "patterns": 0.15, "digits": 0.03, "characters": 0.04}


@dataclass(frozen=True)
class TextSource:
    """A source of texts. texts: their kind. alphabet: the only characters that may occur; None allows all.

    digits: the smallest and the largest number of digits with texts="digits".
    """

    seed: int = 0
    texts: Texts = "mixed"
    corpus: Corpus | None = None
    alphabet: frozenset[str] | None = frozenset(IAM)
    digits: tuple[int, int] = (1, 20)

    def text(self, index: int) -> str:
        """Draw text number `index`: 1 to 70 characters in NFC, single spaces, none at the ends."""
        random = np.random.default_rng([self.seed, index])
        for _ in range(20):
            if text := self._draw(random):
                return text
        return "".join(patterns.pick(self._signs, random) for _ in range(random.integers(3, 40)))

    def _draw(self, random: np.random.Generator) -> str:
        kind = self.texts
        if kind == "mixed":
            kind = random.choice(np.array(list(SHARES)), p=list(SHARES.values()))
        return _recased(restrict(self._kinds[kind](random)[:MAX_CHARACTERS], self.alphabet), self.alphabet, random)

    @property
    def _kinds(self) -> dict[str, Callable[[np.random.Generator], str]]:
        return {
            "lines": self._line,
            "words": self._words,
            "patterns": self._patterns,
            "digits": lambda random: patterns.digits(random, *self.digits),
            "characters": self._characters,
        }

    def _line(self, random: np.random.Generator) -> str:
        """Draw running text. One line in eight has a date, a sum or a name somewhere in it, if it can be written."""
        length = line_length(random)
        text = self._running(length, random)
        if random.random() < 1 / 8:
            words = text.split(" ")
            words.insert(int(random.integers(len(words) + 1)), self._pattern(random))
            text = " ".join(words)
        return text

    def _running(self, length: int, random: np.random.Generator) -> str:
        if self._corpus:
            return self._corpus.snippet(length, random)
        text = patterns.words(random, 1 + length // 5)
        text = text if len(text) <= length else text[: text.rfind(" ", 0, length) + 1].strip() or text[:length]
        return self._writable(text)

    @cached_property
    def _corpus(self) -> Corpus | None:
        return self.corpus and self.corpus.written(self.alphabet)

    def _words(self, random: np.random.Generator) -> str:
        """Draw one to three words; random ones sometimes begin with a capital, as words in the middle of texts do."""
        text = " ".join(self._running(24, random).split(" ")[: int(random.choice([1, 1, 1, 2, 3]))])
        return text if self.corpus or random.random() < CAPITAL else text[:1].lower() + text[1:]

    def _patterns(self, random: np.random.Generator) -> str:
        """Draw one pattern, or two or three in a row."""
        return " ".join(self._pattern(random) for _ in range(random.choice([1, 1, 1, 2, 3])))

    def _pattern(self, random: np.random.Generator) -> str:
        return self._writable(patterns.pattern(random))

    def _writable(self, text: str) -> str:
        """Return the text, or nothing if the alphabet lacks a letter or digit of it."""
        alphabet = self.alphabet
        if alphabet is None or all(_allowed(letter, alphabet) for letter in set(text) if letter.isalnum()):
            return text
        return ""

    def _characters(self, random: np.random.Generator) -> str:
        return patterns.characters(random) if self.alphabet is None else patterns.characters(random, self._signs)

    @cached_property
    def _signs(self) -> str:
        """Characters of random texts: marks that stand on letters make no sense alone."""
        return "".join(sorted(c for c in self.alphabet or "" if c != " " and not _is_mark(c))) or "x"


def line_length(random: np.random.Generator) -> int:
    """Draw the characters of a line: mostly full ones, and a sixth of any length, as at the end of a paragraph."""
    length = random.uniform(3, 50) if random.random() < 1 / 6 else random.normal(44, 8)
    return int(np.clip(length, 3, MAX_CHARACTERS))


def _recased(text: str, alphabet: frozenset[str] | None, random: np.random.Generator) -> str:
    """Convert to capitals at random, which are rare in books, if the alphabet has all of them."""
    chance = random.random()
    if chance >= 0.06:
        return text
    recased = text.upper() if chance < 0.04 else string.capwords(text)
    return recased if alphabet is None or alphabet.issuperset(recased) else text


def restrict(text: str, alphabet: frozenset[str] | None) -> str:
    """Restrict a text to the characters of an alphabet. Others lose their accents, else change their case, else are
    removed.
    """
    if alphabet is not None and not alphabet.issuperset(text):
        text = "".join(_allowed(character, alphabet) for character in text)
    gap = " " if alphabet is None or " " in alphabet else ""
    return gap.join(_founded(unicodedata.normalize("NFC", text)).split())


def _allowed(character: str, alphabet: frozenset[str]) -> str:
    if character in alphabet:
        return character
    other = character.swapcase()
    for form in (unicodedata.normalize("NFKD", character), other, unicodedata.normalize("NFKD", other)):
        if kept := "".join(part for part in form if part in alphabet):
            return kept
    return " " if character.isspace() else ""


def _founded(text: str) -> str:
    """Remove marks that follow no letter: fonts draw an empty circle for them."""
    if text.isascii():
        return text
    return " ".join("".join(dropwhile(_is_mark, word)) for word in text.split())


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"
