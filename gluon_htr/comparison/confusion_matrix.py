"""A picture of what single characters were read as: a row for each true class, a column for each that was read."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence

from PIL import Image, ImageDraw

from .picture import font_of

CELL, MARGIN = 26, 34  # pixels: side of a cell, and the labels around the matrix
MAX_CLASSES = 200  # the most frequent ones; of more, a picture would show nothing
RIGHT, WRONG, LINE = (30, 110, 60), (190, 30, 30), (225, 225, 225)


def draw(truths: Sequence[str], read: Sequence[str]) -> bytes:
    """Draw the matrix: the bytes of a PNG. The darker a cell, the larger the proportion of its row."""
    counts = Counter([*truths, *read])
    classes = sorted(character for character, _ in counts.most_common(MAX_CLASSES))
    place = {character: k for k, character in enumerate(classes)}
    side = 2 * MARGIN + CELL * len(classes)
    picture = Image.new("RGB", (side, side), "white")
    canvas = ImageDraw.Draw(picture)
    rows = Counter(truths)
    for (truth, other), count in Counter(zip(truths, read)).items():
        if truth in place and other in place:
            color = _shade(RIGHT if truth == other else WRONG, count / rows[truth])
            canvas.rectangle(_cell(place[truth], place[other]), fill=color)
    for k in range(len(classes) + 1):
        edge = MARGIN + CELL * k
        canvas.line([(MARGIN, edge), (side - MARGIN, edge)], fill=LINE)
        canvas.line([(edge, MARGIN), (edge, side - MARGIN)], fill=LINE)
    for k, character in enumerate(classes):
        middle = MARGIN + CELL * k + CELL / 2
        for center in (
            (MARGIN / 2, middle),
            (side - MARGIN / 2, middle),
            (middle, MARGIN / 2),
            (middle, side - MARGIN / 2),
        ):
            canvas.text(center, character, fill=(20, 20, 20), font=font_of(character), anchor="mm")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _cell(row: int, column: int) -> tuple[int, int, int, int]:
    left, top = MARGIN + CELL * column, MARGIN + CELL * row
    return left, top, left + CELL, top + CELL


def _shade(color: tuple[int, int, int], share: float) -> tuple[int, ...]:
    """Blend with white; small proportions stay visible."""
    weight = 0.15 + 0.85 * share
    return tuple(round(255 - (255 - part) * weight) for part in color)
