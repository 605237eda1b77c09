"""Typesetting of a text as a gray line, in a TrueType or OpenType font through FreeType (Pillow).

A font draws a missing character as a box or as nothing. So the drawable characters are determined first: those that its
table names, that leave ink, and other ink than the box. Pillow alone draws; fontTools reads the table.
"""

from __future__ import annotations

import logging
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageFont

from ..._files import check_bounded
from ...errors import DataError, MissingToolError
from .layout import LineLayout
from .shaping import direction, pieces
from .small_capitals import Capitals

MAX_FONT = 256 << 20  # bytes of a font file; the largest collection of Chinese has some 120 MB
BOX = "\uffff"  # not a character: every font draws its box for it
ALIKE = 12  # characters that may look alike, as o in five scripts; more share a sign for missing characters
PROBE = 24  # pixels of a font's size at which two glyphs can be told apart


@dataclass(frozen=True)
class Face:
    """A font file, and the index of a font in it."""

    path: str
    index: int = 0


def drawable(face: Face, accepted: Callable[[str], bool]) -> frozenset[str]:
    """Return the characters that the font draws and for which `accepted` holds, including an accepted space.

    Raises `DataError` if the file is not a readable font, `MissingToolError` without fontTools.
    """
    try:
        from fontTools.ttLib import TTFont, TTLibError
    except ImportError:
        raise MissingToolError("reading font files needs fonttools: pip install 'gluon-htr[train]'") from None
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it reports every harmless flaw
    try:
        check_bounded(face.path, MAX_FONT)
        with open(face.path, "rb") as file, TTFont(file, fontNumber=face.index, lazy=True) as table:
            named = [chr(code) for code in table.getBestCmap() or {} if unicodedata.category(chr(code))[0] not in "CZ"]
        inked = _distinct([BOX, *filter(accepted, named)], _font(face, PROBE)) - {BOX}
    except (OSError, TTLibError, ValueError, KeyError, AssertionError, SyntaxError) as error:
        raise DataError(f"is not a readable font: {error}") from None
    return frozenset(inked | {" "} if accepted(" ") else inked)


def _distinct(characters: list[str], font: ImageFont.FreeTypeFont) -> set[str]:
    """Return the characters that leave ink unlike that of the first, which is the box, and unlike that of many
    others.
    """
    masks = [font.getmask(character) for character in characters]
    shapes = [(mask.size, bytes(mask)) if mask.getbbox() else None for mask in masks]
    often = Counter(shapes)
    good = (shape and shape != shapes[0] and often[shape] <= ALIKE for shape in shapes)
    return {character for character, is_good in zip(characters, good) if is_good}


@lru_cache(32)
def _font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face.path, size, face.index)


def typeset(
    text: str,
    face: Face,
    layout: LineLayout,
    random: np.random.Generator,
    capitals: Capitals = Capitals(),  # noqa: B008
) -> np.ndarray:
    """Typeset a line as (H, W) uint8, ink on 255, with all of its ink within the margins.

    capitals: the small letters that are set as small capitals; the font must have these. Raises `ValueError` if no ink
    is left, `OSError` if the font cannot be read, `MissingToolError` if Pillow cannot shape the text.
    """
    ink = _set(text, face, layout, random, capitals)
    image = _sheared(ink, layout)
    box = image.getbbox()
    if box is None:
        raise ValueError(f"{face.path} draws no ink for it")
    top, bottom, left, right = (1 + round(share * layout.size) for share in layout.margins)
    gray = np.pad(np.asarray(image.crop(box)), ((top, bottom), (left, right)))
    return 255 - np.round(gray * ((255 - layout.ink) / 255)).astype(np.uint8)


def _set(text: str, face: Face, layout: LineLayout, random: np.random.Generator, capitals: Capitals) -> Image.Image:
    """Set the pieces of a line beside each other: 255 is ink."""
    full, small = _font(face, layout.size), _font(face, max(1, round(layout.size * capitals.size)))
    x = 0.0
    placed: list[tuple[np.ndarray, int, int]] = []
    for piece in pieces(text, letters=layout.gap != 0 or bool(capitals.letters)):
        if piece == " ":
            x += max(0.15, full.getlength(" ") / layout.size + layout.word_gap) * layout.size
            continue
        piece, font = (piece.upper(), small) if piece in capitals.letters else (piece, full)
        mask, (left, top) = font.getmask2(piece, anchor="ls", direction=direction(piece))
        y = top + round(random.normal(0, layout.wander) * layout.size)
        placed.append((np.asarray(mask, np.uint8).reshape(mask.size[::-1]), round(x) + left, y))
        x += font.getlength(piece) + layout.gap * layout.size
    return _joined(placed)


def _joined(placed: list[tuple[np.ndarray, int, int]]) -> Image.Image:
    """Put masks at their left and top on a canvas that holds all of them."""
    placed = [(mask, x, y) for mask, x, y in placed if mask.size] or [(np.zeros((1, 1), np.uint8), 0, 0)]
    left, top = min(x for _, x, _ in placed), min(y for _, _, y in placed)
    right = max(x + mask.shape[1] for mask, x, _ in placed)
    bottom = max(y + mask.shape[0] for mask, _, y in placed)
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for mask, x, y in placed:
        part = canvas[y - top : y - top + mask.shape[0], x - left : x - left + mask.shape[1]]
        np.maximum(part, mask, out=part)
    return Image.fromarray(canvas)


def _sheared(image: Image.Image, layout: LineLayout) -> Image.Image:
    """Slant and turn an image, on a canvas that holds the result."""
    width, height = image.size
    slope = np.tan(np.deg2rad(layout.turn)) * min(1.0, 12 * height / width)  # long lines are turned less
    wide = width + abs(layout.slant) * height + 2
    tall = height + abs(slope) * wide + 2
    # from a point of the result to one of the source: y is moved by the slope first, then x by the slant
    forth = max(layout.slant, 0) * height + 1
    rise = max(slope, 0) * wide + 1
    down = np.array([slope, 1.0, -rise])
    across = np.array([1.0, 0.0, -forth]) + layout.slant * down
    coefficients = (*across.tolist(), *down.tolist())
    size = (int(np.ceil(wide)), int(np.ceil(tall)))
    return image.transform(size, Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC)


@cache
def faces(path: str) -> tuple[Face, ...]:
    """Return the fonts in a file: one, or each of a collection. Raises `DataError` if it cannot be read."""
    if not path.lower().endswith((".ttc", ".otc")):
        return (Face(path),)
    try:
        check_bounded(path, MAX_FONT)
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from None
    count = int.from_bytes(head[8:12], "big")  # OpenType, "Font Collections": numFonts
    if head[:4] != b"ttcf" or not 0 < count < 100:
        raise DataError("is not a collection of fonts")
    return tuple(Face(path, index) for index in range(count))
