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


def content_stream(page: Page, codes: CharacterCodes, scale: float) -> bytes:
    """Return the operators that draw a page. scale: points per pixel."""
    image = f"q {page.width * scale:.3f} 0 0 {page.height * scale:.3f} 0 0 cm /Image Do Q"
    texts = chain.from_iterable(_texts(line, page) for line in page.lines)
    shown = (f"{_matrix(text, page.height, scale)} Tm <{codes.encode(text.characters)}> Tj" for text in texts)
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


def _matrix(text: _Text, page_height: int, scale: float) -> str:
    """Return the text matrix that fits a text, at size 1, to its place. PDF counts y upwards."""
    at, flip = text.place, np.array([scale, -scale])
    across = (at.end - at.start) * flip / (len(text.characters) * ADVANCE)
    x, y = _unit(at) * (1, -1)
    up = np.array([y, -x] if text.mirrored else [-y, x]) * at.height * scale
    start = at.start * flip + (0, page_height * scale)
    return " ".join(f"{number:.5f}" for number in (*across, *up, *start))
