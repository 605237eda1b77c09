"""Small letters as small capitals: writers of block letters write so, and are transcribed in small letters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .typeset_strokes import Glyph, StrokeFont

SIZES = (0.6, 0.85)  # of a small capital, in heights of a capital; `Hand.small` is multiplied on top


@dataclass(frozen=True)
class SmallCapitals:
    """A stroke font in which some small letters are the capital ones, made smaller. size: a factor."""

    font: StrokeFont
    letters: frozenset[str]
    size: float

    joined = False

    @classmethod
    def draw(cls, font: StrokeFont, share: float, random: np.random.Generator) -> SmallCapitals:
        """A writer who does so with about `share` of the small letters, and with always the same ones."""
        both = sorted(
            character for character in font.glyphs if character.islower() and character.upper() in font.glyphs
        )
        letters = frozenset(np.array(both)[random.random(len(both)) < share].tolist())
        return cls(font, letters, random.uniform(*SIZES))

    @property
    def name(self) -> str:
        return self.font.name

    @property
    def glyphs(self) -> dict[str, Glyph]:
        """In units of the font."""
        known = dict(self.font.glyphs)
        return known | {letter: self._smaller(known[letter.upper()]) for letter in self.letters}

    def _smaller(self, capital: Glyph) -> Glyph:
        strokes = tuple((stroke * self.size).astype(np.float32) for stroke in capital.strokes)
        return Glyph(strokes, capital.width * self.size)
