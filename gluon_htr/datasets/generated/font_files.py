"""The fonts that a spec names, and what each of them can write."""

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
MIN_COVERAGE = 0.5  # of an alphabet: what a font of symbols or of another script has in common with it makes no text


@dataclass(frozen=True)
class FontChoice:
    """A font: how often it is taken, what it can write of the alphabet, and how a text in it is drawn."""

    name: str
    share: float
    characters: frozenset[str]
    drawing: Callable[[str, Seed, RenderOptions], Callable[[], np.ndarray]]


def hershey_fonts(alphabet: frozenset[str] | None, joined: bool = True) -> list[FontChoice]:
    """Return the stroke fonts that look written. Raises `DataError` when they have too little of the alphabet.

    joined: whether to take also those whose letters touch.
    """
    found = []
    for name, share in FONTS.items():
        font = HersheyFont(name)
        if joined or not font.joined:
            found += _written(font, share, alphabet)
    if not found:
        raise DataError("hershey's fonts write ASCII, and the alphabet is another: give a folder of fonts that have it")
    return found


def outline_fonts(folder: Path, alphabet: frozenset[str] | None, problems: list[Problem]) -> list[FontChoice]:
    """Return the TrueType and OpenType fonts at or below `folder`; those that cannot be used are added to `problems`.

    Raises `DataError` when there is none that can be used.
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
        why = first_problems(problems) or f"it takes {', '.join(FILES)}"
        raise DataError(f"{folder} has no font that can be used: {why}")
    return found


def drawn_letters(file: Path, alphabet: frozenset[str] | None) -> list[FontChoice]:
    """Return a font for each person whose letters this file has (`images.typeset_drawn`).

    Raises `DataError` for none.
    """
    found = [font for drawn in drawn_fonts(file) for font in _written(drawn, 1.0, alphabet)]
    if not found:
        raise DataError(f"{file} has nobody who drew enough of the alphabet")
    return found


def _written(font: StrokeFont, share: float, alphabet: frozenset[str] | None) -> list[FontChoice]:
    """Return the stroke font, if it has enough of the alphabet."""
    covered = frozenset(font.glyphs)
    characters = covered if alphabet is None else covered & alphabet
    return (
        [FontChoice(font.name, share, characters, partial(_stroke_text, font))] if _enough(characters, alphabet) else []
    )


def _found(face: Face, alphabet: frozenset[str] | None) -> FontChoice:
    """Raise `DataError` when the font has too little of the alphabet."""
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
