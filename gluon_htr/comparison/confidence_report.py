"""The part of a report that is about confidences: how reliable they are, and which words a person should check."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PIL import Image, ImageDraw, ImageFont

from .._storage import write_atomically
from ..datasets.store import Store
from ..runtime.stores import LineReading
from ..text.normalization import normalize
from ..text.reliability import Reliability, reliability, words_right

DIAGRAM, CHECK = "reliability.png", "check.tsv"
SIDE, MARGIN = 400, 60  # pixels of a panel, and around it
WORDS, LINES, GRAY = (20, 90, 200), (220, 120, 0), (150, 150, 150)


class Confidences(msgspec.Struct, frozen=True):
    """Reliability of words and of whole lines. words: None if no word was read."""

    words: Reliability | None
    lines: Reliability


def measure(truths: Sequence[str], lines: Sequence[LineReading], target: float | None = None) -> Confidences:
    """Measure the reliability of readings. target: the precision of words and of lines that is asked for."""
    sure, right = list[float](), list[bool]()
    for truth, line in zip(truths, lines):
        sure += [word.confidence for word in line.words]
        right += words_right(normalize(truth), [word.text for word in line.words])
    exact = [normalize(truth) == normalize(line.text) for truth, line in zip(truths, lines)]
    return Confidences(
        reliability(sure, right, target) if sure else None,
        reliability([line.confidence for line in lines], exact, target),
    )


def write(folder: Path, store: Store, lines: Sequence[LineReading], found: Confidences) -> None:
    """Write the diagram, and if a precision was asked for, the words to check: id, place in the line from 1, word,
    confidence. A line without words has a row of its own, with the place 0.
    """
    write_atomically(folder / DIAGRAM, diagram(found))
    if found.lines.target is None:
        return
    threshold = found.words.target.threshold if found.words and found.words.target else 2.0
    rows = []
    for name, line in zip(store.ids, lines):
        if not line.words:
            rows.append(f"{name}\t0\t\t0.0000\n")
        for place, word in enumerate(line.words, 1):
            if word.confidence < threshold:
                rows.append(f"{name}\t{place}\t{word.text}\t{word.confidence:.4f}\n")
    write_atomically(folder / CHECK, "".join(rows).encode())


def diagram(found: Confidences) -> bytes:
    """Draw the reliability diagram and the risk-coverage curve beside each other: the bytes of a PNG."""
    picture = Image.new("RGB", (2 * SIDE + 3 * MARGIN, SIDE + 2 * MARGIN), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(15)
    panels = (
        (MARGIN, "proportion right, by confidence"),
        (SIDE + 2 * MARGIN, "proportion wrong, by proportion accepted"),
    )
    for left, title in panels:
        draw.rectangle([left, MARGIN, left + SIDE, MARGIN + SIDE], outline=GRAY)
        draw.text((left, MARGIN - 8), title, fill="black", font=font, anchor="ls")
        for tick in (0.0, 0.5, 1.0):
            draw.text((left + tick * SIDE, MARGIN + SIDE + 6), f"{tick}", fill=GRAY, font=font, anchor="ma")
            draw.text((left - 6, MARGIN + (1 - tick) * SIDE), f"{tick}", fill=GRAY, font=font, anchor="rm")
    draw.line([(MARGIN, MARGIN + SIDE), (MARGIN + SIDE, MARGIN)], fill=GRAY)
    for row, (name, one, color) in enumerate((("words", found.words, WORDS), ("lines", found.lines, LINES))):
        if one is None:
            continue
        told = f"{name}: calibration error {one.calibration_error:.3f}"
        draw.text((MARGIN + row * SIDE, SIDE + 2 * MARGIN - 10), told, fill=color, font=font, anchor="ls")
        _curve(draw, MARGIN, [(b.confidence, b.right) for b in one.bins], color)
        risks = [(point.coverage, 1 - point.precision) for point in one.risk_coverage]
        _curve(draw, SIDE + 2 * MARGIN, risks, color)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _curve(
    draw: ImageDraw.ImageDraw, left: int, points: list[tuple[float, float]], color: tuple[int, int, int]
) -> None:
    places = [(left + x * SIDE, MARGIN + (1 - y) * SIDE) for x, y in points]
    draw.line(places, fill=color, width=2)
    for x, y in places:
        draw.ellipse([x - 3, y - 3, x + 3, y + 3], fill=color)


def in_words(found: Confidences) -> list[str]:
    """Describe the reliability in lines of text."""
    rows = []
    for name, one in (("words", found.words), ("lines", found.lines)):
        if one is not None:
            rows.append(f"{f'confidence of {name}':22}{one.calibration_error:.4f} expected calibration error")
            if one.target:
                share = 1 - one.target.coverage
                rows.append(f"{f'{name} to check':22}{share:.1%}; {one.target.precision:.2%} of the others are right")
    return rows
