"""Orientation of a page: by quarter turns, from its lines and from how surely they are read.

Lines that are found lie level: of a page that lies on its side, few or none are. Upside-down lines are found, too, but
are read with less confidence than upright ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..pages.crops import cut
from ..pages.detection.lines import FoundLine
from ..pages.document import Orientation
from ..pages.outlines import Outline
from ..pages.turns import Turn
from .detector import Detector
from .page_lines import mean_confidence
from .recognizer import Recognizer

TESTED = 4  # lines that are read both ways
SURE = 0.8  # mean confidence of these lines above which no other orientation is tried: print on its head has up to 0.77
DOUBTFUL = 0.5  # lines of a page that has none as it is given must be read with more
LONG = 4.0  # heights: most of the lines of an upright page are longer
FEW = 1.5  # heights of long lines per line: on a page that lies on its side there are fewer
BETTER = 1.15  # times the value of the page as it is: another orientation must have more, and a higher confidence


def upright(page: np.ndarray, detector: Detector, recognizer: Recognizer) -> tuple[Turn, list[FoundLine]]:
    """Return the turn that makes a page upright, and the lines of the upright page.

    page: (H, W) uint8.
    """
    height, width = page.shape
    as_given = Turn(0, width, height)
    found = detector.find(page)
    confidence = _confidence(page, found, recognizer) if found else DOUBTFUL
    if confidence >= SURE:
        return as_given, found
    best, lines, highest = as_given, found, confidence * _weight(found)
    others: tuple[Orientation, ...] = (180, 90, 270) if _weight(found) < FEW * len(found) else (180,)
    if not found:  # it is blank, or lies on its side
        others = (90, 270)
    for orientation in others:
        turn = Turn(orientation, width, height)
        turned = turn.turned(page)
        candidates = detector.find(turned)
        sure = _confidence(turned, candidates, recognizer) if candidates else 0.0
        value = sure * _weight(candidates)
        if sure > confidence and value > BETTER * highest:
            best, lines, highest = turn, candidates, value
    return best, lines


def _weight(found: Sequence[FoundLine]) -> float:
    """Return the total length of the lines, as far as they look like lines, in heights of a line."""
    lengths = [_length(line) for line in found]
    return float(sum(length for length in lengths if length >= LONG) + 1.0)


def _length(line: FoundLine) -> float:
    across = float(np.hypot(*(line.baseline[-1] - line.baseline[0])))
    return across / max(float(np.ptp(line.polygon[:, 1])), 1.0)


def _confidence(page: np.ndarray, found: Sequence[FoundLine], recognizer: Recognizer) -> float:
    """Return the mean confidence of the characters of some long lines."""
    chosen = sorted(found, key=_length, reverse=True)[:TESTED]
    crops = [cut(page, Outline(line.polygon, 0.0)) for line in chosen]
    characters = [character for crop in crops for character in recognizer.read(crop, warns=False).characters]
    return mean_confidence(characters) if characters else 0.0
