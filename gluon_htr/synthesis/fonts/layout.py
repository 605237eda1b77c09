"""Layout of a line in a font, and the bounds that a user may set."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class LineLayout:
    """Layout of a line; lengths are proportions of the font's size. The defaults are those of print."""

    #: Pixels of the font's em.
    size: int = 48
    #: More space behind each letter; letters are then set one by one, without the font's kerning.
    gap: float = 0.0
    #: More space between words.
    word_gap: float = 0.0
    #: Variation of the baseline from one piece to the next.
    wander: float = 0.0
    #: Horizontal shift for each unit of height.
    slant: float = 0.0
    #: Degrees.
    turn: float = 0.0
    #: Gray of the ink.
    ink: int = 0
    #: White above, below, to the left and to the right.
    margins: tuple[float, float, float, float] = (0.05, 0.05, 0.05, 0.05)

    @classmethod
    def draw(cls, random: np.random.Generator) -> LineLayout:
        """Draw a layout; half of the lines keep the font's own distances between letters."""
        return cls(
            size=int(random.integers(32, 81)),
            gap=float(random.choice([0.0, random.uniform(-0.03, 0.15)])),
            word_gap=random.uniform(-0.08, 0.5),
            wander=random.uniform(0, 0.03),
            slant=random.normal(0, 0.12),
            turn=random.normal(0, 0.5),
            ink=int(random.integers(0, 120)),
            margins=tuple(random.uniform(0, 0.3, 4)),
        )


@dataclass(frozen=True)
class RenderOptions:
    """Options of generated lines: bounds of random values; None keeps the default variation."""

    #: Degrees to either side; long lines are turned less.
    skew: float | None = None
    #: More space behind each letter, as a share of the font's size, or of a capital's height in stroke fonts.
    spacing: float | None = None
    #: White on each side, as a share of the font's size, or of the ink's height in stroke fonts.
    margin: float | None = None
    #: Pixels: the standard deviation of a Gaussian.
    blur: float = 0.0
    #: Proportion of small letters that are written as small capitals, in stroke fonts.
    small_capitals: float = 0.0
    #: Largest proportion of letters that are joined to the one before, in stroke fonts.
    joins: float = 0.0

    def layout(self, random: np.random.Generator) -> LineLayout:
        """Draw a layout within the bounds."""
        layout = LineLayout.draw(random)
        if self.skew is not None:
            layout = replace(layout, turn=random.uniform(-self.skew, self.skew))
        if self.spacing is not None:
            layout = replace(layout, gap=random.uniform(0, self.spacing))
        if self.margin is not None:
            layout = replace(layout, margins=tuple(random.uniform(0, self.margin, 4)))
        return layout

    def blurred(self, image: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Blur a line (H, W) uint8 on white, after adding white so that no ink spreads over the edge."""
        if not self.blur:
            return image
        radius = random.uniform(0, self.blur)
        wide = np.pad(image, int(np.ceil(2 * radius)), constant_values=255)
        return np.asarray(Image.fromarray(wide).filter(ImageFilter.GaussianBlur(radius)))


DEFAULT_RENDERING = RenderOptions()
