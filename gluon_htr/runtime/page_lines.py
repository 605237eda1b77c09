"""Conversion of a recognized line to a line of a document: words and characters with their places on the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from ..pages.crops import Frame
from ..pages.detection.lines import FoundLine
from ..pages.document import Alternative, Character, Line, Point, Word
from .recognition import Character as Recognized
from .recognition import Recognition, TextAlternative


def document_line(
    identity: str, recognition: Recognition, frame: Frame, found: FoundLine, calibrated: bool = False
) -> Line:
    """Build a line in pixels of the upright page.

    calibrated: confidences of words and line are probabilities, and are kept; otherwise they are geometric means.
    """
    words = list[Word]()
    for is_space, group in groupby(recognition.characters, key=lambda character: character.text.isspace()):
        if not is_space:
            own, read = list(group), recognition.words[len(words)]
            sure = read.confidence if calibrated else mean_confidence(own)
            words.append(_word(own, sure, frame, _alternatives(read.alternatives)))
    mean = mean_confidence(recognition.characters) if recognition.characters else 0.0
    return Line(
        identity,
        recognition.text,
        recognition.confidence if calibrated else mean,
        points(found.polygon),
        points(found.baseline),
        tuple(words),
        _alternatives(recognition.alternatives),
    )


def mean_confidence(characters: Sequence[Recognized] | Sequence[Character]) -> float:
    """Return the geometric mean of confidences: comparable between short and long texts."""
    logs = np.log(np.maximum([character.confidence for character in characters], 1e-9))
    return float(min(1.0, np.exp(logs.mean())))


def points(array: np.ndarray) -> tuple[Point, ...]:
    """Convert points (n, 2) to a tenth of a pixel."""
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in array)


def _alternatives(readings: Sequence[TextAlternative]) -> tuple[Alternative, ...]:
    return tuple(Alternative(each.text, min(1.0, each.probability)) for each in readings)


def _word(characters: list[Recognized], confidence: float, frame: Frame, alternatives: tuple[Alternative, ...]) -> Word:
    read = tuple(Character(c.text, min(1.0, c.confidence), _quad(frame, c.left, c.right)) for c in characters)
    polygon = _quad(frame, min(c.left for c in characters), max(c.right for c in characters))
    return Word("".join(c.text for c in characters), confidence, polygon, read, alternatives)


def _quad(frame: Frame, left: float, right: float) -> tuple[Point, ...]:
    """Return the corners of a span of columns, clockwise from the top left."""
    corners = np.array([(left, 0), (right, 0), (right, frame.height), (left, frame.height)], float)
    return points(frame.to_page(corners))
