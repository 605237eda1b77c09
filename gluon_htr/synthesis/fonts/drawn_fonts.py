"""Single letters that people drew with a pen, as one stroke font per person.

A file maps each character to its drawings, the first person's first: `{"A": [[[[x, y], …], …], …]}`, strokes of points
in pixels, y pointing down. Chars74K's pen trajectories (de Campos et al. 2009) have this form: letters and digits of 55
people. People draw a letter as large as its field, so each is scaled to the height, and moved to the position on the
line, of the same letter in a printed stroke font. Signs that nobody drew are printed ones; a letter that the printed
font lacks is left out.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from ..._files import check_regular
from ..._json import decode_json
from ...errors import DataError
from .stroke_fonts import Glyph, glyphs

PRINTED = "futural"  # Hershey's plain font: heights, and signs
MAX_WIDENING = 2.0  # times the printed letter's width: wider ones are scaled down
MAX_COORDINATE = 1e6  # pixels: no letter is drawn beyond
MAX_BYTES = 64 << 20  # bytes, unpacked
Drawings = dict[str, list[list[list[tuple[float, float]]]]]


@dataclass(frozen=True)
class DrawnFont:
    """The letters of one person: the file, and the index of this person's drawings."""

    path: str
    person: int

    joined = False

    @property
    def name(self) -> str:
        return f"{Path(self.path).name.partition('.')[0]}-{self.person:02}"

    @property
    def glyphs(self) -> dict[str, Glyph]:
        """In units of the printed font. Raises `DataError`, or `MissingToolError` without Hershey-Fonts."""
        return _glyphs(self)


def drawn_fonts(path: Path) -> list[DrawnFont]:
    """Return a font for everybody who drew something in this file. Raises `DataError` if it is not such a file."""
    return [DrawnFont(str(path), person) for person in range(max(map(len, _drawings(str(path)).values()), default=0))]


@cache
def _glyphs(font: DrawnFont) -> dict[str, Glyph]:
    printed = glyphs(PRINTED)
    found = {}
    for character, drawings in _drawings(font.path).items():
        if character in printed and font.person < len(drawings):
            strokes = [np.array(stroke) for stroke in drawings[font.person] if stroke]
            if (
                strokes
                and np.ptp((points := np.concatenate(strokes))[:, 1]) > 0
                and np.abs(points).max() < MAX_COORDINATE
            ):
                found[character] = _fitted(strokes, printed[character])
    signs = {character: glyph for character, glyph in printed.items() if not character.isalnum()}
    return {**signs, **found} if found else {}


def _fitted(strokes: list[np.ndarray], printed: Glyph) -> Glyph:
    """Move and scale strokes to the height of the printed letter, with its space on either side."""
    points, model = np.concatenate(strokes), np.concatenate(printed.strokes)
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    scale = min(np.ptp(model[:, 1]) / size[1], MAX_WIDENING * printed.width / max(size[0], 1))
    side = (printed.width - np.ptp(model[:, 0])) / 2
    corner = np.array([side, model[:, 1].max() - size[1] * scale], np.float32)
    fitted = tuple(((stroke - low) * scale + corner).astype(np.float32) for stroke in strokes)
    return Glyph(fitted, float(size[0] * scale + 2 * side))


@lru_cache(maxsize=4)
def _drawings(path: str) -> Drawings:
    try:
        check_regular(path)
        with lzma.open(path) if path.endswith(".xz") else open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise DataError(f"{path} has more than {MAX_BYTES >> 20} MB")
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise DataError(f"{path} has no readable drawn letters: {error}") from None
    return decode_json(content, Drawings, f"{path} has no readable drawn letters", DataError)
