"""Outlines stay on the page, whatever polygons and baselines a file has."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import baselines, polygons

from gluon_htr.errors import AnnotationError
from gluon_htr.pages.annotations import AnnotatedLine
from gluon_htr.pages.outlines import outlines

WIDTH, HEIGHT = 1000, 800


@given(st.lists(st.tuples(polygons, baselines), min_size=1, max_size=6))
def test_an_outline_is_inside_the_page_or_says_why_there_is_none(lines: list[tuple[str, str]]) -> None:
    """A crop would reach beyond the image and end in a traceback."""
    found = outlines(
        [AnnotatedLine("line", polygon, baseline) for polygon, baseline in lines], np.ones(2), (WIDTH, HEIGHT)
    )
    assert len(found) == len(lines)
    for outline in found:
        if isinstance(outline, AnnotationError):
            continue
        assert np.isfinite(outline.polygon).all()
        assert (outline.polygon >= 0).all()
        assert (outline.polygon <= (WIDTH, HEIGHT)).all()
        assert abs(outline.angle) <= 180
