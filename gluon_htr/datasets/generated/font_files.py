"""The fonts that a spec names, and the characters that each of them can write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..._folders import files_below
from ...errors import DataError
from ...synthesis.fonts.drawn_fonts import drawn_fonts
from ...synthesis.fonts.layout import RenderOptions
from ...synthesis.fonts.stroke_fonts import FONTS, HersheyFont, StrokeFont
from ...synthesis.fonts.typeset import Face, drawable, faces
from ..problems import first_problems
from ..sample import Problem
from .drawings import OutlineText, Seed, StrokeText

FILES = (".ttf", ".otf", ".ttc", ".otc")
MIN_COVERAGE = 0.5  # of an alphabet: the overlap of a font of symbols or of another script is too small for texts


@dataclass(frozen=True)
class FontChoice:
    """A font: its share of the lines, the characters of the alphabet that it can write, and the function that draws a
    text.
    """

    name: str
    share: float
    characters: frozenset[str]
    drawing: Callable[[str, Seed, RenderOptions], Callable[[], np.ndarray]]


def hershey_fonts(alphabet: frozenset[str] | None, joined: bool = True) -> list[FontChoice]:
    """Return the stroke fonts that look handwritten. Raises `DataError` if they have too little of the alphabet.

    joined: whether to include those whose letters touch.
    """
    found = []
    for name, share in FONTS.items():
        font = HersheyFont(name)
        if joined or not font.joined:
            found += _written(font, share, alphabet)
    if not found:
        raise DataError(
            "the Hershey fonts cover ASCII only, not this alphabet: use fonts:FOLDER with fonts that cover it"
        )
    return found


def outline_fonts(folder: Path, alphabet: frozenset[str] | None, problems: list[Problem]) -> list[FontChoice]:
    """Return the TrueType and OpenType fonts at or below `folder`; those that cannot be used are added to `problems`.

    Raises `DataError` if no font can be used.
    """
    if not folder.exists():
        raise DataError(f"{folder} does not exist: give fonts:FOLDER with a folder of fonts, or fonts:hershey")
    found = []
    for file in [folder] if folder.is_file() else files_below(folder, FILES):
        try:
            found += [_found(face, alphabet) for face in faces(str(file))]
        except DataError as error:
            problems.append(Problem(file.name, str(error)))
    if not found:
        why = first_problems(problems) or f"no {', '.join(FILES)} file"
        raise DataError(f"{folder} has no usable font: {why}")
    return found


def drawn_letters(file: Path, alphabet: frozenset[str] | None) -> list[FontChoice]:
    """Return a font for each person whose letters this file has (`synthesis/fonts/drawn_fonts.py`).

    Raises `DataError` if nobody drew enough of the alphabet.
    """
    found = [font for drawn in drawn_fonts(file) for font in _written(drawn, 1.0, alphabet)]
    if not found:
        raise DataError(f"in {file}, nobody drew enough of the alphabet: use another file")
    return found


def _written(font: StrokeFont, share: float, alphabet: frozenset[str] | None) -> list[FontChoice]:
    """Return the stroke font, if it has enough of the alphabet."""
    covered = frozenset(font.glyphs)
    characters = covered if alphabet is None else covered & alphabet
    return (
        [FontChoice(font.name, share, characters, partial(_stroke_text, font))] if _enough(characters, alphabet) else []
    )


def _found(face: Face, alphabet: frozenset[str] | None) -> FontChoice:
    """Inspect a font file. Raises `DataError` if the font has too little of the alphabet."""
    characters = drawable(face, (lambda character: True) if alphabet is None else alphabet.__contains__)
    if not _enough(characters, alphabet):
        raise DataError(f"draws {len(characters)} of the alphabet's {len(alphabet or '')} characters")
    name = Path(face.path).stem + (f"-{face.index}" if face.index else "")
    return FontChoice(name, 1.0, characters, partial(_outline_text, face, characters))


def _enough(characters: frozenset[str], alphabet: frozenset[str] | None) -> bool:
    return len(characters - {" "}) >= max(1, MIN_COVERAGE * len((alphabet or set()) - {" "}))


def _stroke_text(font: StrokeFont, text: str, seed: Seed, rendering: RenderOptions) -> StrokeText:
    return StrokeText(text, font, seed, rendering)


def _outline_text(
    face: Face, characters: frozenset[str], text: str, seed: Seed, rendering: RenderOptions
) -> OutlineText:
    return OutlineText(text, face, seed, rendering, characters if rendering.small_capitals else frozenset())
