"""The margin around a page in which its lines are found."""

from __future__ import annotations

import numpy as np
import pytest
from dark_baselines import dark_is_a_baseline

from gluon_htr.pages.detection.detector import find_on
from gluon_htr.pages.scaling import framed


@pytest.mark.parametrize("shape", [(400, 300), (300, 400), (397, 211), (64, 900)])
def test_lines_have_the_coordinates_of_the_page(shape: tuple[int, int]) -> None:
    """Every line would lie a margin too far to the right and below."""
    page = np.full(shape, 240, np.uint8)
    page[40:44, 20:180] = 10
    (line,) = find_on(page, dark_is_a_baseline, "lines", 32)
    assert np.allclose(line.baseline[:, 1], 42, atol=2)
    assert np.allclose([line.baseline[0, 0], line.baseline[-1, 0]], [20, 180], atol=3)


def test_the_margin_is_paper_on_all_sides() -> None:
    """Writing that the edge cuts off would go on, or end, in it."""
    page = np.full((100, 200), 230, np.uint8)
    page[:, :8] = 0
    image, margin = framed(page, 32)
    assert [side % 32 for side in image.shape] == [0, 0]
    assert margin > 0
    assert np.array_equal(image[margin : margin + 100, margin : margin + 200], page)
    around = np.full(image.shape, True)
    around[margin : margin + 100, margin : margin + 200] = False
    assert (image[around] == 230).all()
