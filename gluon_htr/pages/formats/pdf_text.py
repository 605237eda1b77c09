"""Invisible text of a PDF page: every word stands where it is written, as wide and high as it is there.

Right-to-left words are drawn from their right end in mirrored writing, as tesseract does: programs that extract text
take the order of characters from their positions, and then the text is in logical order. In a right-to-left line,
numbers and Latin words are not mirrored: poppler would read 1944 as 4491.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, product

import numpy as np

from ...text.direction import is_right_to_left
from ..document import Line, Page, Word
from .geometry import MIN_SIZE, Place, place
from .glyphless import ADVANCE, CharacterCodes
from .xml import allowed

_INVISIBLE = 3  # text rendering mode


@dataclass(frozen=True)
class PageTransform:
    """Points of an upright PDF page for the pixels of an image: `turn @ (x, y) + corner`."""

    turn: np.ndarray
    corner: np.ndarray
    size: tuple[float, float]

    @classmethod
    def of(cls, page: Page, scale: float) -> PageTransform:
        """Make the frame of a page. scale: points per pixel."""
        width, height = page.width, page.height
        turn, corner = {
            0: ([[1, 0], [0, -1]], (0, height)),
            90: ([[0, -1], [-1, 0]], (height, width)),
            180: ([[-1, 0], [0, 1]], (width, 0)),
            270: ([[0, 1], [1, 0]], (0, 0)),
        }[page.orientation]
        size = (height, width) if page.orientation % 180 else (width, height)
        return cls(scale * np.array(turn), scale * np.array(corner), (scale * size[0], scale * size[1]))


def content_stream(page: Page, codes: CharacterCodes, frame: PageTransform) -> bytes:
    """Return the operators that draw a page."""
    texts = chain.from_iterable(_texts(line, page) for line in page.lines)
    shown = (f"{_matrix(text, frame)} Tm <{codes.encode(text.characters)}> Tj" for text in texts)
    image = f"q {_image_matrix(page, frame)} cm /Image Do Q"
    return "\n".join([image, "BT", f"{_INVISIBLE} Tr /Text 1 Tf", *shown, "ET"]).encode("ascii")


@dataclass(frozen=True)
class _Text:
    """Characters with their place. Mirrored ones begin at the right of it."""

    characters: str
    place: Place
    mirrored: bool


def _texts(line: Line, page: Page) -> Iterator[_Text]:
    """Yield the words of a line, each with a space after it: programs see no end of a line where writing is turned."""
    words = line.words or (Word(line.text, line.confidence, line.polygon),)
    placed = [_placed(word, line, page) for word in words if word.text]
    for text, following in zip(placed, [*placed[1:], None]):
        yield text
        yield _gap(text, following.place) if following else _end(text)


def _placed(word: Word, line: Line, page: Page) -> _Text:
    at = _on_page(place(word.polygon, line, page), page)
    mirrored = is_right_to_left(word.text)
    return _Text(allowed(word.text), Place(at.end, at.start, at.height) if mirrored else at, mirrored)


def _gap(before: _Text, after: Place) -> _Text:
    """Return the space between two words: from one to the other where they are nearest."""
    ends = product((before.place.start, before.place.end), (after.start, after.end))
    start, end = min(ends, key=lambda pair: float(np.hypot(*(pair[1] - pair[0]))))
    rightwards = -_unit(before.place) if before.mirrored else _unit(before.place)
    width = float((end - start) @ rightwards)
    if abs(width) < MIN_SIZE:
        return _end(before)
    return _Text(" ", Place(start, start + width * rightwards, before.place.height), width < 0)


def _end(text: _Text) -> _Text:
    """Return a narrow space after a text."""
    at = text.place
    return _Text(" ", Place(at.end, at.end + MIN_SIZE * _unit(at), at.height), text.mirrored)


def _on_page(at: Place, page: Page) -> Place:
    """Move a place onto the page: programs do not extract text beyond it."""
    size = np.array([page.width, page.height], dtype=float)
    start, end = np.clip(at.start, 0, size), np.clip(at.end, 0, size)
    if np.hypot(*(end - start)) < MIN_SIZE:
        end = start + MIN_SIZE * _unit(at)
    return Place(start, end, at.height)


def _unit(at: Place) -> np.ndarray:
    along = at.end - at.start
    return along / np.hypot(*along)


def _matrix(text: _Text, frame: PageTransform) -> str:
    """Return the text matrix that fits a text, at size 1, to its place."""
    at = text.place
    x, y = _unit(at)
    up = np.array([-y, x] if text.mirrored else [y, -x]) * at.height
    along = (at.end - at.start) / (len(text.characters) * ADVANCE)
    return _numbers(frame.turn @ along, frame.turn @ up, frame.turn @ at.start + frame.corner)


def _image_matrix(page: Page, frame: PageTransform) -> str:
    """Return the matrix from the unit square, in which PDF draws an image, to the page."""
    right, up, lower_left = (page.width, 0), (0, -page.height), (0, page.height)
    return _numbers(frame.turn @ right, frame.turn @ up, frame.turn @ lower_left + frame.corner)


def _numbers(*vectors: np.ndarray) -> str:
    return " ".join(f"{number:.5f}" for number in np.concatenate(vectors))
