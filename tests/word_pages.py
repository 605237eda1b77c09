"""Pages of drawn words, and a stand-in for the model that finds their lines: the letters' model reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from letters import draw
from PIL import Image
from support import PROJECT

from gluon_htr.pages.detection.lines import FoundLine

WIDTH, HEIGHT = 480, 640  # pixels
LEFT, TOP, STEP = 60, 60, 90  # place of the first line; distance to the next
LINE = (64, 16)  # pixels: a drawn word as the letters' model knows it


def drawn_page(texts: Sequence[str]) -> Image.Image:
    """Draw a page with one word on each line."""
    page = Image.new("L", (WIDTH, HEIGHT), 255)
    for k, text in enumerate(texts):
        page.paste(draw(text), (LEFT, TOP + k * STEP))
    return page


def written_page() -> Image.Image:
    """Make a page of 18 lines in a handwriting font, which the models that ship can read."""
    page = Image.new("L", (1000, 1400), 255)
    with Image.open(PROJECT / "examples" / "line.png") as line:
        small = line.convert("L").resize((800, line.height * 800 // line.width))
    for k in range(18):
        page.paste(small, (100, 100 + 65 * k))
    return page


class DrawnLines:
    """A detector that knows where lines of drawn pages may be, and finds those that have ink."""

    name = "drawn-lines"

    def find(self, page: np.ndarray) -> list[FoundLine]:
        """Find the lines of a page (H, W) uint8."""
        width, height = LINE
        tops = range(TOP, page.shape[0] - height, STEP)
        return [_line(top, width, height) for top in tops if page[top : top + height, LEFT : LEFT + width].min() < 128]


def _line(top: int, width: int, height: int) -> FoundLine:
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float) + np.array((LEFT, top))
    baseline = np.array([(0, 0.8 * height), (width, 0.8 * height)]) + np.array((LEFT, top))
    return FoundLine(corners, baseline, 1.0)
