"""Texts in a font that are drawn when called, so that worker processes draw. Can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...errors import ImageError, MissingToolError
from ...synthesis.fonts.layout import DEFAULT_RENDERING, RenderOptions
from ...synthesis.fonts.small_capitals import Capitals, SmallCapitals
from ...synthesis.fonts.stroke_fonts import StrokeFont, write
from ...synthesis.fonts.typeset import Face, typeset

Seed = tuple[int, ...]


@dataclass(frozen=True)
class StrokeText:
    """A text in a stroke font."""

    text: str
    font: StrokeFont
    seed: Seed
    rendering: RenderOptions = DEFAULT_RENDERING

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8, ink on white. Raises `ImageError`, or `MissingToolError` without OpenCV or
        Hershey-Fonts.
        """
        try:
            from ...images.ink import PenStyle, render
        except ImportError:
            raise MissingToolError("drawing stroke fonts needs OpenCV: pip install 'gluon-htr[train]'") from None
        style, rendering = PenStyle(), self.rendering
        style = style if rendering.skew is None else replace(style, rotation=rendering.skew)
        style = style if rendering.margin is None else replace(style, margin=rendering.margin)
        random = np.random.default_rng(self.seed)
        share = rendering.small_capitals
        try:
            font = SmallCapitals(self.font, Capitals.draw(self.font.glyphs, share, random)) if share else self.font
            image = render(write(self.text, font, random, rendering.spacing, rendering.joins), style, random)
            return rendering.blurred(image, random)
        except ValueError as error:
            raise ImageError(f"{self.text!r} in {self.font.name}: {error}") from None


@dataclass(frozen=True)
class OutlineText:
    """A text in a TrueType or OpenType font. characters: those that the font has, if small capitals are requested."""

    text: str
    face: Face
    seed: Seed
    rendering: RenderOptions = DEFAULT_RENDERING
    characters: frozenset[str] = frozenset()

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8, ink on white. Raises `ImageError`, or `MissingToolError` for a script that needs
        more.
        """
        random = np.random.default_rng(self.seed)
        try:
            layout, share = self.rendering.layout(random), self.rendering.small_capitals
            capitals = Capitals.draw(self.characters, share, random) if share else Capitals()
            image = typeset(self.text, self.face, layout, random, capitals)
            return self.rendering.blurred(image, random)
        except (ValueError, OSError) as error:
            raise ImageError(f"{self.text!r} in {self.face.path}: {error}") from None
