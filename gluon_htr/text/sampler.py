"""Texts to write: an endless, seeded supply of lines, words, numbers and signs.

Text k of a source is the same whoever asks for it, and in whatever order. Lengths of lines follow those of IAM's lines:
42 characters on average, nine in ten between 25 and 57.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from . import sampler_patterns as patterns
from .corpora import Corpus

#: The characters of the IAM Handwriting Database.
IAM = " !\"#&'()*+,-./0123456789:;?" + string.ascii_letters
LONGEST = 70  # characters
Texts = Literal["mixed", "lines", "words", "patterns", "digits", "characters"]
Random = np.random.Generator
#: What `mixed` is made of.
SHARES: dict[Texts, float] = {"lines": 0.66, "words": 0.12, "patterns": 0.15, "digits": 0.03, "characters": 0.04}


@dataclass(frozen=True)
class TextSource:
    """texts: what to make up. alphabet: the only characters that may occur; everything may where it is None."""

    seed: int = 0
    texts: Texts = "mixed"
    corpus: Corpus | None = None
    alphabet: frozenset[str] | None = frozenset(IAM)

    def text(self, index: int) -> str:
        """Text number `index`: 1 to 70 characters in NFC, single spaces, none at the ends."""
        random = np.random.default_rng([self.seed, index])
        for _ in range(20):
            if text := restrict(self._draw(random)[:LONGEST], self.alphabet):
                return text
        allowed = sorted((self.alphabet or set()) - {" "}) or ["x"]
        return "".join(patterns.pick(allowed, random) for _ in range(random.integers(3, 40)))

    def _draw(self, random: Random) -> str:
        kind = self.texts
        if kind == "mixed":
            kind = random.choice(np.array(list(SHARES)), p=list(SHARES.values()))
        return _recased(self._kinds[kind](random), random)

    @property
    def _kinds(self) -> dict[str, Callable[[Random], str]]:
        return {
            "lines": self._line,
            "words": self._words,
            "patterns": self._patterns,
            "digits": patterns.digits,
            "characters": self._characters,
        }

    def _line(self, random: Random) -> str:
        """Running text; one line in eight has a date, a sum or a name somewhere in it."""
        length = line_length(random)
        text = self._running(length, random)
        if random.random() < 1 / 8:
            words = text.split(" ")
            words.insert(int(random.integers(len(words) + 1)), patterns.pattern(random))
            text = " ".join(words)
        return text

    def _running(self, length: int, random: Random) -> str:
        if self.corpus:
            return self.corpus.snippet(length, random)
        text = patterns.words(random, 1 + length // 5)
        return text if len(text) <= length else text[: text.rfind(" ", 0, length) + 1].strip() or text[:length]

    def _words(self, random: Random) -> str:
        """One to three words."""
        return " ".join(self._running(24, random).split(" ")[: int(random.choice([1, 1, 1, 2, 3]))])

    def _patterns(self, random: Random) -> str:
        """One, or two or three in a row."""
        return " ".join(patterns.pattern(random) for _ in range(random.choice([1, 1, 1, 2, 3])))

    def _characters(self, random: Random) -> str:
        if self.alphabet is None:
            return patterns.characters(random)
        return patterns.characters(random, "".join(sorted(self.alphabet - {" "})) or "x")


def line_length(random: Random) -> int:
    """Characters of a line: mostly full ones, and a sixth of any length, as at the end of a paragraph."""
    length = random.uniform(3, 50) if random.random() < 1 / 6 else random.normal(44, 8)
    return int(np.clip(length, 3, LONGEST))


def _recased(text: str, random: Random) -> str:
    """Now and then in capitals, which books hardly have."""
    chance = random.random()
    if chance < 0.04:
        return text.upper()
    return string.capwords(text) if chance < 0.06 else text


def restrict(text: str, alphabet: frozenset[str] | None) -> str:
    """The text in the characters of an alphabet: accents are left out, then whatever still is not in it."""
    if alphabet is not None and not alphabet.issuperset(text):
        text = "".join(_allowed(character, alphabet) for character in text)
    gap = " " if alphabet is None or " " in alphabet else ""
    return gap.join(unicodedata.normalize("NFC", text).split())


def _allowed(character: str, alphabet: frozenset[str]) -> str:
    if character in alphabet:
        return character
    base = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in base if part in alphabet)
    return kept or (" " if character.isspace() else "")
