"""Dataturks: a JSON object on each line for each page, as Full Stack Deep Learning publishes its pages of handwriting.

`content` is the address of the page's image, `annotation` has its lines: corners in proportions of the image's width
and height, the text in `notes`. Dataturks has closed; nothing but its exports says what it wrote. Older ones write two
opposite corners as objects with x and y.
"""

from __future__ import annotations

import msgspec

from ..document import Line, Page
from .writers import Pieces

DIGITS = 6  # of proportions: a millionth of a page is less than a pixel


class Corner(msgspec.Struct, frozen=True):
    """A corner in an old export, in proportions of the page."""

    x: float
    y: float


class Mark(msgspec.Struct, frozen=True):
    """A rectangle or a polygon, and the size of the image on which it was drawn."""

    points: tuple[tuple[float, float] | Corner, ...]
    label: str | tuple[str, ...] | None = ()
    shape: str | None = "rectangle"
    notes: str | None = ""
    width: float | None = msgspec.field(name="imageWidth", default=None)
    height: float | None = msgspec.field(name="imageHeight", default=None)


class Record(msgspec.Struct, frozen=True):
    """A page: without annotation, with an empty one, or with its lines."""

    content: str
    annotation: tuple[Mark, ...] | str | None = None
    extras: str | None = None


def dataturks(page: Page, address: str = "") -> bytes:
    """Return a page as a line of JSON. address: of its image; without one, the name of its file.

    A page without lines has an empty annotation. A page of a PDF is named `book.pdf#page=2`.
    """
    number = f"#page={page.number}" if page.number > 1 or page.source.lower().endswith(".pdf") else ""
    marks = tuple(_mark(line, page) for line in page.lines)
    return msgspec.json.encode(Record(address or page.source + number, marks)) + b"\n"


def _mark(line: Line, page: Page) -> Mark:
    size = (page.width, page.height)
    points = tuple(
        (round(min(max(x / size[0], 0), 1), DIGITS), round(min(max(y / size[1], 0), 1), DIGITS))
        for x, y in line.polygon
    )
    return Mark(points, ("line",), "polygon", line.text, *size)


DATATURKS = Pieces(lambda source: b"", lambda page, image: dataturks(page), b"", b"")
