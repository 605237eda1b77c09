"""Texts as pen strokes, letter by letter, in the stroke fonts of A. V. Hershey (US Naval Weapons Laboratory, 1967).

The fonts come with the package Hershey-Fonts. A style is drawn for each line: width and distance of letters, variation
from one letter to the next, wandering of the baseline. `ink.render` turns the strokes into pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

import numpy as np

from ...errors import MissingToolError

CAPITAL = 21.0  # units of a Hershey font from the baseline to the top of a capital letter
BASELINE = 9.0  # units below the middle, where a glyph has its origin
#: Fonts that look written, and how often each is used; the joined ones and the plainest are most like handwriting.
FONTS: Mapping[str, float] = {
    "scripts": 0.25,
    "cursive": 0.15,
    "scriptc": 0.08,
    "futural": 0.17,
    "rowmans": 0.13,
    "futuram": 0.06,
    "rowmand": 0.05,
    "timesi": 0.06,
    "timesr": 0.05,
}
JOINED = frozenset({"scripts", "cursive", "scriptc"})


@dataclass(frozen=True)
class Glyph:
    """A letter: strokes (n, 2) float32 in units, x from its left edge, y down from the baseline; and its width."""

    strokes: tuple[np.ndarray, ...]
    width: float


class StrokeFont(Protocol):
    """A font of strokes. Fonts can be pickled, and two of the same are equal."""

    @property
    def name(self) -> str: ...

    @property
    def joined(self) -> bool:
        """True if its letters touch."""
        ...

    @property
    def glyphs(self) -> Mapping[str, Glyph]:
        """Glyph of each of its characters; the space has no strokes."""
        ...


@dataclass(frozen=True)
class HersheyFont:
    """A font of the package Hershey-Fonts."""

    name: str

    @property
    def joined(self) -> bool:
        return self.name in JOINED

    @property
    def glyphs(self) -> dict[str, Glyph]:
        """Glyphs of the font. Raises `MissingToolError` without the package."""
        return glyphs(self.name)


@dataclass(frozen=True)
class HandStyle:
    """Style of a writer; lengths are in heights of capital letters. joins: proportion of letters that are joined to the
    one before.
    """

    width: float
    gap: float
    word_gap: float
    small: float
    unlike: float
    wander: float
    warp: float
    rounded: bool
    joins: float = 0.0

    @classmethod
    def draw(
        cls, joined: bool, random: np.random.Generator, spacing: float | None = None, joins: float = 0.0
    ) -> HandStyle:
        """Draw a style; letters that are joined in print stay close together, unless a largest gap is given."""
        style = cls(
            width=random.uniform(0.65, 1.25),
            gap=random.uniform(-0.05, 0.02) if joined else random.uniform(-0.15, 0.2),
            word_gap=random.uniform(0.45, 1.1),
            small=random.uniform(0.8, 1.15),
            unlike=random.uniform(0.0, 1.3),
            wander=random.uniform(0.0, 0.04),
            warp=random.uniform(0.0, 0.06),
            rounded=bool(random.random() < 0.7),
        )
        style = style if spacing is None else replace(style, gap=random.uniform(0, spacing))
        return replace(style, joins=random.uniform(0, joins)) if joins else style


@cache
def glyphs(font: str) -> dict[str, Glyph]:
    """Load the printable ASCII characters of a font. Raises `MissingToolError` without the package Hershey-Fonts."""
    try:
        from HersheyFonts import HersheyFonts
    except ImportError:
        raise MissingToolError("stroke fonts need Hershey-Fonts: pip install 'gluon-htr[train]'") from None
    fonts = HersheyFonts()
    fonts.load_default_font(font)
    return {character: _glyph(drawn) for character, drawn in fonts.all_glyphs.items() if " " <= character <= "~"}


def _glyph(drawn: object) -> Glyph:
    left, width, strokes = (getattr(drawn, name) for name in ("left_offset", "char_width", "strokes"))
    points = (np.array(stroke, np.float32) - np.array([left, BASELINE], np.float32) for stroke in strokes)
    return Glyph(tuple(points), float(width))


def write(
    text: str, font: StrokeFont, random: np.random.Generator, spacing: float | None = None, joins: float = 0.0
) -> list[np.ndarray]:
    """Write a line as strokes in units of the font, in a style drawn for it.

    spacing: the largest gap between letters, in heights of capital letters; None leaves it to the style. joins: the
    largest proportion of letters that are joined to the one before. Raises `ValueError` if the font lacks a character,
    or if there is nothing but spaces.
    """
    known = font.glyphs
    if lacking := set(text) - known.keys():
        raise ValueError(f"the font {font.name} lacks {' '.join(sorted(lacking))}")
    style = HandStyle.draw(font.joined, random, spacing, joins)
    written: list[np.ndarray] = []
    x = y = 0.0
    for before, character in zip(" " + text, text):
        if character == " ":
            x += (style.word_gap * random.uniform(0.7, 1.3) + 2 * max(style.gap, 0)) * CAPITAL
            continue
        y = 0.8 * y + random.normal(0, style.wander * CAPITAL)
        size = style.small if character.islower() else 1.0
        matrix = _unlike(style, random) * size
        letter = [(stroke @ matrix.T + (x, y)).astype(np.float32) for stroke in _rounded(known[character], style)]
        if style.joins and before.isalpha() and character.isalpha() and random.random() < style.joins:
            letter[0] = np.concatenate([written.pop(), letter[0]])
        written += letter
        x += known[character].width * float(matrix[0, 0]) + (style.gap + random.normal(0, 0.01)) * CAPITAL
    if not written:
        raise ValueError("there is nothing to write")
    return _warped(written, style.warp, random)


def _unlike(style: HandStyle, random: np.random.Generator) -> np.ndarray:
    """Draw the deviation of a letter from the printed one, a matrix (2, 2): size, width, slant and rotation."""
    wide, tall, slant, turn = style.unlike * random.normal(0, (0.07, 0.06, 0.06, 0.04))
    wide = style.width * float(np.clip(1 + wide, 0.6, 1.5))
    return np.array([[wide, -slant - turn], [turn, np.clip(1 + tall, 0.7, 1.4)]])


def _warped(strokes: list[np.ndarray], amount: float, random: np.random.Generator) -> list[np.ndarray]:
    """Bend the strokes by waves of a letter's length, so that no two equal letters bend alike."""
    points = np.concatenate(strokes)
    for axis in (0, 1):
        wave = 2 * np.pi / (CAPITAL * random.uniform(0.6, 2.5, 2)) * random.choice([-1, 1], 2)
        points[:, axis] += amount * CAPITAL * np.sin(points @ wave + random.uniform(0, 2 * np.pi))
    return np.split(points, np.cumsum([len(stroke) for stroke in strokes])[:-1])


def _rounded(glyph: Glyph, style: HandStyle) -> tuple[np.ndarray, ...]:
    """Cut the corners of the strokes twice (Chaikin 1974), if the style rounds."""
    if not style.rounded:
        return glyph.strokes
    return tuple(_chaikin(_chaikin(stroke)) for stroke in glyph.strokes)


def _chaikin(stroke: np.ndarray) -> np.ndarray:
    if len(stroke) < 3:
        return stroke
    before, after = stroke[:-1], stroke[1:]
    cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], 1).reshape(-1, 2)
    return np.concatenate([stroke[:1], cut[1:-1], stroke[-1:]])
