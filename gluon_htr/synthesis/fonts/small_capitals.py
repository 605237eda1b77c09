"""Small letters as small capitals: writers of block letters write so, and are transcribed in small letters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from .stroke_fonts import Glyph, StrokeFont

SIZES = (0.6, 0.85)  # of a small capital, in heights of a capital; multiplied by `HandStyle.small`


@dataclass(frozen=True)
class Capitals:
    """The small letters that a writer writes as capitals, and the size of these. size: a factor."""

    letters: frozenset[str] = frozenset()
    size: float = 1.0

    @classmethod
    def draw(cls, characters: Collection[str], share: float, random: np.random.Generator) -> Capitals:
        """Draw a writer who always writes the same letters, about `share` of all small ones, as capitals.

        characters: those of the font; a letter stays small if its capital is not among them.
        """
        both = sorted(character for character in characters if character.islower() and character.upper() in characters)
        letters = frozenset(np.array(both)[random.random(len(both)) < share].tolist())
        return cls(letters, random.uniform(*SIZES))


@dataclass(frozen=True)
class SmallCapitals:
    """A stroke font in which some small letters are reduced capitals."""

    font: StrokeFont
    capitals: Capitals

    joined = False

    @property
    def name(self) -> str:
        return self.font.name

    @property
    def glyphs(self) -> dict[str, Glyph]:
        """In units of the font."""
        known = dict(self.font.glyphs)
        return known | {letter: self._smaller(known[letter.upper()]) for letter in self.capitals.letters}

    def _smaller(self, capital: Glyph) -> Glyph:
        strokes = tuple((stroke * self.capitals.size).astype(np.float32) for stroke in capital.strokes)
        return Glyph(strokes, capital.width * self.capitals.size)
