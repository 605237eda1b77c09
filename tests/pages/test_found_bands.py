"""Bands in which found lines are read."""

from __future__ import annotations

import numpy as np
import pytest

from gluon_htr.errors import AnnotationError
from gluon_htr.pages.outlines import LineGeometry, found_bands

HEIGHT = 50.0


def found(base: float) -> LineGeometry:
    """Return a line as the detector finds it: 40 pixels above its baseline, 10 below."""
    corners = [(200, base - 40), (900, base - 40), (900, base + 10), (200, base + 10)]
    return LineGeometry(np.array(corners, float), np.array([(200, base), (900, base)], float))


@pytest.mark.parametrize("bases", [(200, 290, 380), (200, 270, 900), (200, 2000), (100, 600, 1100, 1600)])
def test_blank_paper_between_lines_does_not_make_them_higher(bases: tuple[float, ...]) -> None:
    """On a page with few lines, crops reached into the lines above, and nothing was read right."""
    for outline in found_bands([found(base) for base in bases], (1700, 2400)):
        assert not isinstance(outline, AnnotationError)
        assert HEIGHT <= np.ptp(outline.polygon[:, 1]) <= 2 * HEIGHT
