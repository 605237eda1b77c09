"""Invisible text of a PDF page: every word stands where it is written, as wide and high as it is there.

Right-to-left words are drawn from their right end in mirrored writing, as tesseract does: programs that extract text
take the order of characters from their positions, and then the text is in logical order.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

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
    shown = (f"{_matrix(text, at, page.height, scale)} Tm <{codes.encode(text)}> Tj" for text, at in texts)
    return "\n".join([image, "BT", f"{_INVISIBLE} Tr /Text 1 Tf", *shown, "ET"]).encode("ascii")


def _texts(line: Line, page: Page) -> Iterator[tuple[str, Place]]:
    """Yield the words of a line and the spaces between them, each with its place."""
    words = line.words or (Word(line.text, line.confidence, line.polygon),)
    placed = [(allowed(word.text), _on_page(place(word.polygon, line, page), page)) for word in words if word.text]
    for number, (text, at) in enumerate(placed):
        if is_right_to_left(text):
            at = Place(at.end, at.start, at.height)
        yield text, at
        if number + 1 < len(placed):
            yield " ", _gap(at, placed[number + 1][1])


def _gap(before: Place, after: Place) -> Place:
    """Return the place between two words, from the end of the first to the nearer end of the second."""
    nearer = min(after.start, after.end, key=lambda end: float(np.hypot(*(end - before.end))))
    along = before.end - before.start
    along = along / max(float(np.hypot(*along)), 1e-6)
    width = max(float((nearer - before.end) @ along), MIN_SIZE)
    return Place(before.end, before.end + width * along, before.height)


def _on_page(at: Place, page: Page) -> Place:
    """Move a place onto the page: programs do not extract text beyond it."""
    size = np.array([page.width, page.height], dtype=float)
    start, end = np.clip(at.start, 0, size), np.clip(at.end, 0, size)
    if np.hypot(*(end - start)) < MIN_SIZE:
        along = (at.end - at.start) / np.hypot(*(at.end - at.start))
        end = start + MIN_SIZE * along
    return Place(start, end, at.height)


def _matrix(text: str, at: Place, page_height: int, scale: float) -> str:
    """Return the text matrix that fits a text, at size 1, to its place. PDF counts y upwards."""
    flip = np.array([scale, -scale])
    along = (at.end - at.start) * flip
    up = np.array([-along[1], along[0]]) / np.hypot(*along)
    if is_right_to_left(text):
        up = -up  # the writing runs the other way, and above stays above
    across = along / (len(text) * ADVANCE)
    up = up * at.height * scale
    x, y = at.start * flip + (0, page_height * scale)
    return " ".join(f"{number:.5f}" for number in (*across, *up, x, y))


